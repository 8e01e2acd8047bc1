package plugin

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

const h264 = "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au"

// moment is a frame of a made-up stream: when it was captured, from now, and how long before
// that it is decoded.
type moment struct {
	captured, reorder time.Duration
	delta             bool
}

// sequence publishes frames, and a last one without any times.
func (w *writer) sequence(moments []moment) {
	w.t.Helper()
	now, _ := now().Duration()
	for _, m := range moments {
		f := bips.FrameInfo{
			CaptureTime: bips.TimeOf(now + m.captured), Duration: bips.TimeOf(time.Second / 30),
			PTS: bips.TimeOf(time.Hour + m.captured), DTS: bips.TimeOf(time.Hour + m.captured - m.reorder),
		}
		if m.delta {
			f.Flags = flagDelta
		}
		w.publish(greySize, f)
	}
}

// Who reads every frame of a live stream begins with the first key frame that it can have been
// there for: nothing in what it gets is from before its own beginning, or cannot be decoded.
func TestALateReaderOfALiveStreamBeginsWithAKeyFrameOfItsOwnTime(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{Caps: h264, Slots: 32})
	w.caps(h264)
	w.latency(bips.TimeOf(2 * time.Second))
	source := launch(t, "bipssrc name=src pool=%s ! identity silent=false ! fakesink", poolName(t))
	w.awaits(1)
	const frame = 33 * time.Millisecond
	w.sequence([]moment{
		{-time.Minute, 0, false}, // captured long before: what a late reader gets first
		{-time.Minute, 0, true},
		{time.Minute, 0, true},             // of its time, and depends on what it has not got
		{-time.Minute + 2*frame, 0, false}, // a key frame from before its time
		{time.Minute + 3*frame, 0, true},
		{time.Minute + 4*frame, 2 * frame, false}, // here it begins
		{time.Minute + 6*frame, 3 * frame, true},
		{time.Minute + 5*frame, frame, true},
	})
	w.endOfStream()
	source.finish()
	buffers := source.buffers()
	if len(buffers) != 3 {
		t.Fatalf("got %d buffers, want the last three: %v", len(buffers), source.matches(passed))
	}
	source.stats("src").want(t, counts{"received": 3, "early": 5, "lost": 0, "skipped": 0})
	if buffers[0].flags&flagDelta != 0 {
		t.Error("it begins with a frame that depends on others")
	}
	for i, b := range buffers {
		if b.dts < 0 || b.pts < b.dts {
			t.Errorf("buffer %d: PTS %v, DTS %v", i, b.pts, b.dts)
		}
	}
	for i, want := range []time.Duration{0, 2 * frame, frame} {
		if got := buffers[i].pts - buffers[0].pts; (got - want).Abs() > time.Millisecond {
			t.Errorf("buffer %d is presented %v after the first, want %v", i, got, want)
		}
	}
}

// What is missing before the first frame that a reader gets of a producer is told with that frame, and
// not with those that were passed by.
func TestTheFirstFrameAfterThoseThatComeTooEarlyIsADiscontinuity(t *testing.T) {
	t.Parallel()
	source := launch(t, "bipssrc name=src pool=%s read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
	for i := range 2 {
		w := write(t, poolName(t), bips.ProducerOptions{})
		w.caps(h264)
		w.latency(bips.TimeOf(time.Second))
		w.awaits(1)
		w.sequence([]moment{
			{time.Minute, 0, true},   // depends on what the reader has not got
			{-time.Minute, 0, false}, // captured before it began to play
			{time.Minute, 0, false},
			{time.Minute + time.Second, 0, true},
		})
		source.waitFor(2*i+2, passed)
		w.close()
	}
	source.interrupt()
	for i, b := range source.buffers() {
		if begins := i%2 == 0; (b.flags&discont != 0) != begins {
			t.Errorf("buffer %d has the flags %x; it is the first of a producer: %v", i, b.flags, begins)
		}
	}
}

// A producer that is not live loses nothing: all times are shifted by as much.
func TestALateReaderOfAFileGetsAllOfItShiftedAsOne(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	source := launch(t, "bipssrc name=src pool=%s read-mode=every ! identity silent=false ! fakesink", poolName(t))
	w.awaits(1)
	const frame = 40 * time.Millisecond
	var moments []moment
	for i := range 10 {
		moments = append(moments, moment{time.Duration(i)*frame - time.Minute, frame, false})
	}
	w.sequence(moments)
	w.endOfStream()
	source.finish()
	for i, b := range source.buffers() {
		if want := time.Duration(i) * frame; (b.dts-want).Abs() > time.Millisecond || b.pts-b.dts != frame {
			t.Errorf("buffer %d: PTS %v, DTS %v", i, b.pts, b.dts)
		}
	}
	source.stats("src").want(t, counts{"received": 10, "early": 0})
}

// What a muxer makes of a stream with B-frames that it joined in the middle can be played.
func TestALateRecorderOfBFramesWritesAFileThatPlays(t *testing.T) {
	t.Parallel()
	needs(t, "x264enc", "h264parse", "qtmux", "qtdemux", "mpegtsmux", "tsdemux")
	pool := poolName(t)
	producer := launch(t, "videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! x264enc bframes=2 b-adapt=false key-int-max=15 rc-lookahead=5 ! h264parse ! bipssink pool=%s", pool)
	t.Cleanup(producer.interrupt)
	c := consumer(t, pool, bips.ConsumerOptions{Mode: bips.Every})
	for range 40 { // a stream that has been on for a while
		c.giveBack(pull(t, c))
	}
	c.leave()
	for _, file := range []struct{ mux, demux string }{{"qtmux", "qtdemux"}, {"mpegtsmux", "tsdemux"}} {
		t.Run(file.mux, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "recording")
			source := launch(t, "-e bipssrc pool=%s name=src num-buffers=60 ! identity silent=false ! h264parse ! %s ! filesink location=%s", pool, file.mux, path)
			source.finish()
			buffers := source.buffers()
			if len(buffers) != 60 || buffers[0].flags&flagDelta != 0 {
				t.Errorf("%d buffers, the first is %s", len(buffers), buffers[0].line)
			}
			for i, b := range buffers {
				if b.pts < b.dts || (i > 0 && b.dts <= buffers[i-1].dts) {
					t.Errorf("buffer %d: %s", i, b.line)
				}
			}
			played := launch(t, "filesrc location=%s ! %s ! h264parse ! identity silent=false ! fakesink", path, file.demux)
			played.finish()
			if got := len(played.buffers()); got < 59 {
				t.Errorf("%d frames can be read from the file, want 60", got)
			}
		})
	}
}

