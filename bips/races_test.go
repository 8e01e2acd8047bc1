package bips

import (
	"errors"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
)

// These are races that the model found (tests/model), played by hand: what one side
// does between two steps of the other.

func TestAFrameOfTheNextStreamInAReusedSlotComesAfterTheEndAndNothingOlderAfterIt(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Auto)
	publishOne(t, p)
	for range p.Slots() - 1 {
		publishOne(t, p)
	}
	if err := p.EndOfStream(); err != nil {
		t.Fatal(err)
	}
	publishOne(t, p) // in the slot of frame 1, which we were about to pin
	next := p.head
	a := c.attachment
	pinned, err := a.pin(next-uint64(p.Slots()), true)
	if err != nil || pinned.sequence != 0 {
		t.Fatalf("the ring leads to %d, %v: this test needs a ring as long as the pool", pinned.sequence, err)
	}
	pinned, err = a.pin(next, true)
	if err != nil || pinned.sequence != next {
		t.Fatalf("got %d, %v", pinned.sequence, err)
	}
	var f Frame
	if got, err := a.deliver(pinned, 1, &f); got != gotEndOfStream || err != nil {
		t.Fatalf("outcome %d, %v", got, err)
	}
	if got, err := a.next(&f); got != gotFrame || f.Sequence != next || err != nil {
		t.Fatalf("outcome %d, frame %d, %v", got, f.Sequence, err)
	}
	if err := f.Lease().Release(); err != nil {
		t.Fatal(err)
	}
}

