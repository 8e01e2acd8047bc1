package bips

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
)

// These are races that the model found (tests/model), played by hand: what one side
// does between two steps of the other.

func TestASlotReusedForTheEndOfTheStreamDoesNotHideTheLastFrame(t *testing.T) {
	t.Setenv("BIPS_SHM_DIR", t.TempDir())
	p, err := NewProducer("camera", ProducerOptions{Slots: 3, SlotSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	a, err := attach("camera", &ConsumerOptions{Mode: Latest, MaxHeld: 1, MinHeld: 1}, &common{}, func(time.Duration) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	defer a.letGo()
	for range 3 {
		slot, err := p.Pull(0)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Push(slot, FrameInfo{Size: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.EndOfStream(0); err != nil {
		t.Fatal(err)
	}
	// Entry 4, the end of the stream, is in the slot of entry 1, which we were about to pin.
	if pinned, err := a.pin(1, true); err != nil || pinned.sequence != 0 {
		t.Fatalf("wanted entry 1, got %d, %v", pinned.sequence, err)
	}
	var f Frame
	if got, err := a.next(&f); got != gotFrame || f.Sequence != 3 || err != nil {
		t.Fatalf("outcome %d, entry %d, %v", got, f.Sequence, err)
	}
	if err := f.Lease().Release(); err != nil {
		t.Fatal(err)
	}
	if got, err := a.next(&f); got != gotEndOfStream || err != nil {
		t.Fatalf("outcome %d, %v", got, err)
	}
}

func TestANewcomerIsNotDemotedForWhatItsPredecessorWanted(t *testing.T) {
	t.Setenv("BIPS_SHM_DIR", t.TempDir())
	p, err := NewProducer("camera", ProducerOptions{Slots: 6, SlotSize: 1, MaxConsumers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	seat, v := p.seats.seats[0], &p.views[0]
	seat.Quota.Store(1)
	seat.Generation.Store(7)
	seat.Cursor.Store(1)
	seat.State.Store(layout.SeatEvery)
	newcomers := p.viewSeats()
	seat.Generation.Store(8) // the seat changes hands
	seat.Cursor.Store(9)
	if newcomers != 1 {
		t.Fatalf("newcomers %b", newcomers)
	}
	p.grant(0)
	if p.demoteBlockers(1) || v.verdict != 0 || p.pool.words[0].Verdict.Load() != 0 {
		t.Errorf("generation 8 is demoted for the cursor of 7: verdict %#x", p.pool.words[0].Verdict.Load())
	}
}

func TestAReclaimRingsForTheProducersOtherThreads(t *testing.T) {
	t.Setenv("BIPS_SHM_DIR", t.TempDir())
	p, err := NewProducer("camera", ProducerOptions{Slots: 6, SlotSize: 1, MaxConsumers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seats.seats[0].Pins.Store(1) // of somebody who holds no lock
	before := p.door.look()
	if !p.reclaimDead() || p.door.look() == before {
		t.Error("a reclaim without a ring")
	}
}

// The oldest entry was pinned between the verdict and the look at the pins, so that another slot was
// taken: the verdict stands, and its holder has missed nothing.
func TestADemotedReaderThatMissedNothingFindsOutWhenItHasReadAll(t *testing.T) {
	t.Setenv("BIPS_SHM_DIR", t.TempDir())
	p, err := NewProducer("camera", ProducerOptions{Slots: 6, SlotSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c, err := NewConsumer("camera", ConsumerOptions{Mode: Every, MaxHeld: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Pull(0) // it sits down
	a := c.attachment
	if a == nil {
		t.Fatal(c.lastSearch)
	}
	p.mu.Lock()
	p.lookAtSeats()
	judged := p.judge(a.index, a.seat, &p.views[a.index], a.generation, layout.VerdictDemoted)
	p.mu.Unlock()
	if !judged || !c.Stats().Blocking {
		t.Fatalf("judged: %v, %+v", judged, c.Stats())
	}
	_, _ = c.Pull(0)
	if c.Stats().Blocking {
		t.Fatal("it does not know")
	}
	p.mu.Lock()
	p.lookAtSeats() // D6
	p.mu.Unlock()
	for range p.Slots() {
		slot, err := p.Pull(0)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Push(slot, FrameInfo{Size: 1}); err != nil {
			t.Fatal(err)
		}
		f, err := c.Pull(0)
		if err != nil || f.Lost != 0 {
			t.Fatalf("got %+v, %v", f, err)
		}
		if err := c.Push(f); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = c.Pull(0)
	if s := c.Stats(); !s.Blocking || s.Demoted != 1 {
		t.Errorf("%+v", s)
	}
}
