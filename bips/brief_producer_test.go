package bips_test

import (
	"testing"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// A producer that waits for a reader, publishes and goes, all before that reader has run
// on from sitting down: what was published is for it all the same.
func TestABriefProducerIsReadToTheEnd(t *testing.T) {
	for _, mode := range []bips.Mode{bips.Latest, bips.Every} {
		testmain.Dir(t)
		for range 300 {
			p := newProducer(t, bips.ProducerOptions{})
			c := newConsumer(t, bips.ConsumerOptions{Mode: mode})
			results := make(chan error, 2)
			go func() {
				for {
					f, err := c.Pull(patience)
					results <- err
					if err != nil {
						return
					}
					_ = c.Push(f)
				}
			}()
			if err := p.WaitConsumers(1, patience); err != nil {
				t.Fatal(err)
			}
			push(t, p, 1)
			if err := p.EndOfStream(); err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			err := <-results
			if mode == bips.Every && err != nil {
				t.Fatalf("got %v, want a frame", err)
			}
			if err == nil {
				err = <-results
			}
			wantError(t, err, bips.ErrEndOfStream)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
