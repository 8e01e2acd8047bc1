package elements

import (
	"errors"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// NoFrame implements gstglue.Source.
func (s *source) NoFrame(reason error, found bool) (wait time.Duration, flow gst.FlowReturn) {
	if found {
		s.found, s.searching = true, false
	}
	switch {
	case errors.Is(reason, bips.ErrTimeout):
		return s.waitOn(reason)
	case errors.Is(reason, bips.ErrClosed) && s.isSwitched():
		return 0, gst.FlowOK
	default:
		return s.wait(), s.flowWithoutFrame(reason)
	}
}

// waitOn decides whether the source waits further for a frame that has not come in time.
func (s *source) waitOn(timeout error) (wait time.Duration, flow gst.FlowReturn) {
	s.tellOfWaiting(timeout)
	if flow := gstglue.WaitPlaying(s); flow != gst.FlowOK {
		return 0, flow
	}
	wait = s.wait()
	if errors.Is(timeout, bips.ErrSuspended) {
		// The base class plays a moment before the seat is resumed: until then nobody has looked for the pool.
		return max(wait, time.Millisecond), gst.FlowOK
	}
	if wait != 0 {
		return wait, gst.FlowOK
	}
	fail(s, notConnected(&s.values, timeout))
	return 0, gst.FlowError
}

// wait is how long to wait for the next frame before NoFrame is called again.
func (s *source) wait() time.Duration {
	patience := s.patience()
	if patience == bips.Forever {
		return gstglue.LookAround
	}
	return min(patience, gstglue.LookAround)
}

// patience is how long the source may wait for a frame: for ever once the pool was there, else what is left of
// the time to find it, of which a pause takes nothing.
func (s *source) patience() time.Duration {
	limit := time.Duration(s.values.connectTimeout)
	if limit == waitForever || s.found {
		return bips.Forever
	}
	if _, attached := s.asked.Pool(); attached {
		s.found, s.searching = true, false
		return bips.Forever
	}
	if !s.searching {
		s.searching, s.searchedSince = true, s.played.total()
	}
	return max(0, limit-(s.played.total()-s.searchedSince))
}

// flowWithoutFrame decides what it means that no frame has come, for a reason that is no timeout. With gst.FlowOK the
// source waits on.
func (s *source) flowWithoutFrame(reason error) gst.FlowReturn {
	switch {
	case errors.Is(reason, bips.ErrFlushing), errors.Is(reason, bips.ErrClosed):
		return gst.FlowFlushing
	case errors.Is(reason, bips.ErrStalled):
		s.tellStall()
		return gst.FlowOK
	case errors.Is(reason, bips.ErrEndOfStream):
		logf(gstglue.LevelInfo, s, "end of stream")
		if s.values.onEOS == endWait {
			return gst.FlowOK
		}
		return s.end()
	case errors.Is(reason, bips.ErrProducerLost):
		logf(gstglue.LevelWarning, s, "%v", reason)
		switch s.values.onProducerLoss {
		case lossWait:
			return gst.FlowOK
		case lossEOS:
			return s.end()
		}
	}
	fail(s, reason)
	return gst.FlowError
}

// end ends the stream, and tells the counters.
func (s *source) end() gst.FlowReturn {
	gstglue.MarkEnded(s)
	s.suspendOrResume()
	gstglue.PostCounts(s, statsName, s.stats())
	return gst.FlowEOS
}
