package plugin

import (
	"fmt"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// What upstream of a sink takes its time in different ways.
const (
	// Frames come when their latency is over, as from a decoder.
	lateFrames = "queue min-threshold-time=%d000000 max-size-time=0 max-size-bytes=0 max-size-buffers=0"
	// Frames come at once, and could come later by the latency, as from rtspsrc.
	jitterBuffer = "rtpvrawpay ! rtpjitterbuffer latency=%d ! rtpvrawdepay ! queue"
)

// A sink that waits for each frame's time shows all that a live producer publishes, whatever
// latency the producer's pipeline has, and so does one behind a queue.
func TestASinkThatSynchronisesShowsEveryFrame(t *testing.T) {
	type producer struct {
		name, upstream string
		latency, rate  int
	}
	var producers []producer
	for _, latency := range []int{0, 33, 200, 2000} {
		for _, rate := range []int{30, 60, 120} {
			producers = append(producers, producer{"late frames", lateFrames, latency, rate})
		}
	}
	for _, latency := range []int{200, 2000} {
		for _, rate := range []int{30, 60} {
			producers = append(producers, producer{"jitter buffer", jitterBuffer, latency, rate})
		}
	}
	for _, p := range producers {
		t.Run(fmt.Sprintf("%s of %d ms at %d frames/s", p.name, p.latency, p.rate), func(t *testing.T) {
			t.Parallel()
			if p.upstream == jitterBuffer {
				needs(t, "rtpvrawpay", "rtpjitterbuffer")
			}
			upstream := "identity"
			if p.latency > 0 {
				upstream = fmt.Sprintf(p.upstream, p.latency)
			}
			// Slots for two readers that hold all they may.
			producer := launch(t, "videotestsrc is-live=true ! video/x-raw,format=UYVY,width=64,height=48,framerate=%d/1 ! %s ! bipssink pool=%s slots=32",
				p.rate, upstream, poolName(t))
			t.Cleanup(producer.interrupt)
			c := consumer(t, poolName(t), bips.ConsumerOptions{Mode: bips.Latest})
			for steady, last := 0, time.Duration(0); steady < 10; steady++ { // a jitter buffer begins with a burst
				f := pull(t, c)
				if f.PublishTime-last < time.Second/time.Duration(2*p.rate) {
					steady = 0
				}
				last = f.PublishTime
				c.giveBack(f)
			}
			c.leave()
			n := 2 * p.rate
			var readers []*pipeline
			for _, sink := range []string{"fakesink sync=true", "queue ! fakesink sync=true"} {
				readers = append(readers, launch(t, "bipssrc name=src pool=%s num-buffers=%d ! identity silent=false ! %s", poolName(t), n, sink))
			}
			for _, r := range readers {
				r.finish()
				// On a machine that does other things as well a frame may be skipped; of half of
				// them, or most, it is not the machine.
				got := r.stats("src")
				if got["skipped"] > uint64(n)/5 || got["copied"] > uint64(n)/10 || got["lost"] > 0 {
					t.Errorf("of %d frames: %v: %s", n, got, r.line)
				}
				buffers := r.buffers()
				for i, b := range buffers[1:] {
					if b.pts <= buffers[i].pts {
						t.Errorf("PTS %v after %v: %s", b.pts, buffers[i].pts, r.line)
					}
				}
			}
		})
	}
}

// Whoever is ten times too slow, and shows frames when it has them, gets the newest each time.
func TestASlowReaderGetsTheNewestFrame(t *testing.T) {
	t.Parallel()
	for _, upstream := range []string{lateFrames, jitterBuffer} {
		t.Run(upstream, func(t *testing.T) {
			t.Parallel()
			needs(t, "rtpvrawpay", "rtpjitterbuffer")
			source := launch(t, "bipssrc name=src pool=%s ! identity silent=false sleep-time=333333 ! fakesink sync=false", poolName(t))
			source.waitFor(1, "^Setting pipeline to PLAYING")
			launch(t, "videotestsrc is-live=true num-buffers=100 ! video/x-raw,format=UYVY,width=64,height=48,framerate=30/1 ! %s ! bipssink pool=%s",
				fmt.Sprintf(upstream, 1000), poolName(t)).finish()
			source.finish()
			got := source.stats("src")
			if got["received"] > 25 || got["received"]+got["skipped"] < 95 {
				t.Errorf("counters %v: want one frame of ten, and all others passed by", got)
			}
			// The frame that is given is the newest, so it is as far from the one before as the
			// reader took for that.
			buffers := source.buffers()
			for i := 2; i+1 < len(buffers); i++ {
				apart := buffers[i].pts - buffers[i-1].pts
				if apart < 250*time.Millisecond {
					t.Errorf("buffer %d is %v after the one before, which took 333ms", i, apart)
				}
			}
		})
	}
}

// Frames that depend on those before them are all read by default, and whoever wants the
// newest only is warned.
func TestDependentFramesAreAllReadUnlessTheUserForcesOtherwise(t *testing.T) {
	t.Parallel()
	const caps = "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au"
	w := write(t, poolName(t), bips.ProducerOptions{Caps: caps})
	w.caps(caps)
	auto := launch(t, "bipssrc name=src pool=%s ! identity sleep-time=20000 ! fakesink", poolName(t))
	forced := launch(t, "bipssrc name=src pool=%s read-mode=latest ! identity sleep-time=20000 ! fakesink", poolName(t))
	w.awaits(2)
	w.frames(40)
	w.endOfStream()
	auto.finish()
	forced.finish()
	auto.stats("src").want(t, counts{"received": 40, "skipped": 0, "lost": 0})
	if said := len(forced.matches(`WARNING.*read-mode=auto or every`)); said == 0 {
		t.Errorf("nothing said that read-mode=latest breaks the pictures: %s", forced.said())
	}
	if said := auto.matches("WARNING"); len(said) > 0 {
		t.Errorf("warned of nothing: %q", said)
	}
}

// The packets of a transport stream come in bursts of more than the pool has slots, so that it is full
// each time; and they are so many that it keeps them for a few milliseconds only, where tsdemux waits for
// 700. With a queue behind it, or as quick as a pipeline is that decodes, the reader gets every one.
func TestBurstsOfPacketsAreNotMistakenForAReaderThatWaitsTooLong(t *testing.T) {
	t.Parallel()
	needs(t, "x264enc", "h264parse", "mpegtsmux", "tsdemux")
	pool := poolName(t)
	source := launch(t, "bipssrc name=src pool=%s ! queue max-size-buffers=0 max-size-bytes=0 max-size-time=3000000000 ! tsdemux ! h264parse ! fakesink sync=true", pool)
	sink := launch(t, "videotestsrc is-live=true num-buffers=60 pattern=snow ! video/x-raw,format=I420,width=160,height=120,framerate=30/1 ! x264enc tune=zerolatency key-int-max=15 ! mpegtsmux ! bipssink pool=%s wait-for-consumers=1", pool)
	sink.finish()
	source.finish()
	source.stats("src").want(t, counts{"lost": 0, "demoted": 0})
}

// A jitter buffer's whole latency is more than the pool keeps. Whoever reads every frame gets them
// all the same: its sink waits for as long as the pool keeps frames, and GStreamer warns. Nobody
// else notices.
func TestAReaderOfEveryFrameBehindMoreLatencyThanThePoolKeeps(t *testing.T) {
	t.Parallel()
	needs(t, "rtpvrawpay", "rtpjitterbuffer")
	producer := launch(t, "videotestsrc is-live=true ! video/x-raw,format=UYVY,width=64,height=48,framerate=30/1 ! %s ! bipssink name=sink pool=%s",
		fmt.Sprintf(jitterBuffer, 2000), poolName(t))
	preview := launch(t, "bipssrc name=src pool=%s max-held=2 ! fakesink sync=false", poolName(t))
	pull(t, consumer(t, poolName(t), bips.ConsumerOptions{Mode: bips.Latest, MaxHeld: 1}))
	time.Sleep(2500 * time.Millisecond) // the jitter buffer begins with a burst, when its latency is over
	source := launch(t, "bipssrc name=src pool=%s read-mode=every num-buffers=90 ! identity silent=false ! fakesink sync=true", poolName(t))
	source.finish()
	source.stats("src").want(t, counts{"received": 90, "lost": 0, "skipped": 0, "demoted": 0})
	source.waitFor(1, "WARNING.*please add queues")
	buffers := source.buffers()
	for i, b := range buffers[1:] {
		if apart := b.pts - buffers[i].pts; apart < 10*time.Millisecond || apart > 60*time.Millisecond {
			t.Errorf("buffer %d was captured %v after the one before", i+1, apart)
		}
	}
	producer.interrupt()
	preview.interrupt()
	producer.stats("sink").want(t, counts{"demoted": 0, "dropped": 0})
}

// Sound and picture in one pipeline, without queues: the picture's latency is more than the sound's
// pool keeps. That sound reader is not waited for, after a warning, and who else reads the sound
// gets all of it. With queues, nothing is lost.
func TestSoundAndPictureOfTwoPools(t *testing.T) {
	t.Parallel()
	const (
		picture = "videotestsrc is-live=true ! video/x-raw,format=GRAY8,width=64,height=48,framerate=30/1 ! " + lateFrames + " ! bipssink pool=%s-v"
		sound   = "audiotestsrc is-live=true samplesperbuffer=480 ! audio/x-raw,rate=48000,channels=1 ! bipssink name=sink pool=%s-a"
		both    = "bipssrc name=v pool=%[1]s-v read-mode=every ! %[2]s fakesink sync=true bipssrc name=src pool=%[1]s-a ! %[2]s fakesink sync=true"
	)
	for _, c := range []struct{ name, queue string }{{"no queues", ""}, {"queues", "queue !"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := poolName(t)
			producer := launch(t, picture+" "+sound, 400, pool, pool)
			other := launch(t, "bipssrc name=src pool=%s-a read-mode=every ! identity silent=false ! fakesink sync=false", pool)
			other.waitFor(50, passed)
			source := launch(t, both, pool, c.queue)
			warnings := `WARNING.*bipssrc|queue behind bipssrc`
			if c.queue == "" {
				source.waitFor(1, warnings)
			} else {
				time.Sleep(2 * time.Second)
			}
			before := len(other.buffers())
			other.waitFor(before+200, passed) // two seconds of sound
			source.interrupt()
			other.interrupt()
			producer.interrupt()
			got := source.stats("src")
			if c.queue != "" && (got["lost"] > 0 || len(source.matches(warnings)) > 0) {
				t.Errorf("with queues: %v, %q", got, source.matches(warnings))
			}
			other.stats("src").want(t, counts{"lost": 0, "skipped": 0})
		})
	}
}

