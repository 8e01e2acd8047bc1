package bips

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
)

// newMemfdProducer makes a pool without files.
func newMemfdProducer(t *testing.T, o ProducerOptions) *Producer {
	t.Helper()
	o.Backend = Memfd
	defaultTo(&o.SlotSize, 64)
	p, err := NewProducer("camera", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func newConsumerOf(t *testing.T, mode Mode) *Consumer {
	t.Helper()
	c, err := NewConsumer("camera", ConsumerOptions{Mode: mode})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func pullOne(t *testing.T, c *Consumer, want uint64) {
	t.Helper()
	f, err := c.Pull(watchdog)
	if err != nil || f.Sequence != want || f.Lost > 0 {
		t.Fatalf("got frame %d, %d lost, %v; want %d", f.Sequence, f.Lost, err, want)
	}
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
}

func TestFramesCrossOverAConnection(t *testing.T) {
	for name, mode := range map[string]Mode{"every": Every, "latest": Latest} {
		t.Run(name, func(t *testing.T) {
			dir := testmain.Dir(t)
			p := newMemfdProducer(t, ProducerOptions{})
			c := attached(t, p, mode)
			for i := range uint64(100) {
				publishOne(t, p)
				pullOne(t, c, i+1)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
				t.Fatalf("left: %v, %v", names, err)
			}
		})
	}
}

func TestReadersFollowAMoveOverTheirConnection(t *testing.T) {
	for name, mode := range map[string]Mode{"every": Every, "latest": Latest} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p := newMemfdProducer(t, ProducerOptions{})
			c := attached(t, p, mode)
			for i := range uint64(50) {
				if err := p.Grow(64 + int(i)*4096); err != nil {
					t.Fatal(err)
				}
				publishOne(t, p)
				pullOne(t, c, i+1)
			}
			if moves := c.Stats().Moves; moves != 49 {
				t.Errorf("%d moves", moves)
			}
		})
	}
}

func TestAPoolThatIsThereIsFoundOverAConnectionWithoutWaiting(t *testing.T) {
	testmain.Dir(t)
	p := newMemfdProducer(t, ProducerOptions{})
	publishOne(t, p)
	found := 0
	for range 20 { // a busy machine may not answer within the grace of one
		c := newConsumerOf(t, Latest)
		if f, err := c.Pull(0); err == nil {
			found++
			if err := c.Push(f); err != nil {
				t.Fatal(err)
			}
		} else if !errors.Is(err, ErrNoAnswer) {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Error("none of 20 consumers found the pool in its first Pull")
	}
}

// The end of the connection is known at once: there is nothing to probe now and then.
func TestAConsumerIsToldOfItsProducersDeathAsSoonAsItsConnectionEnds(t *testing.T) {
	testmain.Dir(t)
	p := newMemfdProducer(t, ProducerOptions{})
	c := attached(t, p, Latest)
	publishOne(t, p)
	pullOne(t, c, 1)
	func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.named.reception.close()
	}()
	l := c.attachment.peer.(*link)
	for end := time.Now().Add(watchdog); l.connection.Load().isAlive(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the connection does not end")
		}
	}
	if _, err := c.Pull(0); !errors.Is(err, ErrProducerLost) {
		t.Errorf("got %v", err)
	}
}

func TestASocketThatNobodyListensAtIsExplained(t *testing.T) {
	dir := testmain.Dir(t)
	p := newMemfdProducer(t, ProducerOptions{})
	if err := WhyNoPool("camera"); err != nil {
		t.Errorf("a producer listens: %v", err)
	}
	stale := dir + "/bips.left"
	if err := os.Link(dir+"/bips.camera", stale); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := WhyNoPool("left"); !errors.Is(err, ErrNoPool) || !strings.Contains(err.Error(), "start it anew") {
		t.Errorf("got %v", err)
	}
	c, err := NewConsumer("left", ConsumerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Pull(0); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(c.Close(), os.Remove(stale)); err != nil {
		t.Fatal(err)
	}
}

// A producer that hands over a pool that has ended, again and again, does not keep a Pull from ending in time.
func TestAPullEndsInTimeWhoseProducerHandsOverAClosedPool(t *testing.T) {
	testmain.Dir(t)
	p := newMemfdProducer(t, ProducerOptions{Slots: 8})
	p.own.pool.header.State.Store(layout.StateClosed)
	c := newTestConsumer(t)
	pulled := make(chan error, 1)
	go func() {
		_, err := c.Pull(20 * time.Millisecond)
		pulled <- err
	}()
	select {
	case err := <-pulled:
		if !errors.Is(err, ErrTimeout) {
			t.Errorf("%v, want a time-out", err)
		}
	case <-time.After(watchdog):
		t.Error("it still pulls")
	}
}
