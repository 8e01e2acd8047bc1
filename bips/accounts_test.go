package bips_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// Each frame is received, or counted as lost or skipped before one that is: whatever the reader's mode, which
// changes with the caps, however old frames may be, and whether the producer waits for it, gives up, or drops.
func TestEachFrameIsReceivedOrLostOrSkipped(t *testing.T) {
	for _, mode := range []bips.Mode{bips.Auto, bips.Latest, bips.Every} {
		for _, overflow := range []bips.Overflow{bips.Block, bips.Drop} {
			t.Run(fmt.Sprintf("mode %d, overflow %d", mode, overflow), func(t *testing.T) {
				testmain.Dir(t)
				p := newProducer(t, bips.ProducerOptions{Slots: 8, Overflow: overflow, BlockTimeout: time.Millisecond})
				c := newConsumer(t, bips.ConsumerOptions{Mode: mode})
				join(t, c)
				var threads sync.WaitGroup
				done := make(chan struct{})
				threads.Go(func() { publishWhatComes(t, p, done) })
				defer threads.Wait()
				defer close(done)
				readAtRandom(t, c)
			})
		}
	}
}

// publishWhatComes publishes frames of changing caps, each with the number of frames that were dropped before it.
func publishWhatComes(t *testing.T, p *bips.Producer, done <-chan struct{}) {
	for dropped := uint64(0); ; {
		select {
		case <-done:
			return
		default:
		}
		if rand.IntN(50) == 0 {
			if err := p.SetCaps([]string{"video/x-raw", "video/x-h264"}[rand.IntN(2)]); err != nil {
				t.Error(err)
			}
		}
		slot, err := p.Pull(patience)
		if errors.Is(err, bips.ErrDropped) {
			dropped++
			continue
		}
		if err == nil {
			err = p.Push(slot, bips.FrameInfo{Size: 1, Offset: dropped})
		}
		if err != nil {
			t.Error(err)
			return
		}
	}
}

// readAtRandom reads frames, now and then slowly, and checks what each says of those before it.
func readAtRandom(t *testing.T, c *bips.Consumer) {
	t.Helper()
	var last bips.Frame
	for range 3000 {
		f := pull(t, c)
		if last.Sequence != 0 {
			missing := f.Sequence - last.Sequence - 1 + f.Offset - last.Offset
			if f.Lost+f.Skipped != missing || f.Discontinuity != (missing > 0) {
				t.Fatalf("entry %d after %d: %d are missing, %d said to be lost and %d skipped, discontinuity: %v",
					f.Sequence, last.Sequence, missing, f.Lost, f.Skipped, f.Discontinuity)
			}
			if err := c.Push(last); err != nil {
				t.Fatal(err)
			}
		}
		last = f
		switch rand.IntN(100) {
		case 0:
			c.SetBlocking(rand.IntN(2) == 0)
		case 1:
			c.SetMaxAge(time.Duration(rand.IntN(3000)) * time.Microsecond)
		case 2:
			time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
		}
	}
	if err := c.Push(last); err != nil {
		t.Fatal(err)
	}
}
