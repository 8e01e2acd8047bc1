package hostile

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/tests/peer/drive"
)

func TestWhoLocksAllSeatsKeepsOthersFromJoiningAndHarmsNobodyElse(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{})
	s.publish()
	every, latest := s.read(bips.Every), s.read(bips.Latest)
	v := send(t, "lock", fmt.Sprintf("--first=%d", layout.SeatLockBase), fmt.Sprintf("--count=%d", layout.MaxSeats))
	if err := s.tryJoin(patience); !isFull(err) {
		t.Errorf("got %v", err)
	}
	s.flows(every, latest)
	v.Kill()
	if err := s.tryJoin(patience); err != nil {
		t.Error(err)
	}
}

func TestWhoLocksTheNameKeepsTheNextProducerOutWithAnError(t *testing.T) {
	testmain.Dir(t)
	first, err := bips.NewProducer(poolName, bips.ProducerOptions{SlotSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	v := send(t, "lock", "--file=name", fmt.Sprintf("--first=%d", layout.NameLock))
	if p, err := bips.NewProducer(poolName, bips.ProducerOptions{SlotSize: 1}); !errors.Is(err, bips.ErrPoolBusy) {
		t.Errorf("got %v", err)
		_ = p.Close()
	}
	v.Kill()
	again, err := bips.NewProducer(poolName, bips.ProducerOptions{SlotSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}

func TestAReadLockDoesNotFakeALivingProducer(t *testing.T) {
	dir := testmain.Dir(t)
	producer := drive.Start(t, drive.Produce, poolName, drive.Setup{Args: []string{"--pause=1000", "--quiet"}})
	t.Cleanup(producer.Kill)
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f, err := c.Pull(patience)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
	producer.Kill()
	defer sweep(t, dir)
	file, err := os.Open(dir + "/bips." + poolName)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fake := unix.Flock_t{Type: unix.F_RDLCK, Start: layout.ProducerLock, Len: 1}
	if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &fake); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := c.Pull(patience)
		if err == nil {
			_ = c.Push(f)
			continue
		}
		if !errors.Is(err, bips.ErrProducerLost) {
			t.Errorf("got %v", err)
		}
		return
	}
}

// sweep takes away what a killed producer left, as the next one does.
func sweep(t *testing.T, _ string) {
	t.Helper()
	p, err := bips.NewProducer(poolName, bips.ProducerOptions{SlotSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Close()
}
