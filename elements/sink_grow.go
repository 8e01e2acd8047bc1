package elements

import (
	"errors"
	"fmt"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// Unless slot-size is set, the pool grows when frames do: the producer moves to a pool with larger slots, and readers
// follow. The slots that upstream has by then stay valid, and are published by a copy. A pool never shrinks.

// growForFrame makes slots with room for a frame that does not fit. bips.ErrDropped: they were not made, and the frame is dropped.
func (s *sink) growForFrame(pool *sinkPool, room uint64) error {
	if s.settings.load().slotSize > 0 {
		return s.dropTooLarge(pool, room, nil)
	}
	switch err := s.grow(pool, grownSizes(s.sizes, room)...); {
	case err == nil, isInterrupt(err):
		return err
	case errors.Is(err, bips.ErrDropped):
		return s.drop(pool)
	default:
		return s.dropTooLarge(pool, room, err)
	}
}

// grownSizes are the sizes of slots to try, in this order, when a frame does not fit. Where frames differ in size, all
// but the last leave room for larger ones, so that a pool grows a few times in all and not for each frame that is a little larger.
func grownSizes(sizes gstglue.FrameSizes, room uint64) []uint64 {
	if sizes.Slot > 0 || sizes.Constant {
		return []uint64{room}
	}
	generous, some := guessSlotSize(sizes, room), room+room/4
	if generous <= some {
		return []uint64{generous, room}
	}
	return []uint64{generous, some, room}
}

// growForCaps makes slots with room for the frames of new caps, if these tell how large they are.
func (s *sink) growForCaps(pool *sinkPool, sizes gstglue.FrameSizes) error {
	have := uint64(pool.producer.SlotSize())
	if sizes.Frame <= have {
		return nil
	}
	changed := fmt.Sprintf("the caps changed: frames have %d bytes now, the slots of pool %q only %d", sizes.Frame, pool.producer.Name(), have)
	advice := fmt.Sprintf("Set slot-size=%d, and start anew.", sizes.Frame)
	if s.settings.load().slotSize > 0 {
		return resource(gst.ResourceErrorSettings, changed, advice)
	}
	err := s.grow(pool, max(sizes.Slot, sizes.Frame), sizes.Frame)
	switch {
	case err == nil, isInterrupt(err), errors.Is(err, bips.ErrDropped):
		return nil // interrupted, or with readers on their way from the move before: the first frame grows the pool
	case errors.Is(err, bips.ErrNoSpace):
		return resource(gst.ResourceErrorNoSpaceLeft, fmt.Sprintf("%s, and larger ones cannot be made: %v", changed, err), advice).because(err)
	}
	return err
}

// grow lets the pool grow to the first of some sizes that there is room for.
func (s *sink) grow(pool *sinkPool, sizes ...uint64) (err error) {
	defer s.noteDemotions(pool) // of readers that were still on their way from the move before
	for _, size := range sizes {
		if err = pool.producer.Grow(int(size)); err == nil {
			pool.slots.Grow(pool.producer.SlotSize())
			logf(gstglue.LevelInfo, s, "pool %q grew: %d slots of %d bytes", pool.producer.Name(), pool.producer.Slots(), pool.producer.SlotSize())
			return nil
		}
		if !errors.Is(err, bips.ErrNoSpace) {
			return err
		}
	}
	return err
}
