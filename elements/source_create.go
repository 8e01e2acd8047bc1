package elements

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// lookAround is how long Create waits for a frame before it asks whether it has to return. It
// is told to by unlock; but GStreamer 1.26 takes an unlock back, from the streaming thread,
// that came while the source was about to play, such as that of an end of stream.
const lookAround = 250 * time.Millisecond

// Create implements gstglue.Source. It is the frame path: nothing here allocates unless
// something is out of the ordinary.
func (s *source) Create(out *gstglue.Frame) gst.FlowReturn {
	consumer, values := s.current()
	if consumer == nil {
		return gst.FlowFlushing
	}
	if s.ended.Load() { // GStreamer 1.26 asks once more, if a pause came meanwhile
		return gst.FlowEOS
	}
	for {
		wait := s.patience(consumer, values.connectTimeout)
		if wait < 0 || wait > lookAround {
			wait = lookAround
		}
		frame, err := consumer.Pull(wait)
		if err == nil {
			return s.handOut(out, &frame, consumer, &values)
		}
		if errors.Is(err, bips.ErrTimeout) {
			if flow := gstglue.WaitPlaying(s); flow != gst.FlowOK {
				return flow
			}
			if s.patience(consumer, values.connectTimeout) != 0 {
				continue
			}
		}
		if flow, again := s.settle(err, consumer, &values); !again {
			return flow
		}
	}
}

// handOut fills in what becomes a buffer. From here on the lease is the buffer's.
func (s *source) handOut(out *gstglue.Frame, frame *bips.Frame, consumer *bips.Consumer, values *sourceSettings) gst.FlowReturn {
	s.searching = false
	if frame.Caps != s.caps {
		if flow := s.changeCaps(frame.Caps, values.pool); flow != gst.FlowOK {
			return errorOr(flow, consumer.Push(*frame))
		}
	}
	if frame.Instance != s.instance {
		s.instance = frame.Instance
		gstglue.PostLatency(s)
	}
	setFrame(out, frame)
	if frame.Discontinuity {
		out.Flags |= uint32(gst.BufferFlagDiscont)
	}
	if consumer.Held() >= int(values.maxHeld) {
		// The last pin is never handed out: with all of them in a queue downstream, no
		// frame would come any more to push one out of it.
		out.Reason = gstglue.CopyQuota
		s.counts.quota.Add(1)
	}
	out.Lease = leases.add(frame.Lease())
	return gst.FlowOK
}

// errorOr returns flow, unless a frame could not even be given back.
func errorOr(flow gst.FlowReturn, err error) gst.FlowReturn {
	if err != nil {
		return gst.FlowError
	}
	return flow
}

// changeCaps announces the caps of the frames to come to downstream.
func (s *source) changeCaps(caps, pool string) gst.FlowReturn {
	result, downstream, duration := gstglue.SetCaps(s, caps)
	switch result {
	case gstglue.CapsSet:
		s.caps = caps
		s.frameDuration.Store(duration)
		logf(gstglue.LevelInfo, s, "caps %s", caps)
		return gst.FlowOK
	case gstglue.CapsFlushing:
		return gst.FlowFlushing
	case gstglue.CapsInvalid:
		fail(s, stream(gst.StreamErrorFormat, fmt.Sprintf("pool %q has caps that are not valid: %q", pool, caps), "Start its producer anew."))
		return gst.FlowError
	default:
		fail(s, core(gst.CoreErrorNegotiation, fmt.Sprintf("pool %q has %s, but downstream wants %s", pool, caps, downstream),
			"Put a converter behind bipssrc, or change the caps on one side."))
		return gst.FlowNotNegotiated
	}
}

// patience is how long a Pull may take: for ever once attached, else what is left of
// the time to find the pool, of which a pause takes nothing.
func (s *source) patience(consumer *bips.Consumer, connectTimeout int64) time.Duration {
	limit := time.Duration(connectTimeout)
	if limit == waitForever {
		return bips.Forever
	}
	if _, attached := consumer.Pool(); attached {
		s.searching = false
		return bips.Forever
	}
	if !s.searching {
		s.searching, s.searchedSince = true, s.played.total()
	}
	return max(0, limit-(s.played.total()-s.searchedSince))
}

// settle decides what a Pull without a frame means; again: try again.
func (s *source) settle(err error, consumer *bips.Consumer, values *sourceSettings) (flow gst.FlowReturn, again bool) {
	switch {
	case errors.Is(err, bips.ErrFlushing), errors.Is(err, bips.ErrClosed):
		return gst.FlowFlushing, false
	case errors.Is(err, bips.ErrEndOfStream):
		logf(gstglue.LevelInfo, s, "end of stream")
		if values.onEOS == endWait {
			return gst.FlowOK, true
		}
		return s.end(), false
	case errors.Is(err, bips.ErrProducerLost):
		logf(gstglue.LevelWarning, s, "%v", err)
		switch values.onProducerLoss {
		case lossWait:
			return gst.FlowOK, true
		case lossEOS:
			return s.end(), false
		}
	case errors.Is(err, bips.ErrTimeout):
		err = resource(gst.ResourceErrorNotFound,
			fmt.Sprintf("no pool %q appeared within %v (connect-timeout)", values.pool, time.Duration(values.connectTimeout)),
			"Start its producer, or check the pool's name.").because(err)
	}
	fail(s, err)
	return gst.FlowError, false
}

// end ends the stream, and tells the counters.
func (s *source) end() gst.FlowReturn {
	s.Ended(true)
	gstglue.PostCounts(s, statsName, s.stats())
	return gst.FlowEOS
}

// Latency implements gstglue.Source. In mode latest nothing piles up here, so that
// there is no limit to tell; in mode every the quota's frames may.
func (s *source) Latency() (least, greatest uint64) {
	consumer, values := s.current()
	if consumer == nil {
		values = s.settings.load()
	}
	least = values.processingDeadline
	if consumer != nil {
		if info, attached := consumer.Pool(); attached {
			if upstream, known := info.Latency.Duration(); known {
				least += uint64(upstream)
			}
		}
	}
	frame := s.frameDuration.Load()
	if bips.Mode(values.readMode) != bips.Every || frame == forever {
		return least, forever
	}
	return least, least + uint64(values.maxHeld)*frame
}

// Packed implements gstglue.Source.
func (s *source) Packed() { s.counts.packed.Add(1) }
