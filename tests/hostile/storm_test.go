package hostile

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// stormRole is that of a process that connects to a pool's socket again and again.
const stormRole = "memfd-storm"

// kept is how many connections a storm leaves open.
const kept = 1000

// storm is the role: arguments are the pool's path, the kind, and how often in a second.
func storm(args []string) error {
	path, kind := args[0], args[1]
	rate, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	once, ok := storms[kind]
	if !ok {
		return fmt.Errorf("no storm %q", kind)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil {
		limit.Cur = limit.Max
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	}
	w := &weather{path: path}
	fmt.Println("ready")
	for next := time.Now(); ; {
		once(w)
		w.tries++
		if w.tries%rate == 0 {
			fmt.Printf("%d tries, %d found the backlog full, %d other errors\n", w.tries, w.full, w.errors)
		}
		next = next.Add(time.Second / time.Duration(rate))
		time.Sleep(time.Until(next))
	}
}

type weather struct {
	path                string
	tries, full, errors int
	open                []raw.Conn
	listeners           []net.Listener // of what lingers
}

// dial is nothing if it is not its day.
func (w *weather) dial() (c raw.Conn, ok bool) {
	c, err := raw.Dial(w.path)
	switch {
	case errors.Is(err, unix.EAGAIN):
		w.full++
	case err != nil:
		w.errors++
	}
	return c, err == nil
}

// keep leaves a connection open until there are too many.
func (w *weather) keep(c raw.Conn) {
	w.open = append(w.open, c)
	if len(w.open) > kept {
		w.open[0].Close()
		w.open = w.open[1:]
	}
}

func (w *weather) send(c raw.Conn, message []byte, descriptors ...int) {
	if err := c.Send(message, descriptors...); err != nil {
		w.errors++
	}
}

var storms = map[string]func(w *weather){
	"attach and leave": func(w *weather) {
		r, err := raw.Attach(w.path, raw.Hello(1), time.Second)
		if err == nil {
			err = r.Sit(time.Second)
			r.Leave()
		}
		if errors.Is(err, unix.EAGAIN) {
			w.full++
		} else if err != nil {
			w.errors++
		}
	},
	"connect and hang": func(w *weather) {
		if c, ok := w.dial(); ok {
			w.keep(c)
		}
	},
	"HELLO and nothing": func(w *weather) {
		if c, ok := w.dial(); ok {
			w.send(c, raw.Hello(1).Append(nil))
			w.keep(c)
		}
	},
	"half-closed": func(w *weather) {
		if c, ok := w.dial(); ok {
			w.send(c, raw.Hello(1).Append(nil))
			c.EndWriting()
			w.keep(c)
		}
	},
	"60 kB of garbage": func(w *weather) {
		if c, ok := w.dial(); ok {
			w.send(c, make([]byte, 60000))
			c.Close()
		}
	},
	"253 descriptors": func(w *weather) {
		if c, ok := w.dial(); ok {
			w.send(c, raw.Hello(1).Append(nil), make([]int, 253)...) // each is standard input
			c.Close()
		}
	},
	"descriptors that linger": func(w *weather) {
		if c, ok := w.dial(); ok {
			if fd, listener, err := lingering(); err == nil {
				w.send(c, raw.Hello(1).Append(nil), fd)
				_ = unix.Close(fd)
				w.listeners = append(w.listeners, listener)
			}
			c.Close()
		}
	},
}

// lingering is a TCP socket whose close takes 5 s if it is somebody else's last, for as long as its listener, which accepts nothing, is open.
func lingering() (fd int, l net.Listener, err error) {
	if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return -1, nil, err
	}
	if fd, err = connectTo(l); err != nil {
		_ = l.Close()
		return -1, nil, err
	}
	for chunk := make([]byte, 1<<16); ; {
		if _, err := unix.Write(fd, chunk); err != nil {
			break
		}
	}
	return fd, l, unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: 5})
}

func connectTo(l net.Listener) (fd int, err error) {
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return -1, err
	}
	defer c.Close()
	file, err := c.(*net.TCPConn).File()
	if err != nil {
		return -1, err
	}
	defer file.Close()
	if fd, err = unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0); err != nil {
		return -1, err
	}
	return fd, unix.SetNonblock(fd, true)
}

// Whatever comes to the socket at whatever rate: frames flow to those who are there, and who is honest gets in. What it costs is logged.
func TestStormsAtThePoolsSocketHoldUpNoFrameAndKeepNoHonestReaderOut(t *testing.T) {
	for _, c := range []struct {
		kind string
		rate int // in a second
	}{
		{"", 0}, {"attach and leave", 200}, {"attach and leave", 1000}, {"connect and hang", 2000}, {"60 kB of garbage", 1000},
		{"HELLO and nothing", 300}, {"HELLO and nothing", 2000}, {"half-closed", 500}, {"253 descriptors", 300}, {"descriptors that linger", 30},
	} {
		t.Run(fmt.Sprintf("%s at %d", c.kind, c.rate), func(t *testing.T) {
			s, path := newMemfdScene(t, bips.ProducerOptions{MaxConsumers: bips.MaxSeats, Slots: bips.MaxSlots})
			s.pause = 2 * time.Millisecond
			s.publish()
			every, latest := s.read(bips.Every), s.read(bips.Latest)
			before := openDescriptors(t)
			stop := func() {}
			if c.kind != "" {
				stop = sendRole(t, stormRole, path, c.kind, strconv.Itoa(c.rate))
			}
			s.pushes.take()
			newcomers, refused, most := &durations{}, 0, 0
			cpu := cpuTime()
			began := time.Now()
			for end := began.Add(2 * deed(t)); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				joining := time.Now()
				switch err := s.tryJoin(patience); {
				case errors.Is(err, bips.ErrPoolFull): // for more than a second: it asks again
					refused++
				case err != nil:
					t.Fatalf("a newcomer got %v", err)
				default:
					newcomers.add(time.Since(joining))
				}
				most = max(most, openDescriptors(t))
			}
			spent := cpuTime() - cpu
			t.Logf("published: %s", s.pushes.take())
			t.Logf("newcomers' first frames: %s; %d refused", newcomers.take(), refused)
			t.Logf("descriptors: %d before, %d at most; CPU of all who are honest: %.0f %%", before, most, 100*spent.Seconds()/time.Since(began).Seconds())
			s.flows(every, latest)
			stop()
			if err := s.tryJoin(patience); err != nil {
				t.Errorf("nobody can join when it is over: %v", err)
			}
			s.waitFor("the descriptors to be closed", func() bool { return openDescriptors(t) <= before })
			s.flows(every, latest)
		})
	}
}

func cpuTime() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
