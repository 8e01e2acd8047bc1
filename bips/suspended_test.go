package bips_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// letsGo waits until a consumer is not attached any more.
func letsGo(t *testing.T, c *bips.Consumer) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, attached := c.Pool(); !attached {
			return
		}
		if time.Now().After(end) {
			t.Fatal("a suspended consumer keeps a pool whose producer is gone")
		}
	}
}

// A pool that nobody publishes to any more must not take memory because somebody has paused:
// the next producer may have no room without it.
func TestASuspendedConsumerLetsGoOfAPoolWhoseProducerIsGoneAndTellsWhatItMissed(t *testing.T) {
	for name, c := range map[string]struct {
		before, meanwhile func(t *testing.T, p *bips.Producer, c *bips.Consumer)
		tells             error // nil: nothing
	}{
		"that ended its stream meanwhile": {
			meanwhile: func(t *testing.T, p *bips.Producer, _ *bips.Consumer) { push(t, p, 2); _ = p.EndOfStream() },
			tells:     bips.ErrEndOfStream,
		},
		"that did not end its stream": {
			meanwhile: func(t *testing.T, p *bips.Producer, _ *bips.Consumer) { push(t, p, 2) },
			tells:     bips.ErrProducerLost,
		},
		"whose end of stream was read before": {
			before: func(t *testing.T, p *bips.Producer, c *bips.Consumer) {
				_ = p.EndOfStream()
				_, err := c.Pull(patience)
				wantError(t, err, bips.ErrEndOfStream)
			},
		},
	} {
		for mode, how := range map[string]bips.Mode{"every": bips.Every, "latest": bips.Latest} {
			for pulls, pulling := range map[string]bool{"in Pull": true, "elsewhere": false} {
				t.Run(name+"/"+mode+"/"+pulls, func(t *testing.T) {
					testmain.Dir(t)
					p := newProducer(t, bips.ProducerOptions{})
					consumer := newConsumer(t, bips.ConsumerOptions{Mode: how})
					join(t, consumer)
					push(t, p, 1)
					pullValue(t, consumer)
					if c.before != nil {
						c.before(t, p, consumer)
					}
					consumer.Suspend()
					type pulled struct {
						frame bips.Frame
						err   error
					}
					results := make(chan pulled, 1)
					pull := func() {
						f, err := consumer.Pull(patience)
						results <- pulled{f, err}
					}
					if pulling {
						go pull()
					}
					if c.meanwhile != nil {
						c.meanwhile(t, p, consumer)
					}
					_ = p.Close()
					letsGo(t, consumer)
					eventually(t, "nothing is held any more", func() bool { return len(testmain.Held()) == 0 })
					next := newProducer(t, bips.ProducerOptions{})
					push(t, next, 3)
					consumer.Resume()
					if !pulling {
						go pull()
					}
					if c.tells != nil {
						wantError(t, (<-results).err, c.tells)
						go pull()
					}
					if how == bips.Every {
						if err := next.WaitConsumers(1, patience); err != nil {
							t.Fatal(err)
						}
						push(t, next, 3)
					}
					got := <-results
					if got.err != nil || got.frame.Data[0] != 3 || !got.frame.Discontinuity {
						t.Fatalf("got %+v, %v of the next producer", got.frame, got.err)
					}
					if err := consumer.Push(got.frame); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

func TestAFrameThatIsHeldWhileItsProducerGoesStaysUntilItIsGivenBack(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{})
	push(t, p, 7)
	held := pull(t, c)
	c.Suspend()
	_ = p.Close()
	letsGo(t, c)
	if held.Data[0] != 7 {
		t.Error("the frame is gone")
	}
	if err := c.Push(held); err != nil {
		t.Error(err)
	}
	// Who lets go for the consumer may be a moment behind.
	eventually(t, "nothing is held any more", func() bool { return len(testmain.Held()) == 0 })
}

func TestASuspendedConsumerKeepsAPoolWhoseProducerLives(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{})
	push(t, p, 1)
	pullValue(t, c)
	c.Suspend()
	time.Sleep(350 * time.Millisecond) // longer than it takes to look, three times
	if _, attached := c.Pool(); !attached {
		t.Fatal("it let go")
	}
	push(t, p, 2)
	c.Resume()
	if v := pullValue(t, c); v != 2 {
		t.Errorf("got %d", v)
	}
	if n := c.Stats().Instances; n != 1 {
		t.Errorf("it attached %d times", n)
	}
}

// Suspend and Close while the watch is looking.
func TestASuspendedConsumerCanBeClosed(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	push(t, p, 1)
	for i := range 20 {
		c := newConsumer(t, bips.ConsumerOptions{})
		pullValue(t, c)
		c.Suspend()
		if i%2 == 0 {
			time.Sleep(time.Duration(90+i) * time.Millisecond)
		}
		returns(t, "Close", func() { _ = c.Close() })
		if _, err := c.Pull(0); !errors.Is(err, bips.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
}
