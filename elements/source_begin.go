package elements

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// keyFrameLimit is how long a reader of frames that depend on others waits for one that does
// not: there are streams without any.
const keyFrameLimit = 10 * time.Second

// isEarly gives a frame its times, and reports whether it comes before the reader's
// beginning: a live producer captured it before the source began to play, or it depends on
// frames that the reader has not had.
func (s *source) isEarly(out *gstglue.Frame, frame *bips.Frame, values *sourceSettings) bool {
	clock, ok := gstglue.ReadClock(s)
	if !ok {
		out.PTS, out.DTS = forever, forever
		return false
	}
	s.playsSince(clock.Start, s.plays.Load())
	s.warnOfClockBehind(frame, clock, values.pool)
	if s.wantedAt.due(clock.Running(clock.Now)) {
		s.requestKeyFrame(s.asked)
	}
	stamps := gstglue.StampsItself(s)
	if stamps {
		out.PTS, out.DTS = forever, forever // GStreamer's base class puts in the time of now
	}
	if frame.Mode == bips.Latest {
		if stamps {
			return false
		}
		pts, dts := s.line.latest(frame, clock, limited(values.processingDeadline))
		out.PTS, out.DTS = pts.Nanoseconds(), dts.Nanoseconds()
		return false
	}
	if !s.line.begun && !s.standAlone && s.waitsForKey(frame, values.pool) {
		return true
	}
	if stamps {
		s.line.begun = true
		return false
	}
	pts, dts, early := s.line.every(frame, clock)
	out.PTS, out.DTS = pts.Nanoseconds(), dts.Nanoseconds()
	return early
}

// playsSince notes when the source began to play last, and how often it did: if it was paused, it reads on from
// where the stream is now, and has not waited meanwhile. The time alone does not tell: GStreamer changes it when the
// pause begins, when a last frame may come.
func (r *reading) playsSince(start time.Duration, plays uint32) {
	if start != r.startTime || plays != r.playCount {
		r.startTime, r.playCount, r.waitingForKey = start, plays, 0
		r.line.begin()
		r.keyFrame.begins()
	}
}

// waitsForKey reports whether a stream cannot begin with the frame, as it depends on others.
func (s *source) waitsForKey(frame *bips.Frame, pool string) bool {
	if !isDelta(frame.Flags) {
		s.waitingForKey = 0
		return false
	}
	if s.waitingForKey == 0 {
		s.waitingForKey = frame.PublishTime
		s.keyFrame.begins()
	}
	if frame.PublishTime-s.waitingForKey < keyFrameLimit {
		return true
	}
	s.waitingForKey = 0
	if s.told.first("no-key-frame") {
		warn(s, stream(gst.StreamErrorDecode, fmt.Sprintf("pool %q has sent no key frame for %v: the stream begins without one, and a decoder may show broken pictures", pool, keyFrameLimit),
			"Let its encoder make key frames more often."))
	}
	return false
}

// warnOfOtherClock is for frames that were published in the future: no process can be ahead of
// another on CLOCK_MONOTONIC, but by a time namespace.
func (s *source) warnOfOtherClock(frame *bips.Frame, pool string) {
	if ahead := -frame.Age(); ahead > time.Second && s.told.first("other-clock") {
		warn(s, resource(gst.ResourceErrorSettings, fmt.Sprintf("the clock of the producer of pool %q is %v ahead: it runs in another time namespace, and the times of its frames mean nothing here", pool, ahead.Round(time.Second)),
			shareOneClock))
	}
}

// warnOfClockBehind is for frames that were published before the source began to play, though it
// reads only what is published from then on, but for the newest frame of each pool in mode latest.
func (s *source) warnOfClockBehind(frame *bips.Frame, clock gstglue.Clock, pool string) {
	first := frame.Instance != s.clockOf
	s.clockOf = frame.Instance
	if first && frame.Mode == bips.Latest || frame.PublishTime+time.Second > clock.Start+clock.Offset {
		return
	}
	if s.told.first("other-clock") {
		warn(s, resource(gst.ResourceErrorSettings, fmt.Sprintf("the clock of the producer of pool %q is %v behind: it runs in another time namespace, and the times of its frames mean nothing here: "+
			"those of a live producer seem to come from before this source began, and are left out", pool, (clock.Now-frame.PublishTime).Round(time.Second)),
			shareOneClock))
	}
}

const shareOneClock = "Let both sides share one (unshare --time, CRIU), or set do-timestamp=true."

// warnOfBrokenPictures is for who reads the newest only of frames that do not stand alone.
func (s *source) warnOfBrokenPictures(pool, caps string) {
	if s.told.first("broken-pictures") {
		mediaType, _, _ := strings.Cut(caps, ",")
		warn(s, stream(gst.StreamErrorDecode, fmt.Sprintf("pool %q has frames that depend on those before them (%s), and read-mode=latest leaves some out: "+
			"a decoder will show broken pictures", pool, mediaType), "Set read-mode=auto or every."))
	}
}
