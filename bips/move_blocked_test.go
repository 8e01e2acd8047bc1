package bips

import (
	"errors"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
)

// Somebody has the lock of the seat that a reader is to follow to, and neither comes nor goes.
func TestASeatThatIsLockedForEverAfterAMoveHoldsUpTheNextMoveForAMomentOnly(t *testing.T) {
	testmain.OnlyOver(t, "shm", "with memfd there are no locks on seats")
	for name, overflow := range map[string]Overflow{"block": Block, "drop": Drop} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p, err := NewProducer("camera", ProducerOptions{SlotSize: 1, Overflow: overflow, BlockTimeout: 20 * time.Millisecond, Backend: testBackend()})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			c := newTestConsumer(t)
			c.options.Mode = Every
			for c.attachment == nil {
				if _, err := c.Pull(100 * time.Millisecond); !errors.Is(err, ErrTimeout) {
					t.Fatal(err)
				}
			}
			publishOne(t, p)
			f, err := c.Pull(watchdog)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.Push(f)
			if err := p.Grow(100); err != nil {
				t.Fatal(err)
			}
			locks, err := openLocks(p)
			if err != nil {
				t.Fatal(err)
			}
			defer locks.Close()
			if ours, err := locks.TryLock(layout.SeatLockBase + int64(c.attachment.index)); err != nil || !ours {
				t.Fatal(ours, err)
			}
			end := time.Now().Add(watchdog)
			for err = ErrDropped; errors.Is(err, ErrDropped) && time.Now().Before(end); {
				if err = p.Grow(200); errors.Is(err, ErrDropped) { // fill it: who keeps all slots is demoted
					if slot, err := p.Pull(0); err == nil {
						_ = p.Push(slot, FrameInfo{Size: 1})
					}
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			for p.Stats().Consumers == 0 && time.Now().Before(end) {
				if _, err := c.Pull(0); !errors.Is(err, ErrTimeout) {
					t.Fatal(err)
				}
			}
			publishOne(t, p)
			f, err = c.Pull(watchdog)
			if err != nil {
				t.Fatal(err)
			}
			if s := c.Stats(); s.Demoted != 1 {
				t.Errorf("%+v", s)
			}
			_ = c.Push(f)
		})
	}
}
