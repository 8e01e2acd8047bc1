package elements

import (
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// A timeline gives the frames of one source their times in its pipeline, in running time.
// It is for the streaming thread.
//
// A reader of the newest frame shows what has just been published, whatever its producer's
// latency is: its frames are presented when they were published, evened out. A reader of
// every frame keeps the times of capture, and all distances between them.
type timeline struct {
	begun bool          // a frame of the present stream was given
	given bool          // a frame of any stream was
	last  time.Duration // PTS given last
	way   time.Duration // latest: the least way from capture to publication of late
	shift time.Duration // every: what is added to all times of a producer that is not live

	decoded time.Duration // every: DTS given last, if any frame had one
	decodes bool
}

// begin is called where frames are missing because the source did not read: at the first
// frame of a producer, and of each time that the source plays.
func (l *timeline) begin() { l.begun, l.shift = false, 0 }

// Frames of mode latest are presented at most slack, and the processing deadline, before
// they were published: a sink waits that long for its own processing anyway.
const slack = 10 * time.Millisecond

// usualFrame is the duration of a frame that does not say how long it lasts.
const usualFrame = time.Second / 30

// latest places a frame that was just published. What was published before the source
// began to play becomes available when it begins. A time of publication that is still to come is wrong, and would
// put off all frames that follow, those of the next producer too.
func (l *timeline) latest(f *bips.Frame, clock gstglue.Clock, deadline time.Duration) (pts, dts bips.Time) {
	published := min(f.PublishTime, clock.Now)
	line := published
	if capture, known := f.CaptureTime.Duration(); known {
		l.follow(published-capture, f.Duration)
		line = min(max(capture+l.way, published-deadline-slack), published)
	}
	l.begun = true
	at := max(clock.Running(line), clock.Start)
	if l.given && at <= l.last {
		at = l.last + 1
	}
	l.given, l.last = true, at
	pts = bips.TimeOf(at)
	if before, known := reordering(f); known && at-before >= clock.Start {
		dts = bips.TimeOf(at - before)
	}
	return pts, dts
}

// follow keeps the least way from capture to publication, and lets it up slowly: by a 200th
// of a frame with each.
func (l *timeline) follow(way time.Duration, frame bips.Time) {
	if !l.begun || way < l.way {
		l.way = way
		return
	}
	duration, known := frame.Duration()
	if !known || duration <= 0 {
		duration = usualFrame
	}
	l.way += min(way-l.way, duration/200)
}

// every places a frame where it was captured. early: a live producer captured it before the
// source began to play; nobody was there to see it. The frames of a producer that is not live
// are all wanted: where the first would come too early, all come later by as much.
func (l *timeline) every(f *bips.Frame, clock gstglue.Clock) (pts, dts bips.Time, early bool) {
	capture, known := f.CaptureTime.Duration()
	if !known {
		l.begun = true
		return bips.Time{}, bips.Time{}, false
	}
	at := clock.Running(capture)
	first := at
	before, reordered := reordering(f)
	if reordered {
		first = min(first, at-before)
	}
	if !l.begun {
		floor := clock.Start
		if f.Latency.Known() {
			if first < floor {
				return bips.Time{}, bips.Time{}, true
			}
		} else {
			if l.given {
				floor = max(floor, l.last+1)
			}
			l.shift = max(0, floor-first)
		}
		l.begun = true
	}
	at += l.shift
	l.given, l.last = true, max(l.last, at)
	switch {
	case reordered:
		return running(at), running(l.decode(at-before, at)), false
	case !f.PTS.Known() && f.DTS.Known(): // then it was captured at the time of decoding
		return bips.Time{}, running(at), false
	default:
		return running(at), bips.Time{}, false
	}
}

// decode places the decoding of a frame that is presented at a time: as it was captured, but never before that of the frame
// before it, as muxers want it. The first frames after a seek of the producer may begin before the last ones of its old place, by as
// much as their encoder reorders frames. What is presented, and when, stays as it was captured.
func (l *timeline) decode(dts, pts time.Duration) time.Duration {
	if l.decodes && dts <= l.decoded {
		dts = max(dts, min(l.decoded+1, pts))
	}
	l.decodes, l.decoded = true, max(l.decoded, dts)
	return dts
}

// running is a running time as buffers have it: none, before the time begins.
func running(at time.Duration) bips.Time {
	if at < 0 {
		return bips.Time{}
	}
	return bips.TimeOf(at)
}

// reordering is by how much a frame is decoded before it is presented.
func reordering(f *bips.Frame) (before time.Duration, known bool) {
	pts, hasPTS := f.PTS.Duration()
	dts, hasDTS := f.DTS.Duration()
	return pts - dts, hasPTS && hasDTS
}
