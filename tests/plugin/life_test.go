package plugin

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

func TestTheReaderMayStartFirst(t *testing.T) {
	t.Parallel()
	source := launch(t, "bipssrc pool=%s read-mode=every name=src ! %s", poolName(t), checksumSink)
	source.waitFor(1, "^Setting pipeline to PLAYING")
	p := launch(t, "videotestsrc num-buffers=20 ! %s ! bipssink pool=%s sync=false wait-for-consumers=1", small, poolName(t))
	p.finish()
	source.finish()
	source.stats("src").want(t, counts{"received": 20, "lost": 0, "instances": 1})
}

func TestTheWriterMayStartFirst(t *testing.T) {
	t.Parallel()
	p := launch(t, "%s ! bipssink pool=%s", endless, poolName(t))
	pull(t, consumer(t, poolName(t), bips.ConsumerOptions{})) // it streams
	source := launch(t, "bipssrc pool=%s num-buffers=5 ! fakesink", poolName(t))
	source.finish()
	p.interrupt()
}

// A still picture, or a slow camera: who joins late gets the frame there is at once.
func TestALateReaderGetsTheNewestFrameAtOnce(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	sums := w.frames(3)
	source := launch(t, "bipssrc pool=%s num-buffers=1 ! %s", poolName(t), checksumSink)
	source.finish() // no other frame comes
	same(t, "the newest frame", source.checksums(), sums[2:])
}

func TestEndOfStream(t *testing.T) {
	t.Run("eos", func(t *testing.T) {
		t.Parallel()
		w := write(t, poolName(t), bips.ProducerOptions{})
		source := launch(t, "bipssrc pool=%s read-mode=every ! %s", poolName(t), checksumSink)
		w.awaits(1)
		sums := w.frames(5)
		w.endOfStream()
		source.finish()
		same(t, "frames", source.checksums(), sums)
	})
	t.Run("wait", func(t *testing.T) {
		t.Parallel()
		w := write(t, poolName(t), bips.ProducerOptions{})
		source := launch(t, "bipssrc pool=%s read-mode=every on-eos=wait ! %s", poolName(t), checksumSink)
		w.awaits(1)
		sums := w.frames(5)
		w.endOfStream()
		sums = append(sums, w.frames(5)...)
		source.waitFor(10, checksumLine.String())
		source.interrupt()
		same(t, "frames", source.checksums(), sums)
	})
	t.Run("wait for the next producer", func(t *testing.T) {
		t.Parallel()
		source := launch(t, "bipssrc name=src pool=%s read-mode=every on-eos=wait ! %s", poolName(t), checksumSink)
		for range 2 {
			launch(t, "videotestsrc num-buffers=5 ! %s ! bipssink pool=%s sync=false wait-for-consumers=1", small, poolName(t)).finish()
		}
		source.waitFor(10, checksumLine.String())
		source.interrupt()
		source.stats("src").want(t, counts{"received": 10, "instances": 2, "lost": 0})
	})
}

// The producer is killed, as by the system when memory runs out: the source finds the
// next one by itself, and frames go on.
func TestTheProducerIsKilledAndStartedAnew(t *testing.T) {
	t.Parallel()
	sweep(t, poolName(t))
	producer := func() *pipeline { return launch(t, "%s ! bipssink pool=%s", endless, poolName(t)) }
	p := producer()
	source := launch(t, "bipssrc name=src pool=%s ! identity silent=false ! fakesink", poolName(t))
	source.waitFor(5, passed)
	p.kill()
	for range 2 {
		seen := len(source.matches(passed))
		p = producer()
		source.waitFor(seen+5, passed)
		p.kill()
	}
	source.interrupt()
	source.stats("src").want(t, counts{"instances": 3})
	if n := len(source.matches(passed + ".* discont ")); n < 3 {
		t.Errorf("got %d frames that say DISCONT, want one for each producer", n)
	}
}

