package bips_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestAHungReaderIsDemotedAlsoWhileAnotherHoldsAnOlderFrame(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8, BlockTimeout: 30 * time.Millisecond})
	viewer := newConsumer(t, bips.ConsumerOptions{MaxHeld: 1})
	join(t, viewer)
	push(t, p, 1)
	held := pull(t, viewer)
	defer func() { _ = viewer.Push(held) }()
	hung := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, hung)
	for v := range byte(20) {
		push(t, p, v)
	}
	if s := p.Stats(); s.Demoted != 1 {
		t.Errorf("stats %+v", s)
	}
	if held.Data[0] != 1 {
		t.Error("the held frame was written to")
	}
}

func TestNobodyIsDemotedForSlotsThatAreLent(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 5, BlockTimeout: 10 * time.Millisecond})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, c)
	push(t, p, 1)
	for range 4 {
		slot, err := p.Pull(patience)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Return(slot) }()
	}
	_, err := p.Pull(100 * time.Millisecond)
	wantError(t, err, bips.ErrTimeout)
	if s := p.Stats(); s.Demoted != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestFramesDroppedBeforeTheEndOfTheStreamAreCounted(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 5, Overflow: bips.Drop})
	every := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, every)
	for v := range byte(5) {
		push(t, p, v)
	}
	_, err := p.Pull(0)
	wantError(t, err, bips.ErrDropped)
	for range 5 {
		pullValue(t, every)
	}
	if err := p.EndOfStream(); err != nil {
		t.Fatal(err)
	}
	_, err = every.Pull(patience)
	wantError(t, err, bips.ErrEndOfStream)
	if s := every.Stats(); s.Received != 5 || s.Lost != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestFlushingAPoolWhoseSeatsWereCutShortDoesNotCrash(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the seats' file is cut short, against which memfd has a seal")
	testmain.NeedFaults(t)
	dir := testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	seats, _ := filepath.Glob(filepath.Join(dir, "*.seats"))
	if err := os.Truncate(seats[0], 0); err != nil {
		t.Fatal(err)
	}
	p.SetFlushing(true)
	p.SetFlushing(false)
	_, err := p.Pull(patience)
	wantError(t, err, bips.ErrDamaged)
}

func TestAClosedConsumerSaysSoAlsoWhileItHoldsItsQuota(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{MaxHeld: 1})
	push(t, p, 1)
	f := pull(t, c)
	_ = c.Close()
	_, err := c.Pull(0)
	wantError(t, err, bips.ErrClosed)
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
}

func TestADeadProducerIsFoundAlsoWhenSignalsEndEachSleep(t *testing.T) {
	testmain.OnlyOver(t, "shm", "what a killed producer leaves is made by hand; with memfd its death ends the connection")
	dir := testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{})
	push(t, p, 1)
	pullValue(t, c)
	defer dieInsteadOfClosing(t, dir, p)()
	returns(t, "Pull from a dead producer", func() {
		defer signalThisThread(10 * time.Millisecond)()
		_, err := c.Pull(bips.Forever)
		wantError(t, err, bips.ErrProducerLost)
	})
}

// signalThisThread keeps the calling goroutine on its thread and sends that a signal
// which the Go runtime takes for one of its own, again and again until stop is called.
func signalThisThread(pause time.Duration) (stop func()) {
	runtime.LockOSThread()
	process, thread, over := os.Getpid(), syscall.Gettid(), make(chan struct{})
	go func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(pause):
				_ = syscall.Tgkill(process, thread, syscall.SIGURG)
			}
		}
	}()
	return func() {
		close(over)
		runtime.UnlockOSThread()
	}
}

func TestADeadProducerIsFoundAlsoByWhoOnlyPolls(t *testing.T) {
	testmain.OnlyOver(t, "shm", "what a killed producer leaves is made by hand; with memfd its death ends the connection")
	dir := testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{})
	push(t, p, 1)
	pullValue(t, c)
	defer dieInsteadOfClosing(t, dir, p)()
	returns(t, "polling a dead producer", func() {
		err := error(bips.ErrTimeout)
		for errors.Is(err, bips.ErrTimeout) {
			_, err = c.Pull(0)
		}
		wantError(t, err, bips.ErrProducerLost)
	})
}

// dieInsteadOfClosing closes a producer and makes its pool look as if it had been killed.
func dieInsteadOfClosing(t *testing.T, dir string, p *bips.Producer) (sweep func()) {
	t.Helper()
	gone := filepath.Join(dir, "gone")
	if err := os.Rename(filepath.Join(dir, "bips.camera"), gone); err != nil {
		t.Fatal(err)
	}
	_ = p.Close()
	file, err := os.OpenFile(gone, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte{1}, 512); err != nil { // its state: running
		t.Fatal(err)
	}
	return func() { _ = os.Remove(gone) }
}
