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
			return gst.FlowOK // the producer counted it
		case errors.Is(err, bips.ErrFlushing):
			// Paused, flushed or stopped while waiting. Paused, the frame is still to come.
			if flow := gstglue.WaitPreroll(s); flow != gst.FlowOK {
				return flow
			}
		case errors.Is(err, bips.ErrClosed):
			return gst.FlowFlushing
		default:
			fail(s, err)
			return gst.FlowError
		}
	}
}

func (s *sink) publish(f *gstglue.Frame, b gstglue.Buffer) error {
	pool := s.currentPool()
	if pool == nil {
		var err error
		if pool, err = s.poolAtFirstFrame(f.Size); err != nil {
			return err
		}
	}
	if !s.awaited {
		if err := s.awaitConsumers(pool); err != nil {
			return err
		}
	}
	if f.Reason != gstglue.CopyNone {
		return s.publishCopy(pool, f, b)
	}
	if err := pool.publish(int(f.Slot), frameInfo(f)); err != nil {
		return err
	}
	s.counts.inPlace.Add(1)
	s.makeRoom(pool)
	return nil
}

// publishCopy copies a frame that does not lie in a slot, or in one that cannot be
// published, into an empty one.
func (s *sink) publishCopy(pool *sinkPool, f *gstglue.Frame, b gstglue.Buffer) error {
	slot, err := pool.producer.Pull(bips.Forever)
	if err != nil {
		return err
	}
	if n := b.CopyTo(slot.Data[:pool.producer.SlotSize()]); n < 0 || (n == 0 && f.Size > 0) {
		err = s.cannotCopy(pool, f.Size, n)
	} else {
		err = pool.producer.Push(slot, frameInfo(f))
	}
	if err != nil {
		_ = pool.producer.Return(slot) // what went wrong first is what counts
		return err
	}
	if s.counts.copied[f.Reason].Add(1) == 1 {
		s.explainCopies(f.Reason)
	}
	if fromOurPool(f.Reason) {
		s.makeRoom(pool)
	}
	return nil
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
	if err != nil && !errors.Is(err, bips.ErrFlushing) && !errors.Is(err, bips.ErrClosed) {
		logf(gstglue.LevelWarning, s, "no slot for upstream: %v", err)
	}
}

func (s *sink) cannotCopy(pool *sinkPool, size uint64, n int) error {
	if n < 0 {
		return stream(gst.StreamErrorFormat, "the frame is in memory that the CPU cannot map",
			"Put a converter to system memory before bipssink, such as gldownload, vapostproc or nvvidconv.")
	}
	return resource(gst.ResourceErrorSettings,
		fmt.Sprintf("a frame of %d bytes does not fit the slots of pool %q, which have %d", size, pool.producer.Name(), pool.producer.SlotSize()),
		fmt.Sprintf("Set slot-size to at least %d, and start anew.", size))
}

// poolAtFirstFrame makes the pool for caps that do not tell a frame's size.
func (s *sink) poolAtFirstFrame(size uint64) (*sinkPool, error) {
	if s.isStopping() {
		return nil, bips.ErrClosed
	}
	values := s.settings.load()
	slotSize := values.slotSize
	if slotSize == 0 {
		slotSize = guessSlotSize(s.sizes, size)
	}
	pool, err := s.openPool(&values, slotSize)
	if err != nil {
		return nil, err
	}
	return pool, pool.producer.SetCaps(s.caps)
}

// awaitConsumers is wait-for-consumers: once for each pool, before its first frame.
func (s *sink) awaitConsumers(pool *sinkPool) error {
	values := s.settings.load()
	if n := int(values.waitForConsumers); n > 0 {
		logf(gstglue.LevelInfo, s, "wait for %d readers", n)
		if err := pool.producer.WaitConsumers(n, bips.Forever); err != nil {
			return err
		}
	}
	s.awaited = true
	return nil
}

// EndOfStream implements gstglue.Sink.
func (s *sink) EndOfStream() {
	pool := s.currentPool()
	if pool == nil {
		return
	}
	err := pool.producer.EndOfStream(bips.Forever)
	for errors.Is(err, bips.ErrFlushing) && gstglue.WaitPreroll(s) == gst.FlowOK {
		err = pool.producer.EndOfStream(bips.Forever)
	}
	if err != nil {
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
	if ns != forever {
		pool.producer.SetLatency(bips.TimeFromNanoseconds(ns))
	}
	s.applyBlockTimeout(pool)
}
