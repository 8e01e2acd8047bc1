package hostile

import (
	"errors"
	"io/fs"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// handOver is an answer to a reader's HELLO as an input of the fuzzer says it: its first byte is how many descriptors come, the next ones are of
// which kind each is, two more which seals are others, one more whether SITS comes; each four bytes of the rest change a byte of the message, the pool, or the seat.
type handOver struct {
	*offer
	sits bool
}

func handOverOf(t *testing.T, kinds []int, input []byte) *handOver {
	next := func() byte {
		if len(input) == 0 {
			return 0
		}
		b := input[0]
		input = input[1:]
		return b
	}
	h := &handOver{offer: newOffer(t)}
	count, which := int(next()%10), []byte{}
	for range count {
		which = append(which, next())
	}
	poolSeals, seatSeals, sits := raw.PoolSeals^int(next()&0x1f), raw.SeatSeals^int(next()&0x1f), next()
	h.sits = sits%2 == 0
	h.message = h.grant.Append(nil)
	for len(input) >= 4 {
		where, at, value := next(), int(next())|int(next())<<8, next()
		switch memory := [][]byte{h.message, h.pool, h.seat}[where%3]; {
		case where >= 250 && where%3 == 0: // the message becomes longer, or shorter
			h.message = append(h.message, make([]byte, 600)...)[:at%600]
		case at < len(memory):
			memory[at] = value
		}
	}
	h.memory(poolSeals, seatSeals)
	h.descriptors = slices.Concat(h.descriptors, kinds)
	all := h.descriptors
	h.descriptors = nil
	for _, b := range which {
		h.descriptors = append(h.descriptors, all[int(b)%len(all)])
	}
	return h
}

// FuzzHandOver lets a reader connect to a hostile producer. Whatever this hands over, the reader gets a frame or an error that is none of the system's, and
// nothing stays open.
func FuzzHandOver(f *testing.F) {
	l, err := raw.Listen(testmain.Dir(f) + "/bips." + poolName)
	if err != nil {
		f.Fatal(err)
	}
	kinds, closeKinds := someDescriptors(f)
	var current atomic.Pointer[handOver]
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			c, err := l.Accept(20 * time.Millisecond)
			if err != nil {
				continue
			}
			if h := current.Load(); h != nil {
				h.answer(c)
			}
			c.Close()
		}
	}()
	f.Cleanup(func() {
		close(stop)
		<-stopped
		l.Close()
		closeKinds()
	})
	f.Add([]byte{2, 0, 1, 0, 0, 0})                   // by the book
	f.Add([]byte{2, 1, 0, 0, 0, 0})                   // the other way round
	f.Add([]byte{0, 0, 0, 0})                         // nothing
	f.Add([]byte{2, 0, 1, 8, 0, 0})                   // a pool that others may write
	f.Add([]byte{2, 2, 3, 0, 0, 0})                   // others
	f.Add([]byte{9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0}) // too many
	f.Add([]byte{2, 0, 1, 0, 0, 1})                   // no SITS
	f.Add([]byte{2, 0, 1, 0, 0, 0, 0, 40, 0, 7, 1, 72, 0, 99, 2, 44, 0, 2})
	f.Fuzz(func(t *testing.T, input []byte) {
		before := openDescriptors(t)
		h := handOverOf(t, kinds, input)
		current.Store(h)
		defer current.Store(nil)
		c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Latest, MaxHeld: pins})
		if err != nil {
			t.Fatal(err)
		}
		frame, err := c.Pull(20 * time.Millisecond)
		if err == nil {
			err = c.Push(frame)
		}
		var number unix.Errno
		if errors.As(err, &number) && !errors.Is(err, bips.ErrDamaged) && !errors.Is(err, bips.ErrTimeout) && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the reader is told %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		current.Store(nil)
		h.closeOpen()
		for end := time.Now().Add(patience); openDescriptors(t) > before+1; time.Sleep(100 * time.Microsecond) {
			if time.Now().After(end) {
				t.Fatalf("%d descriptors are open, before were %d", openDescriptors(t), before)
			}
		}
	})
}

// answer answers one HELLO.
func (h *handOver) answer(c raw.Conn) {
	if _, _, err := c.Receive(patience); err != nil || c.Send(h.message, h.descriptors...) != nil {
		return
	}
	if _, _, err := c.Receive(patience); err != nil || !h.sits {
		return
	}
	_ = c.Send(wire.Sits{Instance: h.grant.Instance, Seat: h.grant.Seat}.Append(nil))
	_, _, _ = c.Receive(patience) // until the reader leaves
}

// someDescriptors are such as no producer hands over.
func someDescriptors(f *testing.F) (fds []int, closeAll func()) {
	keep := func(fd int, err error) {
		if err != nil {
			f.Fatal(err)
		}
		fds = append(fds, fd)
	}
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		f.Fatal(err)
	}
	keep(ends[0], nil)
	keep(ends[1], nil)
	keep(unix.Open("/dev/zero", unix.O_RDWR|unix.O_CLOEXEC, 0))
	keep(unix.Open("/dev/shm", unix.O_RDONLY|unix.O_CLOEXEC, 0))
	keep(unix.Eventfd(0, unix.EFD_CLOEXEC))
	keep(unix.EpollCreate1(unix.EPOLL_CLOEXEC))
	keep(raw.File(f.TempDir(), make([]byte, 8192)))
	keep(raw.Memory(make([]byte, 8192), 0, raw.PoolSeals))
	keep(raw.Memory(nil, 0, 0))
	return fds, func() { raw.CloseAll(fds) }
}
