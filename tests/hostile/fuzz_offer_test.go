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

// fuzzedOffer changes an offer as an input of the fuzzer says: its first byte is how many descriptors come, the next ones are of which kind each
// is, two more which seals are others, one more whether SITS comes; each four bytes of the rest change a byte of the message, the pool, or the
// seat.
func fuzzedOffer(o *offer, message []byte, kinds []int, input []byte) (sits bool) {
	next := func() byte {
		if len(input) == 0 {
			return 0
		}
		b := input[0]
		input = input[1:]
		return b
	}
	count, which := int(next()%10), []byte{}
	for range count {
		which = append(which, next())
	}
	poolSeals, seatSeals := raw.PoolSeals^int(next()&0x1f), raw.SeatSeals^int(next()&0x1f)
	sits = next()%2 == 0
	o.message = message
	for len(input) >= 4 {
		where, at, value := next(), int(next())|int(next())<<8, next()
		switch memory := [][]byte{o.message, o.pool, o.seat}[where%3]; {
		case where >= 250 && where%3 == 0: // the message becomes longer, or shorter
			o.message = append(o.message, make([]byte, 600)...)[:at%600]
		case at < len(memory):
			memory[at] = value
		}
	}
	o.memory(poolSeals, seatSeals)
	all := slices.Concat(o.descriptors, kinds)
	o.descriptors = nil
	for _, b := range which {
		o.descriptors = append(o.descriptors, all[int(b)%len(all)])
	}
	return sits
}

// addOffers are inputs to begin with.
func addOffers(f *testing.F) {
	f.Add([]byte{2, 0, 1, 0, 0, 0})                   // by the book
	f.Add([]byte{2, 1, 0, 0, 0, 0})                   // the other way round
	f.Add([]byte{0, 0, 0, 0})                         // nothing
	f.Add([]byte{2, 0, 1, 8, 0, 0})                   // a pool that others may write
	f.Add([]byte{2, 2, 3, 0, 0, 0})                   // others
	f.Add([]byte{9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0}) // too many
	f.Add([]byte{2, 0, 1, 0, 0, 1})                   // no SITS
	f.Add([]byte{2, 0, 1, 0, 0, 0, 0, 40, 0, 7, 1, 72, 0, 99, 2, 44, 0, 2})
}

// FuzzHandOver lets a reader connect to a hostile producer, which hands over what is no pool, or no seat.
func FuzzHandOver(f *testing.F) {
	addOffers(f)
	fuzzProducer(f, 1, fuzzedHandOver)
}

// fuzzedHandOver serves a reader with an offer that is changed as an input says.
func fuzzedHandOver(t *testing.T, kinds []int, input []byte) (serve func(raw.Conn), closeAll func()) {
	o := newOffer(t)
	sits := fuzzedOffer(o, o.grant.Append(nil), kinds, input)
	return func(c raw.Conn) {
		if _, _, err := c.Receive(patience); err != nil || c.Send(o.message, o.descriptors...) != nil {
			return
		}
		if _, _, err := c.Receive(patience); err != nil || !sits {
			return
		}
		_ = c.Send(wire.Sits{Instance: o.grant.Instance, Seat: o.grant.Seat}.Append(nil))
		_, _, _ = c.Receive(patience) // until the reader leaves
	}, o.closeOpen
}

// FuzzMoveOver does the same with the pool that a reader is told to follow to, after it has read what there is in one that is right.
func FuzzMoveOver(f *testing.F) {
	addOffers(f)
	f.Add([]byte{2, 0, 1, 0, 0, 0, 0, 64, 0, 1})     // of another instance
	f.Add([]byte{2, 0, 1, 0, 0, 0, 0, 72, 0, 9})     // begins elsewhere
	f.Add([]byte{2, 0, 1, 0, 0, 0, 1, 152, 0, 2})    // moved twice
	f.Add([]byte{2, 0, 1, 0, 0, 0, 1, 8, 2, 0xff})   // Head
	f.Add([]byte{2, 0, 1, 0, 0, 0, 1, 4, 2, 3})      // State: moves on at once
	f.Add([]byte{2, 0, 1, 0, 0, 0, 0, 7, 0, 'X'})    // no MOVE
	f.Add([]byte{2, 0, 1, 0, 0, 0, 252, 32, 0, 0})   // a short one
	f.Add([]byte{2, 0, 1, 0, 0, 0, 2, 0, 16, 0xff})  // the seat
	f.Add([]byte{2, 0, 1, 0, 0, 0, 1, 16, 48, 0xff}) // its word
	fuzzProducer(f, 3, fuzzedMoveOver)
}

