package elements

import (
	"errors"
	"fmt"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// Render implements gstglue.Sink. It is the frame path: nothing here allocates unless
// something is out of the ordinary.
func (s *sink) Render(f *gstglue.Frame, b gstglue.Buffer) gst.FlowReturn {
	for {
		err := s.publish(f, b)
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

func (s *sink) publish(f *gstglue.Frame, b gstglue.Buffer) error {
	if f.Refusal != gstglue.RefuseNothing {
		return s.refuse(f)
	}
	if s.flushed.pending && !s.beginsAnew(f) {
		return nil
	}
	pool := s.currentPool()
	if pool == nil {
		var err error
		if pool, err = s.poolAtFirstFrame(f.Size); err != nil {
			return err
		}
	}
	if !s.awaited {
		if there, err := s.consumersAreThere(pool, 0); err != nil {
			return err
		} else if !there {
			return s.passEarly()
		}
	}
	if room := s.roomFor(f); room > uint64(pool.producer.SlotSize()) {
		if err := s.growForFrame(pool, room); err != nil {
			return err
		}
	}
	if f.Reason != gstglue.CopyNone {
		return s.publishCopy(pool, f, b)
	}
	copied, err := pool.publish(int(f.Loan), frameInfo(f))
	if copied {
		s.noteDemotions(pool)
	}
	switch {
	case err != nil:
		s.noteNoSlot(pool, err)
		return err
	case copied:
		s.countCopy(gstglue.CopyMoved)
	default:
		s.counts.inPlace.Add(1)
	}
	s.makeRoom(pool)
	return nil
}

// publishCopy copies a frame that does not lie in a slot, or in one that cannot be
// published, into an empty one.
func (s *sink) publishCopy(pool *sinkPool, f *gstglue.Frame, b gstglue.Buffer) error {
	slot, err := pool.producer.Pull(bips.Forever)
	s.noteDemotions(pool)
	s.noteHeldUp(pool)
	if err != nil {
		s.noteNoSlot(pool, err)
		return err
	}
	if n := b.CopyTo(slot.Data[:pool.producer.SlotSize()]); n < 0 || (n == 0 && f.Size > 0) {
		err = cannotCopy(f.Size, n)
	} else {
		err = pool.producer.Push(slot, frameInfo(f))
	}
	if err != nil {
		_ = pool.producer.Return(slot) // what went wrong first is what counts
		return err
	}
	s.countCopy(f.Reason)
	if fromOurPool(f.Reason) {
		s.makeRoom(pool)
	}
	return nil
}

// countCopy counts a frame that was copied, and tells of the first for each reason.
func (s *sink) countCopy(reason gstglue.CopyReason) {
	if s.counts.copied[reason].Add(1) == 1 {
		s.explainCopies(reason)
	}
}

// fromOurPool reports whether a frame copied for this reason shows that upstream uses
// the slots it is offered.
func fromOurPool(r gstglue.CopyReason) bool {
	return r != gstglue.CopyForeignMemory && r != gstglue.CopySeveralMemories
}

// makeRoom waits until upstream can have a slot again. Here the wait can be interrupted
// and the policy applied, which is not so when upstream asks for it.
func (s *sink) makeRoom(pool *sinkPool) {
	err := pool.producer.WaitLendable(bips.Forever)
	s.noteDemotions(pool)
	s.noteHeldUp(pool)
	if err != nil && !isInterrupt(err) {
		logf(gstglue.LevelWarning, s, "no slot for upstream: %v", err)
	}
}

func cannotCopy(size uint64, n int) error {
	if n < 0 {
		return stream(gst.StreamErrorFormat, "the frame is in memory that the CPU cannot map",
			"Put a converter to system memory before bipssink, such as gldownload, vapostproc or nvvidconv.")
	}
	return stream(gst.StreamErrorFormat, fmt.Sprintf("a frame of %d bytes cannot be laid out as its caps say", size),
		"Put videoconvert before bipssink.")
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