// The first frames of a file with B-frames are decoded before the time at which it begins. They wait
// for PLAYING as all others, and have a time of capture: without one no muxer takes them.
func TestTheFirstOfReorderedFramesHaveTheirTimes(t *testing.T) {
	t.Parallel()
	needs(t, "x264enc", "h264parse", "qtmux")
	for _, sync := range []string{"true", "false"} {
		t.Run("sync="+sync, func(t *testing.T) {
			t.Parallel()
			pool, path := poolName(t), filepath.Join(t.TempDir(), "recording")
			source := launch(t, "-e bipssrc pool=%s name=src ! identity silent=false ! h264parse ! qtmux ! filesink location=%s", pool, path)
			sink := launch(t, "videotestsrc num-buffers=20 ! video/x-raw,format=I420,width=64,height=48,framerate=25/1 ! x264enc bframes=2 b-adapt=false ! bipssink pool=%s wait-for-consumers=1 sync=%s", pool, sync)
			sink.finish()
			source.finish()
			buffers := source.buffers()
			if len(buffers) != 20 {
				t.Fatalf("%d buffers, want 20", len(buffers))
			}
			for i, b := range buffers {
				if want := time.Duration(i) * 40 * time.Millisecond; b.pts < b.dts || (b.dts-buffers[0].dts-want).Abs() > time.Millisecond {
					t.Errorf("buffer %d is decoded %v after the first, want %v: %s", i, b.dts-buffers[0].dts, want, b.line)
				}
			}
		})
	}
}

// At another rate than 1 everything is shorter or longer in running time, durations too.
func TestDurationsAreThoseOfTheRate(t *testing.T) {
	t.Parallel()
	for rate, want := range map[string]time.Duration{"2.0": 20 * time.Millisecond, "0.5": 80 * time.Millisecond} {
		t.Run(rate, func(t *testing.T) {
			t.Parallel()
			d := drive(t, nil)
			d.do("make sink videotestsrc ! video/x-raw,format=GRAY8,width=64,height=48,framerate=25/1 ! bipssink pool="+poolName(t),
				"reach sink paused", "seek sink "+rate)
			c := consumer(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every})
			if _, err := c.tryPull(0); err == nil {
				t.Fatal("a frame was published before the pipeline plays")
			}
			d.do("set sink playing")
			var last bips.Frame
			for i := range 5 {
				f := pull(t, c)
				c.giveBack(f)
				if duration, _ := f.Duration.Duration(); duration != want {
					t.Errorf("frame %d lasts %v, want %v", i, duration, want)
				}
				capture, _ := f.CaptureTime.Duration()
				before, _ := last.CaptureTime.Duration()
				if i > 0 && !about(capture-before, want) {
					t.Errorf("frame %d comes %v after the one before, want %v", i, capture-before, want)
				}
				last = f.Frame
			}
			d.do("drop sink")
			d.quit()
		})
	}
}

