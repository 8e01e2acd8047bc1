package elements

import (
	"errors"
	"fmt"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// Render implements gstglue.Sink. C publishes most frames by itself; this is for those that are out of the ordinary.
func (s *sink) Render(f *gstglue.Frame, b gstglue.Buffer, failed error) gst.FlowReturn {
	for ; ; failed = nil {
		var err error
		if failed != nil {
			err = s.notPublished(failed, f)
		} else {
			err = s.publish(f, b)
		}
		switch {
		case err == nil:
			return gst.FlowOK
		case errors.Is(err, bips.ErrDropped):
			s.postQoS(f)
			return gst.FlowOK
		case errors.Is(err, bips.ErrFlushing):
			// Paused, flushed or stopped while waiting. Paused, the frame is still to come.
			if flow := gstglue.WaitPreroll(s); flow != gst.FlowOK {
				return flow
			}
		case errors.Is(err, bips.ErrClosed):
			return gst.FlowFlushing
		default:
			s.failOnce(err)
			return gst.FlowError
		}
	}
}

// publish has C publish a frame, when all that has to be before is done. From then on C publishes frames by itself.
func (s *sink) publish(f *gstglue.Frame, b gstglue.Buffer) error {
	pool, err := s.prepare(f, b)
	if pool == nil || err != nil {
		return err
	}
	gstglue.GoStraight(s, true)
	if err := b.Publish(); err != nil {
		return s.notPublished(err, f)
	}
	return nil
}

// prepare sees to it that a frame can be published in a pool. nil: it is not to be.
func (s *sink) prepare(f *gstglue.Frame, b gstglue.Buffer) (*sinkPool, error) {
	if f.Refusal != gstglue.RefuseNothing {
		return nil, s.refuse(f)
	}
	if s.flushed.pending && !s.beginsAnew(f) {
		return nil, nil
	}
	pool := s.currentPool()
	if pool == nil {
		var err error
		if pool, err = s.poolAtFirstFrame(f.Size); err != nil {
			return nil, err
		}
	}
	if !s.awaited {
		if there, err := s.consumersAreThere(pool, 0); err != nil {
			return nil, err
		} else if !there {
			return nil, s.passEarly()
		}
	}
	if room := b.Room(); room > uint64(pool.producer.SlotSize()) {
		return pool, s.growForFrame(pool, room)
	}
	return pool, nil
}

// notPublished tells of what kept a frame from being published, if that is news, and says what the error is.
func (s *sink) notPublished(err error, f *gstglue.Frame) error {
	pool := s.currentPool()
	s.noteDemotions(pool)
	s.noteHeldUp(pool)
	s.noteNoSlot(pool, err)
	switch {
	case errors.Is(err, gstglue.ErrCannotMap):
		return stream(gst.StreamErrorFormat, "the frame is in memory that the CPU cannot map",
			"Put a converter to system memory before bipssink, such as gldownload, vapostproc or nvvidconv.")
	case errors.Is(err, gstglue.ErrCannotArrange):
		return stream(gst.StreamErrorFormat, fmt.Sprintf("a frame of %d bytes cannot be laid out as its caps say", f.Size),
			"Put videoconvert before bipssink.")
	}
	return err
}

// Copied implements gstglue.Sink.
func (s *sink) Copied(reason gstglue.CopyReason) { s.explainCopies(reason) }

// Waited implements gstglue.Sink.
func (s *sink) Waited() {
	pool := s.currentPool()
	s.noteDemotions(pool)
	s.noteHeldUp(pool)
}

// poolAtFirstFrame makes the pool for caps that do not tell a frame's size, and where the sink was
// interrupted when it made one for those that do.
func (s *sink) poolAtFirstFrame(size uint64) (*sinkPool, error) {
	if s.isStopping() {
		return nil, bips.ErrClosed
	}
	values := s.settings.load()
	pool, err := s.poolFor(s.sizes)
	switch {
	case err != nil:
	case pool != nil:
		gstglue.Renegotiate(s) // upstream asked for slots when there were none
	default:
		pool, err = s.openPoolFor(&values, size)
	}
	if err != nil {
		return nil, err
	}
	return pool, s.announce(pool)
}

// openPoolFor makes the pool for frames of which this is the first one's size. Where there is
// no room for slots that fit any frame of these caps, it makes do with smaller ones.
func (s *sink) openPoolFor(values *sinkSettings, first uint64) (*sinkPool, error) {
	if values.slotSize > 0 {
		return s.openPool(values, values.slotSize)
	}
	wanted, enough := guessSlotSize(s.sizes, first), guessSlotSize(gstglue.FrameSizes{}, first)
	pool, err := s.openPool(values, wanted)
	if !errors.Is(err, bips.ErrNoSpace) || enough >= wanted || s.sizes.Constant {
		return pool, err
	}
	if pool, err := s.openPool(values, enough); err == nil {
		warn(s, resource(gst.ResourceErrorNoSpaceLeft,
			fmt.Sprintf("there is no room for %d slots of %d bytes, which any frame would fit: they have %d, and larger frames are dropped", values.slots, wanted, enough),
			"Give the shared memory more room, or set slots or slot-size."))
		return pool, nil
	}
	return nil, err
}

// EndOfStream implements gstglue.Sink.
func (s *sink) EndOfStream() {
	defer s.EndAsked(false)
	pool := s.currentPool()
	if pool == nil {
		return
	}
	if err := pool.producer.EndOfStream(); err != nil {
		logf(gstglue.LevelWarning, s, "end of stream not published: %v", err)
	}
	gstglue.PostCounts(s, statsName, s.stats())
}

// UpstreamLatency implements gstglue.Sink.
func (s *sink) UpstreamLatency(ns uint64) {
	s.latency.Store(ns)
	pool := s.currentPool()
	if pool == nil {
		return
	}
	pool.producer.SetLatency(bips.TimeFromNanoseconds(ns)) // or unknown, if upstream is not live any more
	s.applyBlockTimeout(pool)
}
