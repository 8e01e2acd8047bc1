package plugin

import (
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// gst-launch-1.0 -e: one Ctrl-C ends the stream, and the pipeline with it, whatever keeps the sink from
// publishing, and nothing is left behind. Where no block-timeout is set, readers of a source that is not live are waited
// for as long as it takes; not so when the end is asked for.
func TestCtrlCEndsTheStreamWhateverHoldsTheSinkUp(t *testing.T) {
	const live = "videotestsrc is-live=true ! video/x-raw,format=GRAY8,width=64,height=48,framerate=100/1"
	const flatOut = "videotestsrc ! " + small
	every := func(t *testing.T, dir ownDirectory) *pipeline {
		t.Helper()
		return launchWith(t, dir.use, "bipssrc pool=p read-mode=every ! identity silent=false ! fakesink sync=false")
	}
	stopped := func(t *testing.T, dir ownDirectory) func() {
		r := every(t, dir)
		return func() {
			r.waitFor(3, passed)
			r.signal(syscall.SIGSTOP)
			time.Sleep(settle)
		}
	}
	// Its sink waits for its clock for ever.
	full := func(t *testing.T, dir ownDirectory) func() {
		r := launchWith(t, dir.use, "bipssrc pool=p read-mode=every ! identity silent=false ! fakesink sync=true async=false ts-offset=3600000000000")
		return func() {
			r.waitFor(1, passed)
			time.Sleep(settle)
		}
	}
	dead := func(t *testing.T, dir ownDirectory) func() {
		r := every(t, dir)
		return func() {
			r.waitFor(3, passed)
			r.kill()
		}
	}
	nobody := func(t *testing.T, dir ownDirectory) func() {
		return func() { time.Sleep(settle) }
	}
	for _, c := range []struct {
		name, line string
		reader     func(*testing.T, ownDirectory) (wait func())
		begun      string // what the pipeline says
	}{
		{"no reader yet", flatOut + " ! bipssink pool=p wait-for-consumers=1", nobody, "PREROLLING"},
		{"no reader yet, behind a queue", flatOut + " ! queue ! bipssink pool=p wait-for-consumers=1", nobody, "PREROLLING"},
		{"no reader yet, of what is encoded", flatOut + " ! jpegenc ! bipssink pool=p wait-for-consumers=1", nobody, "PREROLLING"},
		{"no reader yet, live", live + " ! bipssink pool=p wait-for-consumers=1", nobody, "Setting pipeline to PLAYING"},
		{"a stopped reader", flatOut + " ! bipssink pool=p sync=false wait-for-consumers=1", stopped, ""},
		{"a stopped reader, behind a queue", flatOut + " ! queue ! bipssink pool=p sync=false wait-for-consumers=1", stopped, ""},
		{"a stopped reader, behind a tee", flatOut + " ! tee ! bipssink pool=p sync=false wait-for-consumers=1", stopped, ""},
		{"a stopped reader, live", live + " ! bipssink pool=p wait-for-consumers=1", stopped, ""},
		{"a stopped reader, dropping", live + " ! bipssink pool=p overflow=drop block-timeout=-1 wait-for-consumers=1", stopped, ""},
		{"a stopped reader, the sink named first", "bipssink name=s pool=p sync=false wait-for-consumers=1 " + flatOut + " ! s.", stopped, ""},
		{"a stopped reader, in a bin", "( " + flatOut + " ! bipssink pool=p sync=false wait-for-consumers=1 )", stopped, ""},
		{"a full pool", flatOut + " ! bipssink pool=p sync=false wait-for-consumers=1", full, ""},
		{"a full pool, live", live + " ! bipssink pool=p block-timeout=-1 wait-for-consumers=1", full, ""},
		{"a dead reader", flatOut + " ! bipssink pool=p sync=false wait-for-consumers=1", dead, ""},
		{"a dead reader, live", live + " ! bipssink pool=p wait-for-consumers=1", dead, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := ownDir(t)
			wait := c.reader(t, dir)
			p := launchWith(t, dir.use, "-e %s", c.line)
			if c.begun != "" {
				p.waitFor(1, c.begun)
			}
			wait()
			p.signal(syscall.SIGINT)
			if err := p.wait(impatience); err != nil {
				t.Errorf("it ended with %v", err)
			}
			if len(p.matches("^Got EOS")) == 0 {
				t.Error("the stream did not end")
			}
			dir.isClean(t, "after the end")
		})
	}
}