// Frames without times: the newest is presented when it was published, and do-timestamp gives
// times to a reader of every frame.
func TestFramesWithoutTimes(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	readers := map[string]*pipeline{}
	for _, how := range []string{"read-mode=latest", "read-mode=every", "read-mode=every do-timestamp=true"} {
		readers[how] = launch(t, "bipssrc pool=%s %s ! identity silent=false ! fakesink", poolName(t), how)
	}
	w.awaits(3)
	for i := range 5 {
		w.publishAsItIs(greySize, bips.FrameInfo{})
		for _, r := range readers {
			r.waitFor(i+1, passed)
		}
	}
	w.endOfStream()
	for how, r := range readers {
		r.finish()
		last := time.Duration(-1)
		for i, b := range r.buffers() {
			if how == "read-mode=every" {
				if b.pts != -1 && i > 0 { // GStreamer's base class gives 0 to the first of any live source
					t.Errorf("%s: buffer %d: PTS %v, want none", how, i, b.pts)
				}
			} else if b.pts <= last {
				t.Errorf("%s: buffer %d: PTS %v after %v", how, i, b.pts, last)
			}
			last = b.pts
		}
	}
}

// A program that fills in the times of its stream, and not when its frames were captured: who reads every frame has these
// times' distances, however fast the frames come, and can mux them.
func TestFramesWithTimesOfTheirStreamOnly(t *testing.T) {
	t.Parallel()
	needs(t, "jpegenc", "qtmux")
	w := write(t, poolName(t), bips.ProducerOptions{})
	path := filepath.Join(t.TempDir(), "recording")
	source := launch(t, "bipssrc pool=%s read-mode=every ! identity silent=false ! jpegenc ! qtmux ! filesink location=%s", poolName(t), path)
	w.awaits(1)
	for i := range 10 {
		w.publishAsItIs(greySize, bips.FrameInfo{PTS: bips.TimeOf(time.Hour + time.Duration(i)*time.Second/25)})
	}
	w.endOfStream()
	source.finish()
	buffers := source.buffers()
	if len(buffers) != 10 {
		t.Fatalf("%d buffers, want 10", len(buffers))
	}
	for i, b := range buffers {
		if want := buffers[0].pts + time.Duration(i)*time.Second/25; b.pts < 0 || (b.pts-want).Abs() > time.Millisecond {
			t.Errorf("buffer %d: PTS %v, want %v", i, b.pts, want)
		}
	}
}

// A demuxer that joins late needs the stream's header, which the caps have.
func TestALateReaderOfAContainerGetsItsHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, mux, demux string
		needs            []string
	}{
		{"Matroska", "openh264enc gop-size=15 ! h264parse ! matroskamux streamable=true", "matroskademux", []string{"openh264enc", "h264parse", "matroskamux"}},
		{"WebM", "vp8enc deadline=1 keyframe-max-dist=15 ! webmmux streamable=true", "matroskademux", []string{"vp8enc", "webmmux"}},
		{"Ogg", "theoraenc keyframe-force=15 ! oggmux max-delay=0 max-page-delay=0", "oggdemux", []string{"theoraenc", "oggmux"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needs(t, c.needs...)
			producer := launch(t, "videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! %s ! bipssink pool=%s", c.mux, poolName(t))
			t.Cleanup(producer.interrupt)
			first := consumer(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every})
			for range 60 {
				first.giveBack(pull(t, first))
			}
			first.leave()
			for i := range 2 { // a second one that is no less late
				source := launch(t, "bipssrc pool=%s ! %s ! identity silent=false ! fakesink sync=false", poolName(t), c.demux)
				source.waitFor(30, passed)
				source.interrupt()
				if said := source.matches("ERROR|WARNING"); len(said) > 0 {
					t.Errorf("reader %d: %q", i, fmt.Sprint(said))
				}
			}
		})
	}
}

// The caps of some streams have a header that is for who writes an Ogg file, and that their encoders do not send: a reader
// gets it in the caps, and no buffer that a muxer would take for a frame.
func TestAHeaderThatIsInTheCapsOnlyBecomesNoFrame(t *testing.T) {
	for name, c := range map[string]struct{ line, pad string }{
		"VP8":  {"videotestsrc num-buffers=20 ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! vp8enc deadline=1", "video_0"},
		"Opus": {"audiotestsrc num-buffers=20 ! opusenc", "audio_0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, "vp8enc", "opusenc", "matroskamux", "matroskademux")
			path := filepath.Join(t.TempDir(), "recording")
			source := launch(t, "bipssrc pool=%s ! tee name=t ! queue ! identity silent=false ! fakesink t. ! queue ! m.%s matroskamux name=m ! filesink location=%s", poolName(t), c.pad, path)
			sink := launch(t, "%s ! identity silent=false ! bipssink sync=false wait-for-consumers=1 pool=%s", c.line, poolName(t))
			sink.finish()
			source.finish()
			sent, got := sink.buffers(), source.buffers()
			if len(sent) == 0 || len(sent) != len(got) {
				t.Errorf("%d frames were sent, and %d came", len(sent), len(got))
			}
			if header := source.matches("caps = .*streamheader"); len(header) == 0 {
				t.Error("the caps have no header")
			}
			played := launch(t, "filesrc location=%s ! matroskademux ! identity silent=false ! fakesink", path)
			played.finish()
			if file := played.buffers(); len(file) != len(sent) || file[0].size != sent[0].size {
				t.Errorf("of %d frames the file has %d, the first with %d bytes, want %d", len(sent), len(file), file[0].size, sent[0].size)
			}
		})
	}
}
