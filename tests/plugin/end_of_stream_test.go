package plugin

import (
	"syscall"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// gst-launch-1.0 -e: Ctrl-C ends the stream, and the pipeline with it.
func TestCtrlCEndsTheStream(t *testing.T) {
	t.Run("of a sink", func(t *testing.T) {
		t.Parallel()
		r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
		source := launch(t, "bipssrc pool=%s read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
		p := launch(t, "-e %s ! bipssink pool=%s wait-for-consumers=2", endless, poolName(t))
		source.waitFor(3, passed)
		p.signal(syscall.SIGINT)
		p.finish()
		source.finish()
		r.all()
	})
	t.Run("of a sink that a reader holds up", func(t *testing.T) {
		t.Parallel()
		source := launch(t, "bipssrc pool=%s read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
		p := launch(t, "-e videotestsrc ! %s ! bipssink pool=%s slots=8 sync=false wait-for-consumers=1", small, poolName(t))
		source.waitFor(3, passed)
		source.signal(syscall.SIGSTOP)
		p.signal(syscall.SIGINT)
		p.waitFor(1, "EOS on shutdown enabled")
		source.signal(syscall.SIGCONT)
		p.finish()
		source.finish()
	})
	t.Run("of a source", func(t *testing.T) {
		t.Parallel()
		w := write(t, poolName(t), bips.ProducerOptions{})
		source := launch(t, "-e bipssrc pool=%s read-mode=every ! identity silent=false ! fakesink", poolName(t))
		w.awaits(1)
		// While the sink is still on its way to PLAYING, an event that ends the stream of any live
		// source hangs: the state lock is held for it, and the first frame waits for that.
		w.frames(3)
		source.waitFor(3, passed)
		source.signal(syscall.SIGINT)
		source.finish()
	})
	t.Run("of a source without a pool", func(t *testing.T) {
		t.Parallel()
		source := launch(t, "-e bipssrc pool=%s ! fakesink", poolName(t))
		source.waitFor(1, "^Setting pipeline to PLAYING")
		source.signal(syscall.SIGINT)
		source.finish()
	})
}

// A stream that ended is followed by the next, of the same pipelines in the same process,
// by way of READY or of NULL.
func TestTheSamePipelinesAfterTheEnd(t *testing.T) {
	t.Parallel()
	const rounds = 10
	d := drive(t, nil)
	d.do("make sink videotestsrc num-buffers=10 ! "+small+" ! bipssink sync=false wait-for-consumers=2 pool="+poolName(t),
		"make every bipssrc pool="+poolName(t)+" read-mode=every ! fakesink",
		"make latest bipssrc pool="+poolName(t)+" ! fakesink")
	all := []string{"every", "latest", "sink"}
	for i := range rounds {
		d.forEach("set %s playing", all)
		d.forEach("eos %s", all)
		d.forEach([]string{"set %s null", "set %s ready"}[i%2], all)
	}
	if n := d.do("count every"); n != "100" {
		t.Errorf("%s frames came, want 10 of each of %d streams", n, rounds)
	}
	d.quit()
}

// A stream is ended in the moment in which it begins to play, many times: without a
// frame (no pool, or one in which nothing comes), the source ends nevertheless. GStreamer 1.26
// takes back an unlock that comes while the streaming thread has not yet noticed that it plays.
func TestTheStreamEndsAsItBegins(t *testing.T) {
	for _, there := range []bool{false, true} {
		t.Run(map[bool]string{false: "no pool", true: "no frame"}[there], func(t *testing.T) {
			t.Parallel()
			if there {
				write(t, poolName(t), bips.ProducerOptions{})
			}
			d := drive(t, nil)
			// The sink does not wait for a frame on its way to PLAYING: while one does, an
			// end of stream sent to any live source hangs in GStreamer itself.
			d.do("make r bipssrc pool=" + poolName(t) + " ! fakesink async=false")
			for range 100 {
				d.do("set r playing", "end r", "eos r", "set r null")
			}
			d.quit()
		})
	}
}

// A source whose stream has ended, whoever ended it, may stay in PLAYING, and the producer goes
// on: it does not wait for who reads no more. After a flush the source reads on.
func TestWhoHasEndedHoldsNobodyUp(t *testing.T) {
	for _, c := range []struct {
		name, settings string
		end            func(w *writer, d *driver)
	}{
		{"by the producer", "", func(w *writer, _ *driver) { w.endOfStream() }},
		{"by an event", "", func(_ *writer, d *driver) { d.do("end r") }},
		{"by a number of buffers", "num-buffers=1", func(*writer, *driver) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := write(t, poolName(t), bips.ProducerOptions{})
			d := drive(t, nil)
			d.do("make r bipssrc pool="+poolName(t)+" read-mode=every "+c.settings+" ! fakesink async=false", "set r playing")
			w.awaits(1)
			w.frame()
			c.end(w, d)
			d.do("eos r")
			w.frames(2 * bips.DefaultSlots)
			d.do("set r paused", "set r playing")
			w.frames(2 * bips.DefaultSlots)
			if c.settings == "" {
				d.do("flush r")
				for before := d.do("count r"); d.do("count r") == before; {
					w.awaits(1)
					w.frame()
				}
			}
			d.quit()
		})
	}
}
