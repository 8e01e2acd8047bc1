package plugin

import (
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// What gst-launch-1.0 -m prints of the two messages.
const (
	stalledMessage = `bips-stalled, pool=\(string\)`
	resumedMessage = `bips-resumed, pool=\(string\)`
)

var durationField = regexp.MustCompile(`duration=\(guint64\)(\d+)`)

// durationIn is the field duration of a message.
func durationIn(t *testing.T, message string) time.Duration {
	t.Helper()
	field := durationField.FindStringSubmatch(message)
	if field == nil {
		t.Fatalf("%q has no duration", message)
	}
	ns, err := strconv.ParseInt(field[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(ns)
}

// A producer is stopped, as by a debugger, again and again: each time that is one stall, which ends with the next frame.
func TestAStoppedProducerIsToldAsAStallAndItsNextFrameAsTheEndOfIt(t *testing.T) {
	for _, mode := range []string{"every", "latest"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			const timeout = 500 * time.Millisecond // frames come each 33 ms, on a busy machine too
			p := launch(t, "%s ! bipssink pool=%s", endless, poolName(t))
			source := launch(t, "-m bipssrc name=src pool=%s read-mode=%s on-producer-loss=error stall-timeout=%d ! identity silent=false ! fakesink sync=false", poolName(t), mode, timeout)
			source.waitFor(3, passed)
			for i := 1; i <= 2; i++ {
				p.signal(syscall.SIGSTOP)
				told := source.waitFor(i, stalledMessage+poolName(t)+", ")
				time.Sleep(settle) // it is told once
				if got := durationIn(t, told); got != timeout {
					t.Errorf("told of %v, want %v", got, timeout)
				}
				p.signal(syscall.SIGCONT)
				if got := durationIn(t, source.waitFor(i, resumedMessage+poolName(t)+", ")); got < timeout+settle/2 {
					t.Errorf("it took %v, want %v at least", got, timeout+settle/2)
				}
				source.waitFor(len(source.matches(passed))+3, passed)
				if n := len(source.matches(stalledMessage)); n != i {
					t.Errorf("told %d times of %d stalls", n, i)
				}
			}
			source.interrupt()
			source.stats("src").want(t, counts{"stalls": 2, "instances": 1})
			p.interrupt()
		})
	}
}

// A pipeline that is paused lives, and gives no frame.
func TestAPausedProducerIsAStall(t *testing.T) {
	t.Parallel()
	d := drive(t, nil)
	d.do("make sink "+endless+" ! bipssink pool="+poolName(t), "reach sink playing")
	source := launch(t, "-m bipssrc pool=%s stall-timeout=300000000 ! fakesink sync=false", poolName(t))
	source.waitFor(1, "^Setting pipeline to PLAYING|^Pipeline is live")
	d.do("reach sink paused")
	source.waitFor(1, stalledMessage)
	d.do("set sink playing")
	source.waitFor(1, resumedMessage)
	source.interrupt()
	d.quit()
}

// No stall: a producer that is killed, and the wait for the next one; a source that is paused; a stream
// that has ended.
func TestWhatIsNoStallIsNotTold(t *testing.T) {
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		sweep(t, poolName(t))
		p := launch(t, "videotestsrc is-live=true ! video/x-raw,format=GRAY8,width=64,height=48,framerate=1000/1 ! bipssink pool=%s", poolName(t))
		source := launch(t, "-m bipssrc name=src pool=%s stall-timeout=1000000000 ! identity silent=false ! fakesink sync=false", poolName(t))
		source.waitFor(3, passed)
		p.kill()
		time.Sleep(2500 * time.Millisecond)
		source.interrupt()
		source.stats("src").want(t, counts{"stalls": 0, "instances": 1})
	})
	t.Run("paused", func(t *testing.T) {
		t.Parallel()
		w := write(t, poolName(t), bips.ProducerOptions{})
		d := drive(t, nil)
		d.do("make r bipssrc name=src pool="+poolName(t)+" read-mode=every stall-timeout=100000000 ! fakesink async=false", "set r playing")
		w.awaits(1)
		d.do("reach r paused")
		before := d.do("get r.src stats")
		time.Sleep(10 * settle)
		if after := d.do("get r.src stats"); after != before {
			t.Errorf("while it was paused the counters changed from %s to %s", before, after)
		}
		d.quit()
	})
	t.Run("ended", func(t *testing.T) {
		t.Parallel()
		w := write(t, poolName(t), bips.ProducerOptions{})
		source := launch(t, "-m bipssrc name=src pool=%s read-mode=every on-eos=wait stall-timeout=1000000000 ! identity silent=false ! fakesink sync=false", poolName(t))
		w.awaits(1)
		w.frame()
		w.endOfStream()
		source.waitFor(1, passed)
		time.Sleep(2500 * time.Millisecond)
		if told := source.matches(stalledMessage); len(told) > 0 {
			t.Errorf("told after the end of the stream: %q", told)
		}
		w.frame()
		source.waitFor(2, passed)
		source.waitFor(1, stalledMessage)
		source.interrupt()
	})
}
