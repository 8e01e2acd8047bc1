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
	if s.ended.Load() { // GStreamer 1.26 asks once more, if a pause came meanwhile
		return gst.FlowEOS
	}
	if out.Begins != 0 {
		s.begins = true
		s.line.begin()
		s.keyFrame.begins()
		s.wantedAt.reset()
	}
	resuming := false
	for {
		consumer, values := s.reader()
		if consumer == nil {
			return gst.FlowFlushing
		}
		wait := s.patience(consumer, values.connectTimeout)
		if resuming && wait >= 0 {
			wait = max(wait, time.Millisecond)
		}
		if wait < 0 || wait > lookAround {
			wait = lookAround
		}
		frame, err := consumer.Pull(wait)
		if err == nil {
			if flow, passed := s.handOut(out, &frame, consumer, &values); !passed || flow != gst.FlowOK {
				return flow
			}
			continue
		}
		if errors.Is(err, bips.ErrTimeout) {
			s.tellOfWaiting(consumer, &values, err)
			if flow := gstglue.WaitPlaying(s); flow != gst.FlowOK {
				return flow
			}
			// The base class plays a moment before the seat is resumed: until then nobody has looked for the pool.
			if resuming = errors.Is(err, bips.ErrSuspended); resuming || s.patience(consumer, values.connectTimeout) != 0 {
				continue
			}
		}
		if errors.Is(err, bips.ErrClosed) && s.isSwitched(consumer) {
			continue
		}
		if flow, again := s.flowWithoutFrame(err, consumer, &values); !again {
			return flow
		}
	}
}

// handOut fills in what becomes a buffer, whose the lease is from then on; passed: the frame
// is none for this pipeline, and was given back.
func (s *source) handOut(out *gstglue.Frame, frame *bips.Frame, consumer *bips.Consumer, values *sourceSettings) (flow gst.FlowReturn, passed bool) {
	s.found, s.searching = true, false
	if !s.stalledSince.IsZero() {
		s.tellResumed(values)
	}
	if frame.Caps != s.caps {
		if flow := s.changeCaps(frame.Caps, values); flow != gst.FlowOK {
			return errorOr(flow, consumer.Push(*frame)), false
		}
		s.begins = true
	}
	s.passTags(frame.Tags)
	if frame.Instance != s.instance {
		s.changeInstance(frame.Instance, consumer)
		s.warnOfOtherClock(frame, values.pool)
	}
	if s.latency.wantsGuess(frame.PublishTime) {
		if pool, attached := consumer.Pool(); attached {
			s.latency.guess(pool.Interval)
		}
	}
	if s.latency.note(frame, s.frameDuration) {
		gstglue.PostLatency(s)
	}
	s.giveWay(consumer, frame.Behind)
	setFrame(out, frame)
	s.gap = s.gap || frame.Discontinuity
	early := s.isEarly(out, frame, values)
	if frame.Lost > 0 || frame.Blocking != s.standing.blocking {
		s.noteLoss(out, frame, consumer, values.pool)
	}
	if !s.standAlone {
		s.askForKeyFrame(frame, consumer)
	}
	if early {
		s.counts.early.Add(1)
		return errorOr(gst.FlowOK, consumer.Push(*frame)), true
	}
	out.Begins = 0
	if s.begins {
		s.begins, out.Begins = false, 1
	}
	if s.gap {
		s.gap = false
		out.Flags |= uint32(gst.BufferFlagDiscont)
	}
	if consumer.Held() >= consumer.Quota() {
		// The last pin is never handed out: with all of them in a queue downstream, no
		// frame would come any more to push one out of it.
		out.Reason = gstglue.CopyQuota
		if s.counts.quota.Add(1) == 1 {
			s.explainQuota(consumer, values)
		}
	}
	out.Lease = leases.add(frame.Lease())
	return gst.FlowOK, false
}