// The same, when the end was about to be published by itself: it needs a slot, and a reader keeps them all.
func TestCtrlCEndsAStreamWhoseEndAReaderHoldsUp(t *testing.T) {
	t.Parallel()
	c := consumer(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	p := launch(t, "-e videotestsrc num-buffers=9 ! %s ! bipssink name=sink pool=%s slots=8 sync=false wait-for-consumers=1", small, poolName(t))
	c.giveBack(pull(t, c))
	time.Sleep(settle)
	p.signal(syscall.SIGINT)
	if err := p.wait(impatience); err != nil {
		t.Errorf("it ended with %v", err)
	}
	p.stats("sink").want(t, counts{"in-place": 9, "demoted": 1})
}

// A pipeline that is not live waits for its readers before its time begins, however late they come: none of them
// gets a frame with a time that was made up.
func TestTheTimeOfAPipelineBeginsWhenItsReadersAreThere(t *testing.T) {
	t.Parallel()
	const n = 10
	p := launch(t, "videotestsrc num-buffers=%d ! video/x-raw,format=GRAY8,width=64,height=48,framerate=10/1 ! bipssink name=sink pool=%s wait-for-consumers=2", n, poolName(t))
	p.waitFor(1, "The pipeline waits for 2 readers of pool .*, of which 0 are there")
	first := launch(t, "bipssrc name=src pool=%s read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
	time.Sleep(time.Second) // of which the frames' times must not show anything
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	p.finish()
	first.finish()
	if frames := r.all(); len(frames) != n {
		t.Errorf("a reader got %d frames, want %d", len(frames), n)
	}
	buffers := first.buffers()
	if len(buffers) != n {
		t.Fatalf("a reader got %d frames, want %d", len(buffers), n)
	}
	for i, b := range buffers[1:] {
		if apart := b.pts - buffers[i].pts; !about(apart, 100*time.Millisecond) {
			t.Errorf("frame %d comes %v after the one before", i+1, apart)
		}
	}
	if b := buffers[0]; b.pts < 900*time.Millisecond {
		t.Errorf("the first frame has PTS %v, though it was published after a second", b.pts)
	}
	first.stats("src").want(t, counts{"early": 0, "lost": 0})
	p.stats("sink").want(t, counts{"early": 0, "in-place": n})
}

// A live one cannot wait. What it gives before its readers are there is not published, and counted.
func TestALivePipelinePublishesNothingBeforeItsReadersAreThere(t *testing.T) {
	t.Parallel()
	p := launch(t, "videotestsrc is-live=true ! video/x-raw,format=GRAY8,width=64,height=48,framerate=50/1 ! bipssink name=sink pool=%s wait-for-consumers=1", poolName(t))
	p.waitFor(1, "wait-for-consumers=1")
	time.Sleep(settle)
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	got := pullSoon(t, r)
	p.interrupt()
	if stats := p.stats("sink"); stats["early"] == 0 || stats["in-place"] == 0 {
		t.Errorf("counters: %v", stats)
	}
	if got != 1 {
		t.Errorf("the reader began with frame %d", got)
	}
}

// pullSoon is the sequence of the first frame that a reader gets.
func pullSoon(t *testing.T, r *reader) uint64 {
	t.Helper()
	for end := time.Now().Add(patience); r.received.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the reader gets nothing")
		}
	}
	r.stop()
	return r.frames[0].Sequence
}
