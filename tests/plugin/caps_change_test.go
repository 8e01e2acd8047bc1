package plugin

import (
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

const (
	large   = "videotestsrc num-buffers=10 ! video/x-raw,format=I420,width=320,height=240,framerate=30/1"
	smaller = "videotestsrc num-buffers=10 ! video/x-raw,format=I420,width=160,height=120,framerate=30/1"
)

// Frames of new caps that fit the slots go on in the same pool.
func TestTheCapsChangeAndTheFramesFit(t *testing.T) {
	t.Parallel()
	change := "concat name=c " + large + " ! c. " + smaller + " ! c. c."
	want := reference(t, change)
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	source := launch(t, "bipssrc name=src pool=%s read-mode=every ! %s", poolName(t), checksumSink)
	p := launch(t, "%s ! bipssink pool=%s sync=false wait-for-consumers=2", change, poolName(t))
	p.finish()
	source.finish()
	frames := r.all()
	same(t, "package bips", sums(frames), want)
	same(t, "bipssrc", source.checksums(), want)
	for i, f := range frames {
		width := "width=(int)320"
		if i >= 10 {
			width = "width=(int)160"
		}
		if !strings.Contains(f.Caps, width) {
			t.Errorf("frame %d: caps %s, want %s", i, f.Caps, width)
		}
	}
	source.stats("src").want(t, counts{"instances": 1})
	source.waitFor(1, `src: caps = .*width=\(int\)160`)
}

// Frames of new caps that do not fit a slot-size that was set are an error that says what to do; with slots
// large enough from the start they go on.
func TestTheCapsChangeAndTheFramesDoNotFitTheSlotSize(t *testing.T) {
	t.Parallel()
	change := "concat name=c " + smaller + " ! c. " + large + " ! c. c."
	launch(t, "%s ! bipssink pool=%s slot-size=28800 sync=false", change, poolName(t)).
		fail("115200 bytes", "28800", "slot-size=115200")
	want := reference(t, change)
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	launch(t, "%s ! bipssink pool=%s slot-size=115200 sync=false wait-for-consumers=1", change, poolName(t)).finish()
	same(t, "with slot-size", sums(r.all()), want)
}

func TestDownstreamContradictsThePool(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	w.frames(1)
	launch(t, "bipssrc pool=%s ! video/x-raw,format=NV12 ! fakesink", poolName(t)).
		fail(poolName(t), "GRAY8", "NV12", "Put a converter")
}

// The caps of a pool change to what downstream does not take.
func TestDownstreamDoesNotTakeTheNewCaps(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	source := launch(t, "bipssrc pool=%s read-mode=every ! video/x-raw,width=64 ! identity silent=false ! fakesink", poolName(t))
	w.awaits(1)
	w.frames(2)
	source.waitFor(2, passed)
	w.caps(strings.Replace(grey, "width=(int)64", "width=(int)32", 1))
	w.publish(greySize/2, bips.FrameInfo{})
	source.fail(poolName(t), "width=(int)32", "width=(int)64")
}
