package deadlines

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// interval is between two frames of the tests below: 300 a second.
const interval = time.Second / 300

// The time that publishing takes (Pull and Push) does not grow when a reader of the latest frame
// is ten times too slow, or stopped.
func TestPublishingTakesNoLongerWithASlowOrStoppedReaderOfTheLatest(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		var alone time.Duration
		for _, reader := range []struct {
			what    string
			pause   time.Duration // -1: no reader
			stopped bool
		}{
			{"publishing, no reader", -1, false},
			{"publishing, a reader that keeps up", 0, false},
			{"publishing, a reader that is ten times too slow", 10 * interval, false},
			{"publishing, a reader that is stopped", 0, true},
		} {
			testmain.Dir(t)
			p, err := newProducer(bips.ProducerOptions{SlotSize: 4096})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			if err := publish(p); err != nil {
				t.Fatal(err)
			}
			if reader.pause >= 0 {
				c := begin(t, "consume", reader.pause.String())
				if reader.stopped {
					if err := c.command.Process.Signal(syscall.SIGSTOP); err != nil {
						t.Fatal(err)
					}
				}
				defer c.wait()
			}
			var took distribution
			for range max(100, 5*times(t)) {
				start := time.Now()
				if err := publish(p); err != nil {
					t.Fatal(err)
				}
				took.add(time.Since(start))
				time.Sleep(interval)
			}
			took.log(t, reader.what)
			if reader.pause < 0 {
				alone = took.at(0.5)
			}
			// Some system calls' worth, and far below anything that waits for the reader.
			if took.at(0.5) > toleranceFactor*alone+interval/2 {
				t.Errorf("%s takes %v, without %v", reader.what, took.at(0.5), alone)
			}
		}
	})
}

// A hung reader of each frame is demoted at the block timeout, and the producer goes on.
func TestAHungReaderOfEachFrameIsDemotedAtItsDeadline(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		testmain.Dir(t)
		const blockTimeout = 100 * time.Millisecond
		p, err := newProducer(bips.ProducerOptions{Slots: 8, SlotSize: 4096, BlockTimeout: blockTimeout})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		var late, after distribution
		for i := range times(t) {
			hung := beginBeside(t, p, "hold", "0")
			if err := hung.command.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			for p.Stats().Demoted == uint64(i) {
				start := time.Now()
				if err := publish(p); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); p.Stats().Demoted > uint64(i) {
					if took < blockTimeout {
						t.Errorf("demoted after %v, before its deadline", took)
					}
					late.add(took - blockTimeout)
				}
			}
			start := time.Now()
			for range 2 * p.Slots() {
				if err := publish(p); err != nil {
					t.Fatal(err)
				}
			}
			after.add(time.Since(start))
			hung.wait()
			for p.Stats().Consumers > 0 { // its seat comes back
				time.Sleep(time.Millisecond)
			}
		}
		late.keeps(t, fmt.Sprintf("demotion of a stopped reader: after its %v", blockTimeout), 20*time.Millisecond)
		after.keeps(t, fmt.Sprintf("demotion of a stopped reader: then %d frames", 2*p.Slots()), blockTimeout)
	})
}
