package bips

import (
	"errors"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

// closedOnArrival is a link whose place in the next pool is closed by the producer (K5) when the reader has looked at it, and
// before it sits there.
type closedOnArrival struct {
	*link
	test   *testing.T
	closes func()
}

func (l *closedOnArrival) findNext(a *attachment, _ string, suspended bool) (*attachment, whereabouts, error) {
	if _, err := l.readMoves(a); err != nil || l.next == nil || !l.seated {
		return nil, notYet, err
	}
	next := l.next
	l.next = nil
	kept, ours := next.inspectPlace(a)
	if kept || !ours {
		l.test.Errorf("kept %v, its own %v: no frames are kept there, and it is its own", kept, ours)
	}
	l.closes()
	if next.occupyPlace(a, kept, suspended) {
		l.test.Error("it took a place that was closed")
	}
	next.peer.close()
	return nil, newcomer, nil
}

// comeBack lets a reader that has no place in the next pool ask for a seat there.
func comeBack(t *testing.T, p *Producer, c *Consumer) {
	t.Helper()
	for end := time.Now().Add(watchdog); p.Stats().Consumers == 0; {
		if _, err := c.Pull(time.Millisecond); !errors.Is(err, ErrTimeout) || time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// publishSome publishes frames. For want of slots readers of every frame that are behind are demoted at once.
func publishSome(t *testing.T, p *Producer, n int) {
	t.Helper()
	p.SetBlockTimeout(0)
	for range n {
		publishOne(t, p)
	}
}

func grow(t *testing.T, p *Producer, slotSize int) {
	t.Helper()
	if err := p.Grow(slotSize); err != nil {
		t.Fatal(err)
	}
}

// wantsDemotion pulls a frame, and checks that the reader knows of so many demotions and that so many frames were lost before it.
func wantsDemotion(t *testing.T, c *Consumer, sequence, demoted, lost uint64) {
	t.Helper()
	f, err := c.Pull(watchdog)
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Stats(); f.Sequence != sequence || f.Lost != lost || s.Demoted != demoted || s.Blocking != (demoted == 0) {
		t.Errorf("got frame %d, %d lost, want frame %d, %d lost, %d demotions: %+v", f.Sequence, f.Lost, sequence, lost, demoted, s)
	}
	if err := c.Push(f); err != nil {
		t.Error(err)
	}
}

// A reader of every frame was demoted on its way to the next pool, and its place there closed for the move after that, just when the
// reader came: it has joined there by then, and sees no verdict any more.
func TestAReaderWhosePlaceIsClosedWhenItHasJustComeKnowsThatItWasDemoted(t *testing.T) {
	testmain.Dir(t)
	p := newMemfdProducer(t, ProducerOptions{Slots: 8})
	c := attached(t, p, Every)
	publishOne(t, p)
	reads(t, c, watchdog, 1)
	grow(t, p, 128)
	publishSome(t, p, 20)
	c.attachment.peer = &closedOnArrival{c.attachment.peer.(*link), t, func() { grow(t, p, 192) }}
	comeBack(t, p, c)
	publishOne(t, p)
	wantsDemotion(t, c, 22, 1, 20)
}

// A producer that is to wait for a reader again, and then moves, keeps its place. If the place is closed before the reader has had a frame
// of those that are kept for it, it was demoted.
func TestAReaderThatIsWaitedForAgainJustBeforeAMoveKnowsThatItWasDemoted(t *testing.T) {
	testmain.Dir(t)
	p := newEightSlots(t)
	c := attached(t, p, Every)
	c.SetBlocking(false)
	publishSome(t, p, 5)
	c.SetBlocking(true)
	grow(t, p, 128)
	publishSome(t, p, 20)
	grow(t, p, 192) // which does not wait for who does not come
	for i := range uint64(5) {
		reads(t, c, watchdog, 1+i)
	}
	comeBack(t, p, c)
	publishOne(t, p)
	wantsDemotion(t, c, 26, 1, 20)
}

// In a pool that was moved from by then nobody keeps anything for it, and nobody demotes it.
func TestAReaderThatWantsToBeWaitedForAgainBehindAMoveWasNotDemoted(t *testing.T) {
	testmain.Dir(t)
	p := newEightSlots(t)
	c := attached(t, p, Every)
	c.SetBlocking(false)
	publishSome(t, p, 5)
	grow(t, p, 128)
	c.SetBlocking(true)
	publishSome(t, p, 20)
	grow(t, p, 192)
	for i := range uint64(5) {
		reads(t, c, watchdog, 1+i)
	}
	comeBack(t, p, c)
	publishOne(t, p)
	wantsDemotion(t, c, 26, 0, 20)
}

func newEightSlots(t *testing.T) *Producer {
	t.Helper()
	p, err := NewProducer("camera", ProducerOptions{Slots: 8, SlotSize: 64, Backend: testBackend()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// It joined in the next pool, and has read nothing there when it goes on without being waited for, and then is waited for again. What is gone
// meanwhile is lost for it as if it had stayed where it was.
func TestAReaderThatFollowedCountsWhatIsGoneBeforeItsFirstFrameThere(t *testing.T) {
	testmain.Dir(t)
	p := newEightSlots(t)
	c := attached(t, p, Every)
	publishOne(t, p)
	reads(t, c, watchdog, 1)
	c.SetBlocking(false)
	grow(t, p, 128)
	c.SetBlocking(true) // in the pool that was moved from: nothing is kept for it in the next one
	for c.Stats().Moves == 0 {
		if _, err := c.Pull(time.Millisecond); !errors.Is(err, ErrTimeout) {
			t.Fatal(err)
		}
	}
	c.SetBlocking(false)
	publishSome(t, p, 20)
	for range 2 { // of the eight frames that came last two are gone
		slot, err := p.Lend(watchdog)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Return(slot) }()
	}
	c.SetBlocking(true)
	var got uint64
	for {
		f, err := c.Pull(0)
		if errors.Is(err, ErrTimeout) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got++
		if err := c.Push(f); err != nil {
			t.Error(err)
		}
	}
	if s := c.Stats(); got != 6 || s.Lost != 14 {
		t.Errorf("of 20 frames it got %d: %+v", got, s)
	}
}
