package hostile

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// deedRole is that of a process that has a seat of a memfd pool and does there what it must not.
const deedRole = "memfd-deed"

// sendDeed starts such a process and waits until it is at it.
func sendDeed(t *testing.T, path, deed string, args ...string) (kill func()) {
	t.Helper()
	return sendRole(t, deedRole, append([]string{path, deed}, args...)...)
}

// sendRole starts a process and waits until it says that it is at it.
func sendRole(t *testing.T, role string, args ...string) (kill func()) {
	t.Helper()
	child := testmain.Child(t, role, args...)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(patience, func() { _ = child.Process.Kill() })
	lines := bufio.NewScanner(output)
	lines.Scan()
	if !watchdog.Stop() || lines.Text() != "ready" {
		_ = child.Wait()
		t.Fatalf("%s %v: %q came instead of ready", role, args, lines.Text())
	}
	last, ended := "", make(chan struct{}) // ended: the process is gone, whoever ended it
	go func() {
		defer close(ended)
		for lines.Scan() {
			last = lines.Text()
		}
	}()
	killed := false
	kill = func() {
		if killed {
			return
		}
		killed = true
		select {
		case <-ended:
			t.Errorf("%s %v did not go on until the end", role, args)
		default:
		}
		_ = child.Process.Kill()
		<-ended
		_ = child.Wait()
		if last != "" {
			t.Logf("%s: %s", role, last)
		}
	}
	t.Cleanup(kill)
	return kill
}

// forever waits until the process is killed.
func forever() {
	for {
		time.Sleep(time.Hour)
	}
}

// doDeed is the role: arguments are the pool's path, the deed, and what it wants to know.
func doDeed(args []string) error {
	path, name, args := args[0], args[1], args[2:]
	deed, ok := deeds[name]
	if !ok {
		return fmt.Errorf("no deed %q", name)
	}
	r, err := raw.Attach(path, raw.Hello(2), patience)
	if err != nil {
		return err
	}
	if err := r.Sit(patience); err != nil {
		return err
	}
	number := 0
	if len(args) > 0 {
		if number, err = strconv.Atoi(args[0]); err != nil {
			return err
		}
	}
	debug.SetGCPercent(-1) // it is nobody's garbage
	ready := func() { fmt.Println("ready") }
	return deed(r, number, ready)
}

// A misdeed goes on until the process is killed. It says when it is at it.
type misdeed func(r *raw.Reader, number int, ready func()) error

// again does the same without an end.
func again(step func(r *raw.Reader)) misdeed {
	return func(r *raw.Reader, _ int, ready func()) error {
		step(r)
		ready()
		for {
			step(r)
		}
	}
}

const punch = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE

var deeds = map[string]misdeed{
	"punch": again(func(r *raw.Reader) {
		_ = unix.Fallocate(r.SeatFD, punch, 0, int64(len(r.Segment)))
		_ = unix.Fallocate(r.PoolFD, punch, 0, int64(len(r.Pool)))
	}),
	"remove": again(func(r *raw.Reader) {
		_ = unix.Madvise(r.Segment, unix.MADV_REMOVE)
		_ = unix.Madvise(r.Pool, unix.MADV_REMOVE)
	}),
	"page-out": again(func(r *raw.Reader) {
		_ = unix.Madvise(r.Segment, unix.MADV_PAGEOUT)
		_ = unix.Madvise(r.Pool, unix.MADV_PAGEOUT)
	}),
	"scribble": scribble,
	"claim-pins": func(r *raw.Reader, _ int, ready func()) error {
		r.Seat().State.Store(layout.SeatLatest)
		r.Seat().Pins.Store(1<<64 - 1)
		ready()
		forever()
		return nil
	},
	"hold": func(r *raw.Reader, _ int, ready func()) error { // every frame, and reads none
		r.Seat().Cursor.Store(r.Header().Head.Load() + 1)
		r.Seat().State.Store(layout.SeatEvery)
		ready()
		forever()
		return nil
	},
	"change-generation": again(func(r *raw.Reader) {
		s := r.Seat()
		s.Generation.Add(1)
		s.Asked.Store(layout.PackAsked(63, 63))
		for _, state := range []uint32{layout.SeatAsking, layout.SeatEvery, layout.SeatFree} {
			s.State.Store(state)
		}
	}),
	"ring": again(func(r *raw.Reader) {
		r.Door().Door.Add(1)
		raw.Wake(&r.Door().Door)
	}),
	"wait": again(func(r *raw.Reader) { r.Seat().Waiting.Store(1) }),
	"knock": again(func(r *raw.Reader) {
		r.Seat().KeyFrames.Add(1)
		_ = r.Knock()
	}),
	"requeue": again(func(r *raw.Reader) {
		raw.Requeue(&r.Header().Bell, &r.Seat().PID)
		raw.Requeue(&r.Header().ProducerWaiting, &r.Seat().PID)
		raw.Wake(&r.Header().Bell)
	}),
	"sleep": sleepers,
	"half": func(r *raw.Reader, _ int, ready func()) error { // and goes on showing pins
		r.Seat().State.Store(layout.SeatEvery)
		r.Seat().Pins.Store(1)
		r.EndWriting()
		ready()
		forever()
		return nil
	},
	"full": func(r *raw.Reader, _ int, ready func()) error { // it sends, and receives nothing
		for r.Send(wire.Knock{}.Append(nil)) == nil {
			time.Sleep(10 * time.Microsecond)
		}
		ready()
		forever()
		return nil
	},
}

// scribble writes whatever it likes over all that it may write. The number is a seed.
func scribble(r *raw.Reader, number int, ready func()) error {
	random := rand.New(rand.NewPCG(uint64(number), 0))
	ready()
	for {
		at := random.IntN(len(r.Segment)/8) * 8
		for i := range 8 {
			r.Segment[at+i] = byte(random.Uint32())
		}
		r.Seat().Pins.Store(random.Uint64())
		r.Seat().State.Store(random.Uint32N(8))
	}
}

// sleepers sleep at the words of the pool that a reader can map, with as many threads as the number says.
func sleepers(r *raw.Reader, number int, ready func()) error {
	debug.SetMaxThreads(number + 1000)
	var asleep atomic.Int64
	for range number {
		go func() {
			for asleep.Add(1); ; {
				raw.Sleep(&r.Header().Bell, r.Header().Bell.Load(), time.Hour)
			}
		}()
	}
	for asleep.Load() < int64(number) {
		time.Sleep(time.Millisecond)
	}
	ready()
	forever()
	return nil
}

// attach lets the test's own process be a hostile reader.
func attach(t *testing.T, path string, pins uint32) *raw.Reader {
	t.Helper()
	r, err := tryAttach(path, pins)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Leave)
	return r
}

// tryAttach attaches and sits. A producer that takes no more connections for a moment is asked again.
func tryAttach(path string, pins uint32) (*raw.Reader, error) {
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		r, err := raw.Attach(path, raw.Hello(pins), patience)
		if errors.Is(err, unix.EAGAIN) && time.Now().Before(end) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := r.Sit(patience); err != nil {
			r.Leave()
			return nil, err
		}
		return r, nil
	}
}
