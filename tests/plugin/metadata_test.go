package plugin

import (
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// What bipssink publishes with a frame.
func TestTimesAndOffsetsReachTheReader(t *testing.T) {
	t.Parallel()
	const n = 10
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	launch(t, "videotestsrc num-buffers=%d timestamp-offset=5000000000 ! video/x-raw,format=GRAY8,width=64,height=48,framerate=25/1 ! bipssink pool=%s sync=false wait-for-consumers=1",
		n, poolName(t)).finish()
	frames := r.all()
	if len(frames) != n {
		t.Fatalf("got %d frames, want %d", len(frames), n)
	}
	for i, f := range frames {
		want := 5*time.Second + time.Duration(i)*40*time.Millisecond
		if pts, _ := f.PTS.Duration(); pts != want {
			t.Errorf("frame %d: PTS %v, want %v", i, pts, want)
		}
		if d, _ := f.Duration.Duration(); d != 40*time.Millisecond {
			t.Errorf("frame %d: duration %v, want 40ms", i, d)
		}
		if f.Offset != uint64(i) || f.OffsetEnd != uint64(i+1) {
			t.Errorf("frame %d: offsets %d and %d", i, f.Offset, f.OffsetEnd)
		}
		if !f.CaptureTime.Known() {
			t.Errorf("frame %d has no capture time", i)
		} else if i > 0 {
			now, _ := f.CaptureTime.Duration()
			before, _ := frames[i-1].CaptureTime.Duration()
			if !about(now-before, 40*time.Millisecond) {
				t.Errorf("frame %d was captured %v after the one before, want 40ms", i, now-before)
			}
		}
		if !strings.Contains(f.Caps, "format=(string)GRAY8") {
			t.Errorf("frame %d: caps %s", i, f.Caps)
		}
	}
}

// Flags of GstBuffer: fixed numbers of GStreamer's API.
const (
	flagLive      = 1 << 4
	flagDiscont   = 1 << 6
	flagHeader    = 1 << 10
	flagDelta     = 1 << 13
	flagTagMemory = 1 << 14
)

// about compares times that were carried from one clock to another, which are read one
// after the other: on a busy machine a good while after.
func about(a, b time.Duration) bool { return (a - b).Abs() < 5*time.Millisecond }

// What bipssrc gives downstream: times of its own pipeline's clock, a frame's distance from
// the one before as captured.
func TestTimesAndFlagsReachDownstream(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	source := launch(t, "bipssrc pool=%s read-mode=every ! identity silent=false ! fakesink", poolName(t))
	w.awaits(1)
	start, _ := now().Duration()
	const n, apart = 5, 20 * time.Millisecond
	for i := range n {
		capture := start + time.Second + time.Duration(i)*apart
		f := bips.FrameInfo{
			PTS: bips.TimeOf(time.Hour + time.Duration(i)*apart), CaptureTime: bips.TimeOf(capture),
			Duration: bips.TimeOf(apart), Offset: uint64(100 + i), OffsetEnd: uint64(101 + i),
			Flags: flagDelta | flagTagMemory,
		}
		if i == 0 {
			f.Flags = flagHeader
		}
		f.DTS = bips.TimeOf(time.Hour + time.Duration(i)*apart - 5*time.Millisecond)
		w.publish(greySize, f)
	}
	w.endOfStream()
	source.finish()
	buffers := source.buffers()
	if len(buffers) != n {
		t.Fatalf("got %d buffers, want %d", len(buffers), n)
	}
	for i, b := range buffers {
		if b.size != greySize || b.duration != apart || b.offset != int64(100+i) || b.offsetEnd != int64(101+i) {
			t.Errorf("buffer %d: %s", i, b.line)
		}
		if b.pts < time.Second/2 || b.pts > 10*time.Second { // about a second after the start, in running time
			t.Errorf("buffer %d: PTS %v is not of this pipeline", i, b.pts)
		}
		if i > 0 && !about(b.pts-buffers[i-1].pts, apart) {
			t.Errorf("buffer %d comes %v after the one before, want %v", i, b.pts-buffers[i-1].pts, apart)
		}
		if b.pts-b.dts != 5*time.Millisecond {
			t.Errorf("buffer %d: DTS is %v before PTS, want 5ms", i, b.pts-b.dts)
		}
		want := uint64(flagDelta)
		if i == 0 {
			want = flagHeader | flagDiscont
		}
		if got := b.flags &^ flagLive; got != want {
			t.Errorf("buffer %d: flags %#x, want %#x", i, got, want)
		}
	}
}

// A frame captured before the reader's pipeline began is shown at once, one without
// times has none.
func TestTimesThatMeanNothingToTheReader(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	source := launch(t, "bipssrc pool=%s read-mode=every ! identity silent=false ! fakesink", poolName(t))
	w.awaits(1)
	w.publish(greySize, bips.FrameInfo{CaptureTime: bips.TimeOf(time.Nanosecond)})
	w.publishAsItIs(greySize, bips.FrameInfo{})
	w.endOfStream()
	source.finish()
	b := source.buffers()
	if len(b) != 2 || b[0].pts != 0 || b[1].pts != -1 {
		t.Errorf("got %+v, want PTS 0, then none", b)
	}
}

// A gap is told: the first frame after one says DISCONT.
func TestAGapIsTold(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	source := launch(t, "bipssrc name=src pool=%s ! identity silent=false sleep-time=300000 ! fakesink", poolName(t))
	w.awaits(1)
	w.frames(1)
	source.waitFor(1, passed)
	w.frames(10) // while the first still sleeps
	w.endOfStream()
	source.finish()
	last := source.buffers()
	if len(last) != 2 || last[1].flags&flagDiscont == 0 {
		t.Errorf("got %+v, want two buffers, the second after a gap", last)
	}
	got := source.stats("src")
	if got["received"]+got["skipped"] != 11 || got["lost"] != 0 {
		t.Errorf("counters: %v", got)
	}
}
