package hostile

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// mapped maps memory that was handed over, as whoever has the descriptor can.
func mapped(t *testing.T, fd, size, access int) []byte {
	t.Helper()
	memory, err := unix.Mmap(fd, 0, size, access, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(memory) })
	return memory
}

// All readers can map the pool, and a thread that waits at one of its words is slower to find the more others park there. So a reader sleeps at a word
// of its own seat.
func TestAReaderSleepsAtAWordOfItsOwnSeatAndNotWhereAllReadersCan(t *testing.T) {
	o := newOffer(t)
	o.memory(raw.PoolSeals, raw.SeatSeals)
	pool := mapped(t, o.descriptors[0], len(o.pool), unix.PROT_READ)
	seat := mapped(t, o.descriptors[1], len(o.seat), unix.PROT_READ|unix.PROT_WRITE)
	o.to(listen(t))
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Latest, MaxHeld: pins})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	pulled := make(chan error, 1)
	go func() { // what there is, and then it waits for more
		for {
			f, err := c.Pull(bips.Forever)
			if err == nil {
				err = c.Push(f)
			}
			if err != nil {
				pulled <- err
				return
			}
		}
	}()
	for found, end := 0, time.Now().Add(patience); found < 3; time.Sleep(100 * time.Microsecond) {
		if woken := raw.Wake(&raw.HeaderOf(pool).Bell); woken > 0 {
			t.Fatalf("%d threads sleep at the bell", woken)
		}
		if raw.SeatOf(seat).Waiting.Load() == 1 {
			found += raw.Wake(&raw.SeatOf(seat).Waiting)
		}
		if time.Now().After(end) {
			t.Fatal("nobody sleeps at the seat")
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-pulled; !errors.Is(err, bips.ErrClosed) {
		t.Error(err)
	}
}