// What upstream's latency is reaches the readers, also when it changes while the pipeline plays.
func TestTheProducersLatencyIsFollowed(t *testing.T) {
	t.Parallel()
	needs(t, "rtpvrawpay", "rtpjitterbuffer")
	d := drive(t, nil)
	d.do("make sink videotestsrc is-live=true ! video/x-raw,format=UYVY,width=64,height=48,framerate=30/1 ! rtpvrawpay ! rtpjitterbuffer name=buffer latency=200 ! rtpvrawdepay ! bipssink pool="+poolName(t),
		"reach sink playing")
	c := consumer(t, poolName(t), bips.ConsumerOptions{})
	until := func(least, most time.Duration) {
		t.Helper()
		for start := time.Now(); ; {
			f := pull(t, c)
			latency, known := f.Latency.Duration()
			c.giveBack(f)
			if known && latency >= least && latency < most {
				return
			}
			if time.Since(start) > patience {
				t.Fatalf("the latency is %v, known %v, want %v to %v", latency, known, least, most)
			}
		}
	}
	until(200*time.Millisecond, 300*time.Millisecond)
	d.do("put sink.buffer latency=700", "latency sink")
	until(700*time.Millisecond, 800*time.Millisecond)
	d.do("drop sink")
	d.quit()
}

// A producer that was live and is not any more does not go on to say so: its readers would pass by
// frames that come before their own beginning, as those of a camera, and a file's are all wanted.
func TestAProducerThatIsNotLiveAnyMoreSaysSo(t *testing.T) {
	t.Parallel()
	d := drive(t, nil)
	d.do("make p videotestsrc name=v is-live=true ! video/x-raw,format=GRAY8,width=64,height=48,framerate=30/1 ! bipssink pool="+poolName(t), "set p playing")
	for _, live := range []bool{true, false, true} {
		c := consumer(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every})
		for i := range 3 {
			f := pull(t, c)
			if f.Latency.Known() != live {
				t.Errorf("live: %v: frame %d tells a latency: %v", live, i, f.Latency)
			}
			c.giveBack(f)
		}
		c.leave()
		d.do("set p ready", fmt.Sprintf("put p.v is-live=%v", !live), "set p playing")
	}
	d.do("drop p")
	d.quit()
}
