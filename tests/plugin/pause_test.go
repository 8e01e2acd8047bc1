package plugin

import (
	"math/rand/v2"
	"os/exec"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// Both sides pause and play on, many times, at any moment, now and then down to READY:
// frames come whenever both play, and a reader that does not pause misses none.
func TestBothSidesPauseAndPlayOn(t *testing.T) {
	t.Parallel()
	const rounds = 60
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	producer, readers := drive(t, nil), drive(t, nil)
	producer.do("make sink videotestsrc ! video/x-raw,format=GRAY8,width=64,height=48,framerate=200/1 ! bipssink pool=" + poolName(t))
	names := []string{"every", "latest"}
	for _, mode := range names {
		readers.do("make " + mode + " bipssrc pool=" + poolName(t) + " read-mode=" + mode + " ! queue ! fakesink sync=false")
	}
	// Reached, since a pipeline that is paused while it goes on to play by itself may never say that it is paused: with
	// fakesink, too.
	producer.do("reach sink playing")
	readers.forEach("set %s playing", names)
	for range rounds {
		switch rand.IntN(3) {
		case 0:
			producer.do("reach sink paused")
		case 1:
			readers.do("reach every paused", "set latest ready")
		case 2:
			readers.do("reach latest paused", "set every ready")
		}
		time.Sleep(rand.N(20 * time.Millisecond)) // what happens meanwhile differs
		producer.do("reach sink playing")
		readers.forEach("set %s playing", names)
		readers.forEach("frames %s 3", names)
	}
	producer.do("end sink", "eos sink")
	readers.forEach("eos %s", names)
	frames := r.all()
	for i, f := range frames {
		if f.Lost != 0 || f.Sequence != frames[0].Sequence+uint64(i) {
			t.Errorf("frame %d has the number %d, %d lost before it", i, f.Sequence, f.Lost)
		}
	}
	readers.quit()
	producer.quit()
}

// A source is paused and plays again at once, before its thread has seen the pause: it
// goes on each time. With GStreamer 1.26 one whose thread returned from its wait stood still.
func TestASourcePausesForAnInstant(t *testing.T) {
	for _, mode := range []string{"every", "latest"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			d := drive(t, nil)
			d.do("make sink videotestsrc ! video/x-raw,format=GRAY8,width=64,height=48,framerate=200/1 ! bipssink pool="+poolName(t),
				"make r bipssrc pool="+poolName(t)+" read-mode="+mode+" ! fakesink",
				"set sink playing", "set r playing", "frames r 2")
			for range 40 {
				d.do("set r paused", "set r playing", "frames r 1")
			}
			d.quit()
		})
	}
}

// An application flushes a pipeline that reads, as to be rid of what waits in its queues, and resets its running time with
// that: the frames that follow have times of the new one. With those of the old one a sink would show the
// next picture when the pipeline has played once more for as long.
func TestAFlushThatResetsTheTimeOfAReader(t *testing.T) {
	for source, caps := range map[string]string{"live": "videotestsrc is-live=true", "not live": "videotestsrc"} {
		for _, mode := range []string{"every", "latest"} {
			t.Run(source+" "+mode, func(t *testing.T) {
				t.Parallel()
				d := drive(t, nil)
				d.do("make sink "+caps+" ! video/x-raw,format=GRAY8,width=64,height=48,framerate=30/1 ! bipssink pool="+poolName(t),
					"set sink playing",
					"make r bipssrc pool="+poolName(t)+" read-mode="+mode+" ! identity silent=false ! fakesink sync=false", "set r playing")
				for range 3 {
					var before, after []buffer
					for before = d.buffers(); len(before) == 0 || before[len(before)-1].pts < time.Second; before = d.buffers() {
						d.do("frames r 1")
					}
					d.do("flush r")
					back := func() bool {
						for _, b := range after {
							if b.pts < before[len(before)-1].pts {
								return true
							}
						}
						return false
					}
					for ; !back() && len(after) < 60; after = d.buffers()[len(before):] {
						d.do("frames r 1")
					}
					if !back() {
						t.Errorf("PTS %v before the flush, and %v after it: the time of the pipeline began anew", before[len(before)-1].pts, after[len(after)-1].pts)
					}
				}
				d.quit()
			})
		}
	}
}

