package deadlines

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// A producer that is stopped is a stall; one that is killed is lost, however short the stall timeout is.
func TestAStoppedProducerIsAStallAndAKilledOneIsNot(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			stallTimeout time.Duration
			stopped      bool
		}{
			"stopped, then killed": {50 * time.Millisecond, true},
			"killed":               {time.Nanosecond, false},
		} {
			t.Run(name, func(t *testing.T) {
				testmain.Dir(t)
				consumer, err := bips.NewConsumer(poolName, bips.ConsumerOptions{StallTimeout: c.stallTimeout})
				if err != nil {
					t.Fatal(err)
				}
				defer consumer.Close()
				producer := begin(t, "produce", "0")
				takeFrame(t, consumer)
				if c.stopped {
					if err := producer.command.Process.Signal(syscall.SIGSTOP); err != nil {
						t.Fatal(err)
					}
					if _, err := consumer.Pull(patience); !errors.Is(err, bips.ErrStalled) {
						t.Fatalf("got %v of a producer that is stopped", err)
					}
				}
				producer.kill()
				producer.wait()
				if _, err := consumer.Pull(patience); !errors.Is(err, bips.ErrProducerLost) {
					t.Fatalf("got %v of a producer that is dead", err)
				}
				next, err := newProducer(bips.ProducerOptions{SlotSize: 64})
				if err != nil {
					t.Fatal(err)
				}
				_ = next.Close() // and with it go the names that the dead one left
			})
		}
	})
}
