package bips

import (
	"errors"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

// A consumer that is refused asks again until its time is over, and not longer.
func TestAPullThatIsRefusedAgainAndAgainEndsInTime(t *testing.T) {
	for name, backend := range map[string]Backend{"shm": Shm, "memfd": Memfd} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p, err := NewProducer("camera", ProducerOptions{SlotSize: 64, Slots: 8, Backend: backend})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			c, err := NewConsumer("camera", ConsumerOptions{MaxHeld: 40})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			// Who is refused for a second is told that the pool is full.
			if _, err := c.Pull(100 * time.Millisecond); !errors.Is(err, ErrTimeout) {
				t.Errorf("got %v, before a second was over", err)
			}
		})
	}
}

func TestAPullWhileSuspendedSaysSo(t *testing.T) {
	testmain.Dir(t)
	c := newTestConsumer(t)
	c.Suspend()
	if _, err := c.Pull(0); !errors.Is(err, ErrSuspended) || !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v", err)
	}
}
