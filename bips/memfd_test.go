package bips

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

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
			c := newConsumerOf(t, mode)
			for i := range uint64(100) {
				if i == 0 {
					if _, err := c.Pull(20 * time.Millisecond); !errors.Is(err, ErrTimeout) {
						t.Fatal(err)
					}
				}
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
			c := newConsumerOf(t, mode)
			if _, err := c.Pull(20 * time.Millisecond); !errors.Is(err, ErrTimeout) {
				t.Fatal(err)
			}
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
	for range 20 {
		c := newConsumerOf(t, Latest)
		f, err := c.Pull(0)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Push(f), c.Close()); err != nil {
			t.Fatal(err)
		}
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
