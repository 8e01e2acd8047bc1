package bips

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
)

// attached is a consumer that reads from the pool.
func attached(t *testing.T, p *Producer, mode Mode) *Consumer {
	t.Helper()
	c := newTestConsumer(t)
	c.options.Mode = mode
	for end := time.Now().Add(watchdog); p.Stats().Consumers == 0; {
		if _, err := c.Pull(time.Millisecond); !errors.Is(err, ErrTimeout) {
			t.Fatal(err)
		}
		if time.Now().After(end) {
			t.Fatal("not attached")
		}
	}
	return c
}

// reads pulls a frame and gives it back.
func reads(t *testing.T, c *Consumer, timeout time.Duration, sequence uint64) {
	t.Helper()
	f, err := c.Pull(timeout)
	if err != nil || f.Sequence != sequence {
		t.Fatalf("frame %d, %v, want %d", f.Sequence, err, sequence)
	}
	if err := c.Push(f); err != nil {
		t.Error(err)
	}
}

func TestAMoveWithoutRoomForBothPoolsShowsOtherThreadsNoMemoryThatIsGone(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := p.EndOfStream(); err != nil {
				done <- err
				return
			}
			if slot, err := p.Pull(0); err == nil {
				err = p.Return(slot)
				if err != nil {
					done <- err
					return
				}
			} else if !errors.Is(err, ErrTimeout) {
				done <- err
				return
			}
		}
	}()
	p.moving.Lock()
	defer p.moving.Unlock()
	for moves := 0; moves < 100; {
		g := p.own.pool.geometry.resized(100)
		err := p.moveWithoutRoom(&g, ErrNoSpace)
		if err == nil {
			moves++
		} else if !errors.Is(err, ErrNoSpace) { // the other thread has a slot
			t.Error(err)
			break
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAMoveWhoseSeatsAreCutShortLeavesAllAsItWas(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the seats' file is cut short, against which memfd has a seal")
	testmain.NeedFaults(t)
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Every)
	func() {
		p.moving.Lock()
		defer p.moving.Unlock()
		g := p.own.pool.geometry.resized(100)
		next, err := makePool(context.Background(), p.named, &g)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filesOf(next).seatsPath(), 0); err != nil {
			t.Fatal(err)
		}
		err = p.moveTo(next)
		wantDamage(t, err)
	}()
	if state := p.own.pool.header.State.Load(); state != layout.StateRunning {
		t.Errorf("the pool that is in use has state %d", state)
	}
	publishOne(t, p)
	reads(t, c, 10*time.Second, 1)
}

func TestAPlaceIsNotAskedForOnceTheProducerIsClosed(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	attached(t, p, Every)
	if err := p.Grow(100); err != nil {
		t.Fatal(err)
	}
	p.moving.Lock()
	p.markClosed()
	p.mu.Lock()
	p.unmapIdle()
	p.mu.Unlock()
	if p.mayMove() {
		t.Error("a producer that is closed may move")
	}
	p.moving.Unlock()
	p.mu.Lock()
	p.closed = false // for Close
	p.mu.Unlock()
}

func TestAMoveWakesTheHousekeeperThatSleepsInThePoolBefore(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	slot, err := p.Lend(0) // keeps the pool
	if err != nil {
		t.Fatal(err)
	}
	before := p.own.seats.header
	knocks := before.Knock.Load()
	if err := p.Grow(100); err != nil {
		t.Fatal(err)
	}
	if before.Knock.Load() == knocks {
		t.Error("it sleeps on, and does not hear who asks in the new pool")
	}
	if err := p.Return(slot); err != nil {
		t.Error(err)
	}
}

func TestASlotThatWasLentBeforeAMoveIsPublishedOnce(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	slot, err := p.Lend(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Grow(100); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Publish(slot, FrameInfo{Size: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Publish(slot, FrameInfo{Size: 1}); !errors.Is(err, ErrStale) {
		t.Errorf("got %v", err)
	}
	if err := p.Return(slot); err != nil {
		t.Error(err)
	}
}
