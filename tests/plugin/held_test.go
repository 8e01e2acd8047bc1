package plugin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// Elements behind bipssrc that hold many frames, while the producer goes on: what they
// show never changes, and nothing hangs. What is beyond the quota is copied.
func TestWhatIsHeldDownstreamStays(t *testing.T) {
	for _, c := range []struct {
		name, behind string
		needs        []string
		copies       bool
	}{
		{name: "a queue and a slow sink", behind: "queue max-size-buffers=50 max-size-bytes=0 max-size-time=0 ! identity sleep-time=2000", copies: true},
		{name: "a queue that waits for 40", behind: "queue min-threshold-buffers=40 max-size-buffers=50 max-size-bytes=0 max-size-time=0", copies: true},
		{name: "in-place elements", behind: "videobalance hue=0.3 ! videobalance hue=-0.3 ! identity drop-allocation=true", needs: []string{"videobalance"}},
		{name: "all but one copied", behind: "queue", copies: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needs(t, c.needs...)
			const beginning = "videotestsrc num-buffers=100 pattern=ball ! video/x-raw,format=I420,width=320,height=240"
			want := reference(t, beginning+" ! "+c.behind)
			r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
			source := launch(t, "bipssrc name=src pool=%s read-mode=every max-held=2 ! %s ! %s", poolName(t), c.behind, checksumSink)
			p := launch(t, "%s ! bipssink pool=%s slots=10 sync=false wait-for-consumers=2", beginning, poolName(t))
			p.finish()
			source.finish()
			same(t, "downstream", source.checksums(), want)
			same(t, "the other reader", sums(r.all()), reference(t, beginning))
			got := source.stats("src")
			if got["received"] != 100 || got["lost"] != 0 || got["copied"] != got["quota"] {
				t.Errorf("counters: %v", got)
			}
			if c.copies && got["quota"] == 0 && c.name != "all but one copied" {
				t.Errorf("nothing was copied for the quota: %v", got)
			}
		})
	}
}

// Encoders that look ahead keep tens of frames.
func TestAnEncoderWithLookahead(t *testing.T) {
	for name, encoder := range map[string]string{
		"x264enc": "x264enc rc-lookahead=40 bframes=3 threads=1",
		"vp8enc":  "vp8enc lag-in-frames=25 deadline=1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, name)
			const beginning = "videotestsrc num-buffers=60 pattern=ball ! video/x-raw,format=I420,width=160,height=120,framerate=30/1"
			want := reference(t, beginning+" ! "+encoder)
			source := launch(t, "bipssrc name=src pool=%s read-mode=every ! %s ! %s", poolName(t), encoder, checksumSink)
			p := launch(t, "%s ! bipssink pool=%s slots=8 sync=false wait-for-consumers=1", beginning, poolName(t))
			p.finish()
			source.finish()
			if got := source.checksums(); len(got) != len(want) {
				t.Errorf("got %d encoded frames, want %d", len(got), len(want))
			}
			source.stats("src").want(t, counts{"received": 60, "lost": 0})
			if name == "x264enc" { // which holds the frames themselves
				source.waitFor(1, "WARNING.*rames are copied: this reader may hold 2 of the 8 slots .* slots=20 ")
			}
		})
	}
}

// The second reader of a pool of the default size gets four slots, and a copy now and then is no reason for a warning.
func TestASecondReaderOfADefaultPoolIsNotWarnedOfCopies(t *testing.T) {
	t.Parallel()
	needs(t, "x264enc")
	producer := launch(t, "videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,framerate=100/1 ! bipssink pool=%s", poolName(t))
	launch(t, "bipssrc pool=%s ! identity silent=false ! fakesink", poolName(t)).waitFor(1, passed)
	second := launch(t, "bipssrc pool=%s read-mode=every ! x264enc rc-lookahead=40 threads=1 ! fakesink", poolName(t)) // which holds many
	second.waitFor(1, "rames are copied: this reader may hold 4 of the 20 slots .* slots=26 ")
	if told := second.matches("^WARNING"); len(told) > 0 {
		t.Errorf("%q", told)
	}
	producer.interrupt()
}

// A decoder that wants more slots than there are goes on with ordinary memory.
func TestADecoderWithFewSlots(t *testing.T) {
	for _, decoder := range []string{"openh264dec", "avdec_h264"} {
		t.Run(decoder, func(t *testing.T) {
			t.Parallel()
			needs(t, "openh264enc", "h264parse", decoder)
			decoded := withFixtures(t, "filesrc location=H264 ! h264parse ! "+decoder)
			want := reference(t, decoded)
			r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1}, nil)
			p := launch(t, "%s ! bipssink name=sink pool=%s slots=5 sync=false wait-for-consumers=1", decoded, poolName(t))
			p.finish()
			same(t, "frames", sums(r.all()), want)
			got := p.stats("sink")
			if got["in-place"]+got["pool-exhausted"] != uint64(len(want)) {
				t.Errorf("counters: %v", got)
			}
		})
	}
	t.Run("3 slots without a reader", func(t *testing.T) {
		t.Parallel()
		needs(t, "openh264enc", "h264parse", "openh264dec")
		launch(t, withFixtures(t, "filesrc location=H264 ! h264parse ! openh264dec ! queue ! bipssink pool=%s slots=3 sync=false"), poolName(t)).finish()
	})
}

// A slot is free again when its buffer is, not when a garbage collector comes round: as
// many frames as it takes pass through few slots without one being dropped or copied.
func TestASlotIsFreeAtOnce(t *testing.T) {
	t.Parallel()
	source := launch(t, "bipssrc name=src pool=%s read-mode=every max-held=2 ! fakesink enable-last-sample=false", poolName(t))
	p := launch(t, "videotestsrc num-buffers=2000 ! %s ! bipssink name=sink pool=%s slots=8 overflow=block sync=false wait-for-consumers=1", small, poolName(t))
	p.finish()
	source.finish()
	p.stats("sink").want(t, allInPlace(2000))
	source.stats("src").want(t, counts{"received": 2000, "quota": 0})
}

// A buffer outlives its element: what it shows stays when the pipeline is at NULL and the
// producer has long gone on, or gone away.
func TestABufferOutlivesItsElement(t *testing.T) {
	t.Parallel()
	needs(t, "trouble")
	w := write(t, poolName(t), bips.ProducerOptions{Slots: 8})
	source := launch(t, "bipssrc pool=%s read-mode=every max-held=3 ! trouble kind=keep ! identity silent=false ! fakesink", poolName(t))
	w.awaits(1)
	w.frames(30)
	source.waitFor(30, passed)
	w.close()
	source.interrupt()
	kept := source.matches(`^kept: `)
	if len(kept) != 2 {
		t.Fatalf("got %d kept buffers, want 2", len(kept))
	}
	for _, line := range kept {
		var before, after string
		if _, err := fmt.Sscanf(strings.TrimPrefix(line, "kept: "), "%s %s", &before, &after); err != nil || before != after {
			t.Errorf("a buffer that was kept changed: %s", line)
		}
	}
}

// Elements are made while others stream.
func TestElementsAreMadeWhileOthersStream(t *testing.T) {
	t.Parallel()
	needs(t, "trouble")
	source := launch(t, "bipssrc pool=%s read-mode=every ! trouble kind=make-elements ! fakesink", poolName(t))
	p := launch(t, "videotestsrc num-buffers=300 ! %s ! trouble kind=make-elements ! bipssink name=sink pool=%s sync=false wait-for-consumers=1", small, poolName(t))
	p.finish()
	source.finish()
	p.stats("sink").want(t, allInPlace(300))
}