// A flush that resets the time leaves the frames that wait in the pool: they were published before the new time began, by a producer
// whose clock is right.
func TestFramesThatWaitWhileTheTimeIsResetAreNoSignOfAnotherClock(t *testing.T) {
	t.Parallel()
	d := drive(t, func(c *exec.Cmd) { c.Env = append(c.Env, "GST_DEBUG=GST_ERROR_SYSTEM:4", "GST_DEBUG_FILE=") }) // it shows warnings
	d.do("make sink videotestsrc is-live=true ! video/x-raw,format=GRAY8,width=64,height=48,framerate=30/1 ! bipssink slots=64 pool="+poolName(t),
		"set sink playing",
		"make r bipssrc pool="+poolName(t)+" read-mode=every ! identity sleep-time=100000 ! fakesink sync=false", "set r playing",
		"frames r 20", // of the 60 that came meanwhile
		"flush r", "frames r 10")
	if told := d.matches(`time namespace`); len(told) > 0 {
		t.Errorf("the reader says %q", told[0])
	}
	d.quit()
}

// A sink pauses while it waits for a reader, again and again, and plays on: no frame is
// missing, and none comes twice.
func TestASinkPausesWhileAReaderHoldsItUp(t *testing.T) {
	t.Parallel()
	const beginning = "videotestsrc num-buffers=40 pattern=ball ! " + small
	want := reference(t, beginning)
	c := consumer(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 3})
	d := drive(t, nil)
	d.do("make sink " + beginning + " ! bipssink sync=false slots=7 wait-for-consumers=1 pool=" + poolName(t))
	d.do("set sink playing")
	var got []string
	for range 20 {
		held := pull(t, c)
		got = append(got, held.sum)
		for {
			before := d.do("count sink")
			time.Sleep(5 * time.Millisecond)
			if d.do("count sink") == before {
				break // it waits for us
			}
		}
		d.do("set sink paused", "set sink playing")
		c.giveBack(held)
	}
	same(t, "all frames", append(got, toTheEnd(c)...), want)
	d.do("eos sink")
	d.quit()
}

// While a reader pauses its producer dies, and the next one has other frames: it plays on
// with these, or does what on-producer-loss says.
func TestTheProducerDiesWhileTheReaderPauses(t *testing.T) {
	for _, mode := range []string{"every", "latest"} {
		for loss, then := range map[string]string{"wait": "frames r 3", "eos": "eos r", "error": "error r"} {
			t.Run(mode+" "+loss, func(t *testing.T) {
				t.Parallel()
				reader := drive(t, nil)
				reader.do("make r bipssrc pool=" + poolName(t) + " read-mode=" + mode + " on-producer-loss=" + loss + " ! fakesink")
				first := launch(t, "%s ! bipssink pool=%s", endless, poolName(t))
				reader.do("set r playing", "frames r 2", "reach r paused")
				first.kill()
				second := launch(t, "videotestsrc ! video/x-raw,format=I420,width=32,height=32,framerate=30/1 ! bipssink pool=%s", poolName(t))
				pull(t, consumer(t, poolName(t), bips.ConsumerOptions{})) // it streams
				reader.do("set r playing", then)
				reader.quit()
				second.interrupt()
			})
		}
	}
}

// A stream ends while its reader pauses, for long or for an instant, or in the moment of the
// pause: the reader ends when it plays on. GStreamer 1.26 throws away an end that a source tells
// while it does not play.
func TestTheStreamEndsWhileTheReaderPauses(t *testing.T) {
	for _, mode := range []string{"every", "latest"} {
		ends := func(name string, rounds int, end func(w *writer, d *driver)) {
			t.Run(mode+" "+name, func(t *testing.T) {
				t.Parallel()
				d := drive(t, nil)
				d.do("make r bipssrc pool=" + poolName(t) + " read-mode=" + mode + " ! fakesink async=false")
				for range rounds {
					w := write(t, poolName(t), bips.ProducerOptions{})
					d.do("set r playing")
					w.awaits(1)
					w.frame()
					end(w, d)
					d.do("set r playing", "eos r", "set r ready")
					w.close()
				}
				d.quit()
			})
		}
		ends("an instant", 10, func(w *writer, d *driver) {
			d.do("set r paused")
			w.endOfStream()
		})
		ends("long", 2, func(w *writer, d *driver) {
			d.do("set r paused")
			w.endOfStream()
			time.Sleep(2 * settle)
		})
		ends("at once", 150, func(w *writer, d *driver) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				time.Sleep(rand.N(300 * time.Microsecond))
				w.endOfStream()
			}()
			d.do("set r paused")
			<-done
		})
	}
}