func TestANewcomerIsNotDemotedForWhatItsPredecessorWanted(t *testing.T) {
	t.Setenv("BIPS_SHM_DIR", t.TempDir())
	p, err := NewProducer("camera", ProducerOptions{Slots: 6, SlotSize: 1, MaxConsumers: 1, Backend: testBackend()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	seat, v := p.own.seats.seats[0], &p.own.views[0]
	seat.Generation.Store(7)
	seat.Cursor.Store(1)
	seat.State.Store(layout.SeatEvery)
	p.readSeats()
	seat.Generation.Store(8) // the seat changes hands
	seat.Cursor.Store(9)
	if p.demoteBlockers(1) || v.demoted || p.own.pool.words[0].Verdict.Load() != 0 {
		t.Errorf("generation 8 is demoted for the cursor of 7: verdict %#x", p.own.pool.words[0].Verdict.Load())
	}
}

func TestAReclaimRingsForTheProducersOtherThreads(t *testing.T) {
	testmain.OnlyOver(t, "shm", "with memfd a reader's death ends its connection, which takes the seat back")
	t.Setenv("BIPS_SHM_DIR", t.TempDir())
	p, err := NewProducer("camera", ProducerOptions{Slots: 6, SlotSize: 1, MaxConsumers: 1, Backend: testBackend()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.own.seats.seats[0].Pins.Store(1) // of somebody who holds no lock
	before := p.own.door.look()
	if !p.reclaimDead() || p.own.door.look() == before {
		t.Error("a reclaim without a ring")
	}
}

// The oldest entry was pinned between the verdict and the look at the pins, so that another slot was
// taken: the verdict stands, and its holder has missed nothing.
func TestADemotedReaderThatMissedNothingFindsOutWhenItHasReadAll(t *testing.T) {
	t.Setenv("BIPS_SHM_DIR", t.TempDir())
	p, err := NewProducer("camera", ProducerOptions{Slots: 6, SlotSize: 1, Backend: testBackend()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c, err := NewConsumer("camera", ConsumerOptions{Mode: Every, MaxHeld: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for end := time.Now().Add(watchdog); c.attachment == nil && time.Now().Before(end); {
		_, _ = c.Pull(0) // it sits down, once the producer has answered
	}
	a := c.attachment
	if a == nil {
		t.Fatal(c.lastSearch)
	}
	p.mu.Lock()
	p.readSeats()
	judged := p.demote(a.index, a.generation)
	p.mu.Unlock()
	if !judged || !c.Stats().Blocking {
		t.Fatalf("judged: %v, %+v", judged, c.Stats())
	}
	_, _ = c.Pull(0)
	if c.Stats().Blocking {
		t.Fatal("it does not know")
	}
	p.mu.Lock()
	p.readSeats() // D5
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

// The first frame of the next stream is found in its slot (P3b) before it is the head (P3d), so that the end is told; then the
// reader is suspended and resumes while the head still is the last frame of the stream that has ended.
func TestTheLastFrameIsNotReadAgainAfterTheEndThatWasTold(t *testing.T) {
	testmain.Dir(t)
	p, c := newTestProducer(t), newTestConsumer(t)
	publishOne(t, p)
	f, err := c.Pull(watchdog)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
	publishOne(t, p) // 2, which is passed by
	if err := p.EndOfStream(); err != nil {
		t.Fatal(err)
	}
	publishOne(t, p) // 3
	head := &p.own.pool.header.Head
	head.Store(2)
	a := c.attachment
	pinned, err := a.pin(3, true)
	if err != nil || pinned.sequence != 3 {
		t.Fatalf("got %d, %v", pinned.sequence, err)
	}
	if got, err := a.deliver(pinned, 2, &f); got != gotEndOfStream || err != nil {
		t.Fatalf("outcome %d, %v", got, err)
	}
	c.Suspend()
	c.Resume()
	if f, err := c.Pull(0); !errors.Is(err, ErrTimeout) {
		t.Errorf("got frame %d, %v, after the end of its stream", f.Sequence, err)
	}
	head.Store(3)
	if f, err = c.Pull(watchdog); err != nil || f.Sequence != 3 {
		t.Fatalf("got frame %d, %v", f.Sequence, err)
	}
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
}

// It asks while the producer is busy, is granted while nobody looks for the answer, and the producer moves and ends.
func TestAReaderThatWasGrantedItsPinsJustBeforeAMoveHasAPlaceInTheNewPoolAndIsToldOfTheEnd(t *testing.T) {
	testmain.Dir(t)
	p, c := newTestProducer(t), newTestConsumer(t)
	func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if _, err := c.Pull(0); !errors.Is(err, ErrTimeout) || c.asking == nil {
			t.Fatalf("it does not ask: %v", err)
		}
	}()
	granted := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.own.granted()
	}
	for end := time.Now().Add(watchdog); granted() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is granted nothing")
		}
	}
	if err := p.Grow(p.SlotSize() + 1); err != nil {
		t.Fatal(err)
	}
	publishOne(t, p)
	if err := p.EndOfStream(); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- p.Close() }()
	f, err := c.Pull(10 * time.Second)
	if err != nil || f.Sequence != 1 {
		t.Fatalf("frame %d, %v", f.Sequence, err)
	}
	if err := c.Push(f); err != nil {
		t.Error(err)
	}
	if _, err := c.Pull(10 * time.Second); !errors.Is(err, ErrEndOfStream) {
		t.Errorf("got %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// It is slow to tell the end that it saw, and the producer goes on meanwhile.
func TestAFrameDroppedAfterTheNextStreamBeganIsNotCountedBeforeTheEnd(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Every)
	if err := p.EndOfStream(); err != nil {
		t.Fatal(err)
	}
	a := c.attachment
	seen := a.look()
	publishOne(t, p)
	if err := p.Drop(); err != nil {
		t.Fatal(err)
	}
	publishOne(t, p)
	var f Frame
	if got := a.nothingNew(&seen, &f); got != gotEndOfStream || f.Lost != 0 {
		t.Errorf("outcome %d, %d lost before the end", got, f.Lost)
	}
	for i := range 2 {
		if got, err := a.next(&f); got != gotFrame || err != nil || f.Lost != uint64(i) {
			t.Errorf("outcome %d, frame %d, lost %d, %v", got, f.Sequence, f.Lost, err)
		}
		_ = f.Lease().Release()
	}
}

// Another reader, which may write to all seats, has set pins that are never given back.
func TestAReaderWhosePinsSomebodyElseSetIsToldOfTheDamageAlsoIfItsPullsAreShort(t *testing.T) {
	testmain.Dir(t)
	p, c := newTestProducer(t), newTestConsumer(t)
	for c.attachment == nil {
		if _, err := c.Pull(10 * time.Millisecond); !errors.Is(err, ErrTimeout) {
			t.Fatal(err)
		}
	}
	c.attachment.seat.Pins.Store(^uint64(0))
	publishOne(t, p)
	var err error
	for end := time.Now().Add(watchdog); !errors.Is(err, ErrDamaged); {
		if _, err = c.Pull(10 * time.Millisecond); time.Now().After(end) {
			t.Fatalf("still %v", err)
		}
	}
	f, err := c.Pull(watchdog) // with a seat that is clean again
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Push(f)
}
