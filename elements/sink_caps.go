package elements

import (
	"errors"
	"fmt"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// SetCaps implements gstglue.Sink: it makes the pool when the caps tell how large a frame
// is, and lets it grow when that changes.
func (s *sink) SetCaps(caps string, sizes gstglue.FrameSizes, notShared string) bool {
	if err := s.setCaps(caps, sizes, notShared); err != nil {
		if caps != s.refused { // upstream tries the same caps several times
			fail(s, err)
		}
		s.refused = caps
		return false
	}
	logf(gstglue.LevelInfo, s, "caps %s", caps)
	return true
}

func (s *sink) setCaps(caps string, sizes gstglue.FrameSizes, notShared string) error {
	if notShared != "" {
		return unshareable(notShared)
	}
	if len(caps) > bips.MaxCapsLength {
		return core(gst.CoreErrorCaps, fmt.Sprintf("the caps have %d bytes, of which at most %d can be shared", len(caps), bips.MaxCapsLength),
			"Remove what is large from them, for example with capssetter.")
	}
	pool, err := s.poolFor(sizes)
	if err != nil && !isInterrupt(err) {
		return err
	}
	s.caps, s.sizes = caps, sizes
	s.hasKeys.Store(hasKeyFrames(caps))
	if pool == nil {
		return nil // the first frame will tell
	}
	return s.announce(pool)
}

// isInterrupt reports whether an error says that the sink is unlocked or stopped.
func isInterrupt(err error) bool {
	return errors.Is(err, bips.ErrFlushing) || errors.Is(err, bips.ErrClosed)
}

// ForeignOnly implements gstglue.Sink. Upstream will fail, and not say why.
func (s *sink) ForeignOnly(memory string) {
	if s.told.first("foreign-memory") {
		warn(s, core(gst.CoreErrorNegotiation, fmt.Sprintf("the elements before bipssink offer frames in %s only", memory), converterFor(memory)))
	}
}

// poolFor returns the pool for frames of these sizes; nil, if they are not known, and there is
// no pool yet.
func (s *sink) poolFor(sizes gstglue.FrameSizes) (*sinkPool, error) {
	if pool := s.currentPool(); pool != nil {
		return pool, s.growForCaps(pool, sizes)
	}
	values := s.settings.load()
	switch {
	case values.slotSize == 0 && sizes.Slot == 0:
		return nil, nil
	case values.slotSize == 0:
		return s.openPool(&values, sizes.Slot)
	case values.slotSize < sizes.Frame:
		return nil, resource(gst.ResourceErrorSettings,
			fmt.Sprintf("property slot-size=%d is less than a frame of %d bytes", values.slotSize, sizes.Frame),
			fmt.Sprintf("Set it to at least %d, or to 0 to take it from the caps.", sizes.Frame))
	default:
		return s.openPool(&values, values.slotSize)
	}
}
