package hostile

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

func TestWhoScribblesOverItsOwnSeatHarmsItselfAndReadersWhoAreThereDoNotNotice(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	s := newScene(t, bips.ProducerOptions{Overflow: bips.Block, BlockTimeout: 100 * time.Millisecond})
	s.publish()
	every, latest := s.read(bips.Every), s.read(bips.Latest)
	v := send(t, "scribble-seat", fmt.Sprintf("--seed=%d", seed))
	for end := time.Now().Add(deed(t)); time.Now().Before(end); {
		s.flows(every, latest)
	}
	s.waitFor("the producer to notice", func() bool { return s.pool.Stats().Overdrawn > 0 })
	if err := s.tryJoin(patience); err != nil {
		t.Errorf("nobody can join beside it: %v", err)
	}
	v.Kill()
	s.flows(every, latest)
	if err := s.tryJoin(patience); err != nil {
		t.Errorf("nobody can join when it is gone: %v", err)
	}
	s.end()
	t.Logf("%d frames were published, %d and %d read", s.published.Load(), every.Load(), latest.Load())
}

func TestWhoScribblesOverAllSeatsHarmsReadersButTheProducerLivesAndEachCallEnds(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	s := newScene(t, bips.ProducerOptions{BlockTimeout: 20 * time.Millisecond})
	s.publish()
	s.waitFor("a frame", func() bool { return s.published.Load() > 0 })
	v := send(t, "scribble-seats", fmt.Sprintf("--seed=%d", seed))
	s.end()
	calls := 0
	for end := time.Now().Add(deed(t)); time.Now().Before(end); calls++ {
		slot, err := s.pool.Pull(30 * time.Millisecond)
		if err == nil {
			err = s.pool.Push(slot, bips.FrameInfo{Size: 1})
		}
		if err != nil && !errors.Is(err, bips.ErrTimeout) {
			t.Fatal(err)
		}
		_ = s.pool.Stats()
		_ = s.tryJoin(0)
	}
	v.Kill()
	if calls < 3 {
		t.Errorf("only %d calls ended", calls)
	}
	s.waitFor("a slot when it is gone", func() bool {
		slot, err := s.pool.Pull(time.Second)
		if err != nil {
			return false
		}
		return s.pool.Push(slot, bips.FrameInfo{Size: 1}) == nil
	})
}

func TestWhoCutsTheSeatsShortMakesEachCallAnErrorAlsoOneInProgress(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{Slots: 5})
	var lent []bips.Slot
	for range 5 {
		slot, err := s.pool.Pull(patience)
		if err != nil {
			t.Fatal(err)
		}
		lent = append(lent, slot)
	}
	result := make(chan error)
	go func() {
		_, err := s.pool.Pull(bips.Forever)
		result <- err
	}()
	send(t, "truncate")
	select {
	case err := <-result:
		if !errors.Is(err, bips.ErrDamaged) {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("Pull did not return")
	}
	for i, slot := range lent {
		_, err := s.pool.Publish(slot, bips.FrameInfo{Size: 1})
		if !errors.Is(err, bips.ErrDamaged) {
			t.Errorf("slot %d: %v", i, err)
		}
		// What comes back touches the seats only to wake who waits for it.
		if err := s.pool.Return(slot); err != nil && !errors.Is(err, bips.ErrDamaged) {
			t.Errorf("slot %d: %v", i, err)
		}
	}
	s.pool.SetFlushing(true)
	_ = s.pool.Stats()
}

func TestWhoHoldsItsQuotaForEverAndIsStoppedHoldsNobodyUp(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{})
	s.publish()
	latest := s.read(bips.Latest)
	sendReader(t, "latest", 3).Signal(syscall.SIGSTOP) // and never releases
	before := s.published.Load()
	s.waitFor("a thousand frames", func() bool { return s.published.Load() > before+1000 })
	s.flows(latest)
}

func TestWhoReadsEachFrameAndHangsIsDemoted(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{BlockTimeout: 50 * time.Millisecond})
	s.publish()
	every := s.read(bips.Every)
	sendReader(t, "every", 2)
	s.waitFor("the demotion", func() bool { return s.pool.Stats().Demoted == 1 })
	s.flows(every)
}

func TestWhoMakesTheSeatsHugeHarmsNobodyAndCostsOthersNoMemory(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{})
	s.publish()
	latest := s.read(bips.Latest)
	before := allocated(t, s.seats())
	if err := os.Truncate(s.seats(), 32<<20); err != nil {
		t.Fatal(err)
	}
	if err := s.tryJoin(patience); err != nil {
		t.Errorf("nobody can join: %v", err)
	}
	if after := allocated(t, s.seats()); after > before {
		t.Errorf("%d bytes of seats are there, before were %d", after, before)
	}
	s.flows(latest)
}

// allocated is how many bytes of a file take up room.
func allocated(t *testing.T, path string) int64 {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks * 512
}

func TestWhoCutsTheSeatsShortWhileFramesFlowEndsTheStreamWithErrorsAndTheNextProducerGoesOn(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{})
	s.publish(bips.ErrDamaged)
	var readers []*bips.Consumer
	for _, mode := range []bips.Mode{bips.Every, bips.Latest} {
		c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: mode})
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
		readers = append(readers, c)
	}
	send(t, "truncate")
	for _, c := range readers {
		for {
			f, err := c.Pull(patience)
			if err == nil { // it may have pinned it just before
				err = c.Push(f)
			}
			if err != nil {
				s.mustBe(err, []error{bips.ErrDamaged})
				break
			}
		}
	}
	s.busy.Wait() // the producer's threads have ended, with an error
	if err := s.pool.Close(); err != nil {
		t.Fatal(err)
	}
	next, err := bips.NewProducer(poolName, bips.ProducerOptions{SlotSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	slot, err := next.Pull(patience)
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Push(slot, bips.FrameInfo{Size: 1}); err != nil {
		t.Fatal(err)
	}
	for _, c := range readers[1:] { // of the latest: it was published before they look
		f, err := c.Pull(patience)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Push(f); err != nil {
			t.Error(err)
		}
	}
}