// fuzzedMoveOver serves a reader by the book, and with a move that is changed as an input says.
func fuzzedMoveOver(t *testing.T, kinds []int, input []byte) (serve func(raw.Conn), closeAll func()) {
	m := newMove(t)
	sits := fuzzedOffer(m.next, m.move.Append(nil), kinds, input)
	return func(c raw.Conn) {
		said := wire.Sits{Instance: m.old.grant.Instance}.Append(nil)
		m.old.grantTo(c)
		if _, _, err := c.Receive(patience); err != nil || c.Send(said) != nil || c.Send(m.next.message, m.next.descriptors...) != nil {
			return
		}
		if _, _, err := c.Receive(patience); err != nil || !sits {
			return
		}
		_ = c.Send(said)
		_, _, _ = c.Receive(patience)
	}, func() { m.old.closeOpen(); m.next.closeOpen() }
}

// fuzzProducer lets a reader connect to a producer that serves it as answer says, and pull so many frames. Whatever that is, the reader gets
// frames or an error that is none of the system's, in time, and nothing stays open.
func fuzzProducer(f *testing.F, frames int, answer func(t *testing.T, kinds []int, input []byte) (serve func(raw.Conn), closeAll func())) {
	l, err := raw.Listen(testmain.Dir(f) + "/bips." + poolName)
	if err != nil {
		f.Fatal(err)
	}
	kinds, closeKinds := someDescriptors(f)
	var current atomic.Pointer[func(raw.Conn)]
	f.Cleanup(closeKinds)
	f.Cleanup(l.Serve(func(c raw.Conn) {
		defer c.Close()
		if serve := current.Load(); serve != nil {
			(*serve)(c)
		}
	}))
	f.Fuzz(func(t *testing.T, input []byte) {
		before := openDescriptors(t)
		serve, closeAll := answer(t, kinds, input)
		current.Store(&serve)
		defer current.Store(nil)
		c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Latest, MaxHeld: pins})
		if err != nil {
			t.Fatal(err)
		}
		for range frames {
			var frame bips.Frame
			if frame, err = c.Pull(20 * time.Millisecond); err == nil {
				err = c.Push(frame)
			}
			if err != nil {
				break
			}
		}
		var number unix.Errno
		if errors.As(err, &number) && !errors.Is(err, bips.ErrDamaged) && !errors.Is(err, bips.ErrTimeout) && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the reader is told %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		current.Store(nil)
		closeAll()
		for end := time.Now().Add(patience); openDescriptors(t) > before+1; time.Sleep(100 * time.Microsecond) {
			if time.Now().After(end) {
				t.Fatalf("%d descriptors are open, before were %d", openDescriptors(t), before)
			}
		}
	})
}

// someDescriptors are such as no producer hands over.
func someDescriptors(t testing.TB) (fds []int, closeAll func()) {
	keep := func(fd int, err error) {
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
	}
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	keep(ends[0], nil)
	keep(ends[1], nil)
	keep(unix.Open("/dev/zero", unix.O_RDWR|unix.O_CLOEXEC, 0))
	keep(unix.Open("/dev/shm", unix.O_RDONLY|unix.O_CLOEXEC, 0))
	keep(unix.Eventfd(0, unix.EFD_CLOEXEC))
	keep(unix.EpollCreate1(unix.EPOLL_CLOEXEC))
	keep(raw.File(t.TempDir(), make([]byte, 8192)))
	keep(raw.Memory(make([]byte, 8192), 0, raw.PoolSeals))
	keep(raw.Memory(nil, 0, 0))
	return fds, func() { raw.CloseAll(fds) }
}