// explainQuota tells, once, that frames are copied since downstream holds so many.
func (s *source) explainQuota(consumer *bips.Consumer, values *sourceSettings) {
	quota, asked := consumer.Quota(), int(values.maxHeld)
	pool, attached := consumer.Pool()
	if quota >= asked || !attached {
		inform(s, resource(gst.ResourceErrorSettings, fmt.Sprintf("a frame was copied, because downstream holds %d others, and max-held is %d", quota-1, asked),
			"Nothing is lost; more for max-held saves the copies."))
		return
	}
	advice := "Nothing is lost; a lower max-held of the other readers saves the copies."
	if slots := consumer.SlotsForMaxHeld(); slots > 0 {
		advice = fmt.Sprintf("Nothing is lost; slots=%d on the producer saves the copies.", slots)
	}
	warn(s, resource(gst.ResourceErrorSettings, fmt.Sprintf("frames are copied: this reader may hold %d of the %d slots of pool %q, others may hold %d, and max-held asks for %d",
		quota, pool.Slots, values.pool, pool.Granted-quota, asked), advice))
}

// changeInstance goes on with the frames of another producer.
func (s *source) changeInstance(instance uint64, consumer *bips.Consumer) {
	s.instance, s.begins, s.waitingForKey = instance, true, 0
	if pool, attached := consumer.Pool(); attached {
		s.latency.attached(pool.Room)
	}
	s.line.begin()
	s.keyFrame.begins()
}

// errorOr returns flow, unless a frame could not even be given back.
func errorOr(flow gst.FlowReturn, err error) gst.FlowReturn {
	if err != nil {
		return gst.FlowError
	}
	return flow
}

// changeCaps announces the caps of the frames to come to downstream.
func (s *source) changeCaps(caps string, values *sourceSettings) gst.FlowReturn {
	pool := values.pool
	result, why, frameDuration := gstglue.SetCaps(s, caps)
	switch result {
	case gstglue.CapsSet:
		s.caps, s.standAlone, s.frameDuration = caps, bips.FramesStandAlone(caps), 0
		if frameDuration != forever {
			s.frameDuration = limited(frameDuration)
		}
		if !s.standAlone && bips.Mode(values.readMode) == bips.Latest {
			s.warnOfBrokenPictures(pool, caps)
		}
		logf(gstglue.LevelInfo, s, "caps %s", caps)
		return gst.FlowOK
	case gstglue.CapsFlushing:
		return gst.FlowFlushing
	case gstglue.CapsInvalid:
		fail(s, stream(gst.StreamErrorFormat, fmt.Sprintf("pool %q has caps that are not valid: %q", pool, caps), "Start its producer anew."))
		return gst.FlowError
	case gstglue.CapsUnshareable:
		fail(s, unshareable(why))
		return gst.FlowNotNegotiated
	default:
		fail(s, core(gst.CoreErrorNegotiation, fmt.Sprintf("pool %q has %s, but downstream wants %s", pool, caps, why),
			"Put a converter behind bipssrc, or change the caps on one side."))
		return gst.FlowNotNegotiated
	}
}

// patience is how long a Pull may take: for ever once the pool was there, else what is left of
// the time to find it, of which a pause takes nothing.
func (s *source) patience(consumer *bips.Consumer, connectTimeout int64) time.Duration {
	limit := time.Duration(connectTimeout)
	if limit == waitForever || s.found {
		return bips.Forever
	}
	if _, attached := consumer.Pool(); attached {
		s.found, s.searching = true, false
		return bips.Forever
	}
	if !s.searching {
		s.searching, s.searchedSince = true, s.played.total()
	}
	return max(0, limit-(s.played.total()-s.searchedSince))
}

// flowWithoutFrame decides what a Pull without a frame means; again: try again.
func (s *source) flowWithoutFrame(err error, consumer *bips.Consumer, values *sourceSettings) (flow gst.FlowReturn, again bool) {
	switch {
	case errors.Is(err, bips.ErrFlushing), errors.Is(err, bips.ErrClosed):
		return gst.FlowFlushing, false
	case errors.Is(err, bips.ErrStalled):
		s.tellStall(values)
		return gst.FlowOK, true
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
		err = notConnected(values, err)
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

// Latency implements gstglue.Source.
func (s *source) Latency() (least, greatest uint64) {
	l, g := s.latency.query()
	if g == unlimited {
		return uint64(l), forever
	}
	return uint64(l), uint64(g)
}

// Configured implements gstglue.Source. A frame that downstream shows later by the latency
// is not too old as long as it is not older than that.
func (s *source) Configured(latency uint64) {
	s.latency.configure(limited(latency))
	if consumer, _ := s.current(); consumer != nil {
		consumer.SetMaxAge(limited(latency))
	}
}

// Packed implements gstglue.Source.
func (s *source) Packed() { s.counts.packed.Add(1) }
