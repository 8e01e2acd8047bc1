package elements

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

const ms = time.Millisecond

// clockAt is a clock whose running time 0 was at an hour on CLOCK_MONOTONIC.
func clockAt(start time.Duration) gstglue.Clock {
	return gstglue.Clock{Offset: time.Hour, Start: start, Now: 24 * time.Hour}
}

// a frame of 30 frames/s, captured and published at running times.
func framed(captured, published time.Duration) *bips.Frame {
	return &bips.Frame{
		FrameInfo:   bips.FrameInfo{CaptureTime: bips.TimeOf(time.Hour + captured), Duration: bips.TimeOf(usualFrame)},
		PublishTime: time.Hour + published,
	}
}

// encoded adds the times of a stream, of a producer with a latency.
func encoded(f *bips.Frame, pts, dts, latency time.Duration) *bips.Frame {
	f.PTS, f.DTS, f.Latency = bips.TimeOf(pts), bips.TimeOf(dts), bips.TimeOf(latency)
	return f
}

func TestLatestIsPresentedWhenItWasPublishedAndEvenedOut(t *testing.T) {
	var l timeline
	jitter := []time.Duration{4 * ms, 0, 3 * ms, 1 * ms, 2 * ms, 0, 4 * ms}
	for i := range 70 {
		captured := time.Duration(i) * usualFrame
		published := captured + 200*ms + jitter[i%len(jitter)]
		pts, _ := l.latest(framed(captured, published), clockAt(0), 0)
		at, known := pts.Duration()
		if !known || at > published || at < published-slack {
			t.Fatalf("frame %d: PTS %v, published %v", i, at, published)
		}
		if off := at - captured - 200*ms; i > 0 && off.Abs() > ms {
			t.Errorf("frame %d: PTS is off by %v", i, off)
		}
	}
}

func TestLatestBeginsAtTheStartAndNeverGoesBack(t *testing.T) {
	var l timeline
	last := time.Duration(-1)
	for i, published := range []time.Duration{-5 * time.Second, -ms, 30 * ms, 10 * ms, 10 * ms, 60 * ms} {
		pts, _ := l.latest(framed(published-ms, published), clockAt(0), 0)
		at, _ := pts.Duration()
		if at <= last || (i == 0 && at != 0) {
			t.Errorf("frame %d: PTS %v after %v", i, at, last)
		}
		last = at
	}
}

func TestLatestWithoutACaptureTimeIsPresentedWhenItWasPublished(t *testing.T) {
	var l timeline
	f := framed(0, 40*ms)
	f.CaptureTime = bips.Time{}
	if pts, _ := l.latest(f, clockAt(0), 0); pts != bips.TimeOf(40*ms) {
		t.Errorf("PTS %v", pts)
	}
}

func TestEveryOfALiveProducerBeginsWithWhatWasCapturedAfterTheStart(t *testing.T) {
	var l timeline
	for _, c := range []struct {
		captured, reorder time.Duration
		early             bool
	}{{-500 * ms, 0, true}, {-1, 0, true}, {10 * ms, 60 * ms, true}, {100 * ms, 60 * ms, false}, {60 * ms, 10 * ms, false}, {20 * ms, 0, false}} {
		f := encoded(framed(c.captured, c.captured+time.Second), time.Minute, time.Minute-c.reorder, time.Second)
		pts, dts, early := l.every(f, clockAt(0))
		if early != c.early {
			t.Fatalf("captured at %v, decoded %v before: early %v", c.captured, c.reorder, early)
		}
		if !early && (pts != bips.TimeOf(c.captured) || dts != bips.TimeOf(c.captured-c.reorder)) {
			t.Errorf("captured at %v, decoded %v before: PTS %v, DTS %v", c.captured, c.reorder, pts, dts)
		}
	}
}

