package bips

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
)

// waitingBacking is that of a pool whose move stops after M4b, before the name changes (M5a), until it is let go.
type waitingBacking struct {
	backing
	own          *ownPool
	there, letGo chan struct{}
}

func (w *waitingBacking) publish() error {
	close(w.there)
	<-w.letGo
	w.own.backing = w.backing
	return w.backing.publish()
}

// suspended is a reader of every frame that has read one, and is suspended.
func suspended(t *testing.T, p *Producer) *Consumer {
	t.Helper()
	c := attached(t, p, Every)
	publishOne(t, p)
	reads(t, c, watchdog, 1)
	c.Suspend()
	return c
}

// accountsFor reads until a reader has had, or counts as lost, so many frames up to and with the last one.
func accountsFor(t *testing.T, p *Producer, c *Consumer, frames uint64) {
	t.Helper()
	for end := time.Now().Add(watchdog); c.Stats().Moves == 0; {
		if _, err := c.Pull(time.Millisecond); !errors.Is(err, ErrTimeout) || time.Now().After(end) {
			t.Fatalf("%v of a reader that has nothing to read where it was", err)
		}
	}
	publishOne(t, p)
	for last, accounted := p.Stats().Published, uint64(0); ; {
		f, err := c.Pull(watchdog)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Push(f); err != nil {
			t.Fatal(err)
		}
		accounted += 1 + f.Lost
		if f.Sequence < last {
			continue
		}
		if accounted != frames+1 {
			t.Errorf("%d of %d frames came or are counted as lost", accounted, frames+1)
		}
		return
	}
}

// A producer that is stopped while it moves: the reader gives up waiting for it, and goes on in the pool that is left. The producer finds it
// there when it looks at the seats, and keeps what comes.
func TestAReaderThatResumesBeforeAMoveLooksAtItsSeatGetsEachFrame(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c := suspended(t, p)
	p.moving.Lock()
	p.own.pool.header.State.Store(layout.StateMoved) // M3
	c.Resume()
	err := p.move(100)
	p.moving.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		publishOne(t, p)
	}
	for sequence := range uint64(3) {
		reads(t, c, watchdog, 2+sequence)
	}
	if s := c.Stats(); s.Lost > 0 {
		t.Errorf("%d are lost", s.Lost)
	}
}

// A move that has seen the reader suspended keeps nothing for it. What comes from then on is lost, and counted.
func TestAReaderThatResumesWhenAMoveHasLookedAtItsSeatCountsWhatItMisses(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c := suspended(t, p)
	g := p.own.pool.geometry.resized(100)
	next, err := makePool(context.Background(), p.named, &g)
	if err != nil {
		t.Fatal(err)
	}
	stops := &waitingBacking{next.backing, next, make(chan struct{}), make(chan struct{})}
	next.backing = stops
	p.moving.Lock()
	defer p.moving.Unlock()
	moved := make(chan error, 1)
	go func() { moved <- p.moveTo(next) }()
	<-stops.there
	c.Resume()
	close(stops.letGo)
	if err := <-moved; err != nil {
		t.Fatal(err)
	}
	for range 3 {
		publishOne(t, p)
	}
	accountsFor(t, p, c, 3)
}

// movesAllTheTime has a producer move without a pause, until stop is called.
func movesAllTheTime(t *testing.T, p *Producer) (stop func()) {
	t.Helper()
	var over atomic.Bool
	moved := make(chan error, 1)
	go func() {
		for !over.Load() {
			if err := p.Grow(p.SlotSize() + 1); err != nil {
				moved <- err
				return
			}
		}
		moved <- nil
	}()
	return func() {
		over.Store(true)
		if err := <-moved; err != nil {
			t.Error(err)
		}
	}
}

// A move may begin after the reader's last look for one, and have looked at its seat before it has joined.
func TestWhatIsPublishedAfterAResumeIsReadHoweverOftenTheProducerMoves(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c := suspended(t, p)
	stop := movesAllTheTime(t, p)
	defer stop()
	defer func() { _ = c.Close() }() // before that: a move waits for a reader that is on its way
	for c.Stats().Moves < 100 {
		began := time.Now()
		c.Resume()
		if time.Since(began) < answerGrace { // else it may have given up
			publishOne(t, p)
			f, err := c.Pull(watchdog)
			if err != nil || f.Sequence != p.Stats().Published || f.Lost > 0 {
				t.Fatalf("frame %d after %d were lost, %v; frame %d was published after the resume", f.Sequence, f.Lost, err, p.Stats().Published)
			}
			if err := c.Push(f); err != nil {
				t.Fatal(err)
			}
		}
		c.Suspend()
	}
}

// Who reads the newest frame may have it before it is the head (P3b to P3d). A producer that is stopped there, and goes on, publishes it to
// a reader of every frame that has resumed meanwhile.
func TestAFrameThatWasReadBeforeItWasTheHeadIsNotReadAgainByWhoResumes(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Every)
	c.SetBlocking(false)
	for range 3 {
		publishOne(t, p)
	}
	reads(t, c, watchdog, 3)
	head := &p.own.pool.header.Head
	head.Store(2)
	c.Suspend()
	c.SetBlocking(true)
	c.Resume()
	head.Store(3)
	if f, err := c.Pull(0); !errors.Is(err, ErrTimeout) {
		t.Fatalf("it got frame %d after frame 3, %v", f.Sequence, err)
	}
	publishOne(t, p)
	reads(t, c, watchdog, 4)
}

// Pull waits for its turn until its timeout is over where another Pull has it. Where another call has the consumer for a moment, such as Resume,
// no other goroutine pulls, and what is there is found.
func TestAPullThatOnlyLooksFindsWhatIsThereWhileAnotherCallHasTheConsumer(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Every)
	publishOne(t, p)
	type result struct {
		frame Frame
		err   error
	}
	pulled := make(chan result, 1)
	c.pulling.Lock() // as whoever resumes, while it looks for where its producer has moved to
	go func() {
		f, err := c.Pull(0)
		pulled <- result{f, err}
	}()
	for end := time.Now().Add(watchdog); c.turn.waiting.Load() == 0 && len(pulled) == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	c.pulling.Unlock()
	c.turn.pass()
	r := <-pulled
	if r.err != nil {
		t.Fatal(r.err)
	}
	if err := c.Push(r.frame); err != nil {
		t.Fatal(err)
	}
}
