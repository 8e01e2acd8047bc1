package plugin

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// settle is how long a pipeline gets to reach the wait that a test is about, where
// nothing outside shows that it is there.
const settle = 300 * time.Millisecond

const (
	small   = "video/x-raw,format=GRAY8,width=64,height=48,framerate=30/1"
	endless = "videotestsrc ! " + small
)

// Ctrl-C stops a pipeline, however blocked it is.
func TestInterrupt(t *testing.T) {
	playing := func(p *pipeline) {
		p.waitFor(1, "^Setting pipeline to PLAYING")
		time.Sleep(settle)
	}
	for _, c := range []struct {
		name  string
		start func(t *testing.T, pool string) *pipeline
	}{
		{"a source without a producer", func(t *testing.T, pool string) *pipeline {
			p := launch(t, "bipssrc pool=%s ! fakesink", pool)
			playing(p)
			return p
		}},
		{"a source without a frame", func(t *testing.T, pool string) *pipeline {
			w := write(t, pool, bips.ProducerOptions{})
			p := launch(t, "bipssrc pool=%s ! fakesink", pool)
			w.awaits(1)
			return p
		}},
		{"a source behind which all is held", func(t *testing.T, pool string) *pipeline {
			w := write(t, pool, bips.ProducerOptions{})
			p := launch(t, "bipssrc pool=%s read-mode=every max-held=2 ! queue min-threshold-buffers=100 max-size-buffers=200 ! fakesink", pool)
			w.awaits(1)
			w.frames(40)
			return p
		}},
		{"a sink without a reader", func(t *testing.T, pool string) *pipeline {
			p := launch(t, "%s ! bipssink pool=%s wait-for-consumers=1", endless, pool)
			p.waitFor(1, "PREROLLING")
			time.Sleep(settle)
			return p
		}},
		{"a sink of a live pipeline without a reader", func(t *testing.T, pool string) *pipeline {
			p := launch(t, "%s is-live=true ! %s ! bipssink pool=%s wait-for-consumers=1", "videotestsrc", small, pool)
			playing(p)
			return p
		}},
		{"a sink without a free slot", func(t *testing.T, pool string) *pipeline {
			return blocked(t, pool, endless)
		}},
		{"a converter before a sink without a free slot", func(t *testing.T, pool string) *pipeline {
			return blocked(t, pool, endless+" ! videoconvert ! video/x-raw,format=RGB")
		}},
		{"a queue before a sink without a free slot", func(t *testing.T, pool string) *pipeline {
			return blocked(t, pool, endless+" ! queue ! videoconvert ! video/x-raw,format=RGB ! queue")
		}},
		{"a sink with foreign memory without a free slot", func(t *testing.T, pool string) *pipeline {
			return blocked(t, pool, endless+" ! tee")
		}},
		{"a decoder before a sink without a free slot", func(t *testing.T, pool string) *pipeline {
			needs(t, "openh264enc", "openh264dec")
			return blocked(t, pool, "videotestsrc ! video/x-raw,format=I420,width=64,height=48 ! openh264enc ! openh264dec")
		}},
		{"libav before a sink without a free slot", func(t *testing.T, pool string) *pipeline {
			needs(t, "openh264enc", "avdec_h264")
			return blocked(t, pool, "videotestsrc ! video/x-raw,format=I420,width=64,height=48 ! openh264enc ! h264parse ! avdec_h264")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.start(t, poolName(t)).interrupt()
		})
	}
}

// blocked starts a pipeline that ends in a bipssink, which a reader of every frame
// brings to a stop.
func blocked(t *testing.T, pool, beginning string) *pipeline {
	t.Helper()
	const quota = 3
	c := consumer(t, pool, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: quota})
	p := launch(t, "%s ! bipssink pool=%s slots=8 sync=false wait-for-consumers=1", beginning, pool)
	for range quota {
		pull(t, c)
	}
	time.Sleep(settle)
	return p
}