func TestOnProducerLoss(t *testing.T) {
	for _, c := range []struct {
		what string
		then func(p *pipeline)
	}{
		{"wait", func(p *pipeline) {
			p.interrupt()
		}},
		{"eos", func(p *pipeline) {
			p.waitFor(1, `Got EOS`)
			p.finish()
		}},
		{"error", func(p *pipeline) {
			p.fail("producer lost", "on-producer-loss=wait")
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			sweep(t, poolName(t))
			p := launch(t, "%s ! bipssink pool=%s", endless, poolName(t))
			source := launch(t, "bipssrc pool=%s on-producer-loss=%s ! identity silent=false ! fakesink", poolName(t), c.what)
			source.waitFor(3, passed)
			p.kill()
			c.then(source)
		})
	}
}

// A reader is killed while it holds slots and while the producer waits for it: the
// producer and the other readers go on.
func TestAReaderIsKilled(t *testing.T) {
	t.Parallel()
	const beginning = "videotestsrc num-buffers=100 ! " + small
	want := reference(t, beginning)
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	source := launch(t, "bipssrc pool=%s read-mode=every ! queue min-threshold-buffers=1000 max-size-buffers=2000 ! fakesink sync=false", poolName(t))
	stuck := launch(t, "bipssrc pool=%s read-mode=every ! identity silent=false sleep-time=100000000 ! fakesink", poolName(t))
	p := launch(t, "%s ! bipssink name=sink pool=%s slots=20 sync=false wait-for-consumers=3", beginning, poolName(t))
	stuck.waitFor(1, passed)
	stuck.kill()
	source.kill()
	p.finish()
	same(t, "the reader that lives", sums(r.all()), want)
	if got := p.stats("sink"); got["reclaimed"] == 0 || got["consumers"] > 1 {
		t.Errorf("the dead readers' seats were not taken back: %v", got)
	}
}

func TestConnectTimeout(t *testing.T) {
	t.Parallel()
	p := launch(t, "bipssrc pool=%s connect-timeout=200000000 ! fakesink", poolName(t))
	p.fail(poolName(t), "start its producer")
}

// A producer that is away for longer later is none of it: on-producer-loss says what to do then.
func TestConnectTimeoutIsForTheFirstPoolOnly(t *testing.T) {
	t.Parallel()
	const timeout = 200 * time.Millisecond
	first := launch(t, "%s ! bipssink pool=%s", endless, poolName(t))
	first.waitFor(1, "^Setting pipeline to PLAYING")
	source := launch(t, "bipssrc name=src pool=%s connect-timeout=%d ! identity silent=false ! fakesink", poolName(t), 10*timeout)
	source.waitFor(3, passed)
	first.kill()
	time.Sleep(11 * timeout)
	before := len(source.matches(passed))
	next := launch(t, "%s ! bipssink pool=%s", endless, poolName(t))
	source.waitFor(before+3, passed)
	source.interrupt()
	next.interrupt()
	source.stats("src").want(t, counts{"instances": 2})
}

// A pause takes nothing from the time to find the pool.
func TestConnectTimeoutStandsStillInAPause(t *testing.T) {
	t.Parallel()
	d := drive(t, nil)
	d.do("make r bipssrc pool="+poolName(t)+" connect-timeout=200000000 read-mode=every num-buffers=1 ! fakesink async=false",
		"set r playing")
	time.Sleep(50 * time.Millisecond)
	d.do("set r paused")
	time.Sleep(time.Second)
	w := write(t, poolName(t), bips.ProducerOptions{})
	d.do("set r playing")
	w.awaits(1)
	w.frame()
	d.do("eos r") // the frame has come
	d.quit()
}

// What a pipeline left behind after a clean exit is the lock file.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	for name, end := range map[string]func(p, source *pipeline){
		"end of stream": func(p, source *pipeline) { p.finish(); source.finish() },
		"the sink is interrupted": func(p, source *pipeline) {
			source.waitFor(1, passed)
			p.interrupt()
			source.interrupt()
		},
		"the source is interrupted": func(p, source *pipeline) {
			source.waitFor(1, passed)
			source.interrupt()
			p.interrupt()
		},
	} {
		buffers := ""
		if name == "end of stream" {
			buffers = "num-buffers=10"
		}
		p := launchWith(t, dir.use, "videotestsrc %s ! %s ! bipssink pool=left wait-for-consumers=1", buffers, small)
		source := launchWith(t, dir.use, "bipssrc pool=left ! identity silent=false ! fakesink")
		end(p, source)
		dir.isClean(t, name)
	}
}