func TestEveryOfAProducerThatIsNotLiveLosesNothingAndIsShiftedAsOne(t *testing.T) {
	var l timeline
	for i := range 10 {
		captured := time.Duration(i)*usualFrame - 2*time.Second
		f := framed(captured, captured)
		f.PTS, f.DTS = bips.TimeOf(time.Minute), bips.TimeOf(time.Minute-50*ms)
		pts, dts, early := l.every(f, clockAt(0))
		want := time.Duration(i)*usualFrame + 50*ms // the first DTS is 0
		if early || pts != bips.TimeOf(want) || dts != bips.TimeOf(want-50*ms) {
			t.Errorf("frame %d: PTS %v, DTS %v, early %v; want PTS %v", i, pts, dts, early, want)
		}
	}
	// Its next run has times of its own, which do not go back.
	l.begin()
	if pts, _, _ := l.every(framed(-time.Second, 0), clockAt(0)); pts.Nanoseconds() <= uint64(9*usualFrame+50*ms) {
		t.Errorf("after a restart: PTS %v", pts)
	}
	l.begin()
	if pts, _, _ := l.every(framed(7*time.Second, 7*time.Second), clockAt(0)); pts != bips.TimeOf(7*time.Second) {
		t.Errorf("after a restart with a gap: PTS %v", pts)
	}
}

func TestEveryAfterAPauseBeginsWithWhatWasCapturedAfterIt(t *testing.T) {
	var l timeline
	if _, _, early := l.every(encoded(framed(0, ms), 0, 0, 0), clockAt(0)); early {
		t.Fatal("the first frame is early")
	}
	l.begin()
	if _, _, early := l.every(encoded(framed(900*ms, time.Second), 0, 0, 0), clockAt(time.Second)); !early {
		t.Error("a frame from the pause is not early")
	}
	if pts, _, early := l.every(encoded(framed(1100*ms, 1200*ms), 0, 0, 0), clockAt(time.Second)); early || pts != bips.TimeOf(1100*ms) {
		t.Errorf("the first after it: PTS %v, early %v", pts, early)
	}
}

func TestEveryWithoutTimesHasNone(t *testing.T) {
	var l timeline
	pts, dts, early := l.every(&bips.Frame{PublishTime: time.Hour}, clockAt(0))
	if pts.Known() || dts.Known() || early {
		t.Errorf("PTS %v, DTS %v, early %v", pts, dts, early)
	}
}

// A time of publication that is still to come is one of another machine, or damaged.
func TestLatestIsNotPutOffByATimeOfPublicationThatIsToCome(t *testing.T) {
	var l timeline
	clock := clockAt(0)
	for i := range 10 {
		at := time.Duration(i) * usualFrame
		clock.Now = time.Hour + at
		f := framed(at-ms, at)
		if i == 3 {
			f.PublishTime = 1<<63 - 1
		}
		pts, _ := l.latest(f, clock, 0)
		if got, _ := pts.Duration(); got > at+ms || got < at-slack {
			t.Errorf("frame %d: PTS %v, published at %v", i, got, at)
		}
		l.begin() // as if its producer had been started anew
	}
}

// What no clock can show is no time: as a number it would be hundreds of years.
func TestEveryMakesNoTimeOfWhatIsBeforeTheBeginning(t *testing.T) {
	for _, captured := range []time.Duration{-ms, -1, -1 << 63} {
		var l timeline
		l.every(encoded(framed(time.Second, time.Second), 0, 0, 0), clockAt(0))
		f := encoded(framed(0, 0), 0, 0, 0)
		f.CaptureTime = bips.TimeOf(time.Hour + captured)
		if pts, dts, early := l.every(f, clockAt(0)); pts.Known() && pts.Nanoseconds() >= 1<<63 || dts.Known() && dts.Nanoseconds() >= 1<<63 || early {
			t.Errorf("captured %v: PTS %v, DTS %v, early: %v", captured, pts, dts, early)
		}
	}
}

// Three frames of a stream that is reordered by 66 ms, a seek, and three more that are captured right behind: their decoding
// would begin before that of the last frame.
func TestEveryNeverDecodesAFrameBeforeTheOneBeforeIt(t *testing.T) {
	var l timeline
	last := time.Duration(-1)
	for i, captured := range []time.Duration{100 * ms, 233 * ms, 166 * ms, 120 * ms, 253 * ms, 186 * ms} {
		before := []time.Duration{66 * ms, 166 * ms, 66 * ms}[i%3]
		f := encoded(framed(captured, captured), time.Minute, time.Minute-before, 0)
		f.Latency = bips.Time{}
		pts, dts, _ := l.every(f, clockAt(0))
		at, known := dts.Duration()
		if !known || at <= last || at > captured {
			t.Errorf("frame %d: DTS %v after %v, PTS %v", i, at, last, pts)
		}
		if pts != bips.TimeOf(captured) {
			t.Errorf("frame %d: PTS %v, want %v", i, pts, captured)
		}
		last = at
	}
}
