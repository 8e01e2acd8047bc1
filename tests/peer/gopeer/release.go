package gopeer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// release gives frames back in any order, some after a while, until held is closed.
func (c *consuming) release(pool *bips.Consumer, held <-chan holding, released chan<- struct{}, random *rand.Rand) {
	defer close(released)
	var mine []holding
	for open := true; open || len(mine) > 0; {
		for open && len(mine) < pool.Quota() {
			h, more, came := c.nextHeld(held, len(mine) == 0, random)
			open = more
			if came {
				mine = append(mine, h)
			}
			if !came || random.IntN(3) > 0 {
				break
			}
		}
		if len(mine) == 0 {
			continue
		}
		if c.hold > 0 {
			time.Sleep(upTo(random, c.hold))
		}
		i := random.IntN(len(mine))
		if err := c.giveBack(&mine[i], random.IntN(2) == 0); err != nil {
			c.out.wrongCall("giving back", err)
		}
		mine = append(mine[:i], mine[i+1:]...)
		select {
		case c.room <- struct{}{}:
		default:
		}
	}
}

// nextHeld waits for one more frame to be given back: as long as it takes if there is no other one,
// else now and then for a moment, so that several are held at once.
func (c *consuming) nextHeld(held <-chan holding, patient bool, random *rand.Rand) (h holding, open, came bool) {
	if patient {
		h, open = <-held
		return h, open, open
	}
	select {
	case h, open = <-held:
		return h, open, open
	default:
	}
	if random.IntN(3) > 0 {
		return h, true, false
	}
	moment := time.NewTimer(c.hold + 200*time.Microsecond)
	defer moment.Stop()
	select {
	case h, open = <-held:
		return h, open, open
	case <-moment.C:
		return h, true, false
	}
}

// giveBack gives a frame back, in one of two ways, and then once more than it may.
func (c *consuming) giveBack(h *holding, lease bool) error {
	if !c.foreign {
		if err := line.Same(h.frame.Data, h.payload); err != nil {
			c.out.wrong(line.WrongHeld, "frame %d: %v", h.frame.Sequence, err)
		}
	}
	giveBack := h.frame.Lease().Release
	if !lease {
		giveBack = func() error { return c.current().Push(h.frame) }
	}
	if err := giveBack(); err != nil {
		return err
	}
	if err := giveBack(); !errors.Is(err, bips.ErrStale) {
		return fmt.Errorf("frame %d was given back twice, and the second time said %v", h.frame.Sequence, err)
	}
	return nil
}

func (c *consuming) giveBackPulled(number uint64) error {
	h, ok := c.pulled[number]
	if !ok {
		return fmt.Errorf("hold %d: %w", number, bips.ErrStale)
	}
	delete(c.pulled, number)
	return c.giveBack(&h, true)
}
