package plugin

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

const live100 = "videotestsrc is-live=true ! video/x-raw,format=GRAY8,width=64,height=48,framerate=100/1"

// Frames that are dropped are told of, on both sides: the first by a warning, and all of them by QoS
// messages, of which there is at most one a second.
func TestDroppedFramesAreTold(t *testing.T) {
	t.Parallel()
	const qos = `\(qos\): GstMessageQOS.* dropped=\(guint64\)[1-9]`
	for _, mode := range []string{"every", "latest"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			goOn := make(chan struct{})
			hung := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1}, func(*seen) { <-goOn })
			reader := launch(t, "-m bipssrc name=src pool=%s read-mode=%s ! identity silent=false ! fakesink sync=false", poolName(t), mode)
			p := launch(t, "-e -m %s ! bipssink name=sink pool=%s slots=10 overflow=drop block-timeout=-1 wait-for-consumers=2", live100, poolName(t))
			reader.waitFor(3, passed)
			p.waitFor(2, qos) // a second apart: until then some 90 more were dropped
			close(goOn)
			reader.waitFor(1, qos)
			reader.waitFor(len(reader.matches(passed))+50, passed)
			p.signal(syscall.SIGINT)
			p.finish()
			reader.finish()
			hung.all()
			if told := p.matches("^WARNING.*A frame was dropped, as no slot of pool"); len(told) != 1 {
				t.Errorf("the sink warned %d times of dropped frames: %q", len(told), told)
			}
			if told := reader.matches("^WARNING.*frames of pool .* are lost, as its producer has dropped them"); len(told) != 1 {
				t.Errorf("the source warned %d times of lost frames: %q", len(told), told)
			}
			dropped, seen := p.stats("sink")["dropped"], reader.stats("src")
			if dropped < 90 || seen["lost"] != dropped {
				t.Errorf("%d frames were dropped, %d lost", dropped, seen["lost"])
			}
			if messages := len(p.matches(qos)); messages > 10 || uint64(messages) > dropped/10 {
				t.Errorf("%d QoS messages for %d frames", messages, dropped)
			}
		})
	}
}

// A reader that gives each slot back in time is never demoted. Where it is slower than a live source, the source is held up with every
// frame, which is told once: nobody counts what it loses. A source that is not live has time.
func TestALiveSourceThatIsHeldUpIsTold(t *testing.T) {
	t.Parallel()
	const told = "^WARNING.*A reader of every frame holds the live source up"
	for name, c := range map[string]struct {
		live  string
		times int
	}{"live": {"true", 1}, "not live": {"false", 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader := launch(t, "bipssrc name=src pool=%s read-mode=every ! identity sleep-time=300000 ! fakesink sync=false", poolName(t))
			p := launch(t, "videotestsrc is-live=%s num-buffers=40 ! %s,framerate=100/1 ! bipssink name=sink pool=%s wait-for-consumers=1 block-timeout=-1",
				c.live, small, poolName(t))
			p.finish()
			reader.finish()
			if said := p.matches(told); len(said) != c.times {
				t.Errorf("told %d times, want %d: %q", len(said), c.times, said)
			}
			p.stats("sink").want(t, counts{"demoted": 0, "dropped": 0})
		})
	}
}

// A reader that was not waited for any longer is told so, as is its producer; and that it is waited for again.
func TestADemotionIsToldAndItsEnd(t *testing.T) {
	t.Parallel()
	reader := launch(t, "-m bipssrc name=src pool=%s read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
	other := launch(t, "bipssrc name=src pool=%s read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
	p := launch(t, "-e %s ! bipssink name=sink pool=%s wait-for-consumers=2", live100, poolName(t))
	for n := 1; n <= 2; n++ { // each is told
		reader.waitFor(len(reader.matches(passed))+3, passed)
		reader.signal(syscall.SIGSTOP)
		p.waitFor(n, fmt.Sprintf(`^WARNING.*A reader \(process %d\) of every frame kept the slots of pool`, reader.command.Process.Pid))
		other.waitFor(len(other.matches(passed))+50, passed) // more than the pool has room for
		reader.signal(syscall.SIGCONT)
		reader.waitFor(n, "^WARNING.*has waited for this reader for its block-timeout")
		reader.waitFor(n, `The producer of pool .* waits for this reader again`)
	}
	reader.waitFor(1, `\(qos\): GstMessageQOS.* dropped=\(guint64\)[1-9]`)
	p.signal(syscall.SIGINT)
	p.finish()
	reader.finish()
	other.finish()
	p.stats("sink").want(t, counts{"demoted": 2, "dropped": 0})
	other.stats("src").want(t, counts{"lost": 0, "demoted": 0})
	got := reader.stats("src")
	got.want(t, counts{"demoted": 2, "skipped": 0})
	if got["lost"] == 0 || got["lost"]+got["received"]+got["early"] != p.stats("sink")["in-place"] {
		t.Errorf("counters: %v, of %d frames", got, p.stats("sink")["in-place"])
	}
	const discont = 1 << 6
	jumps := 0
	for _, b := range reader.buffers()[1:] {
		if b.flags&discont != 0 {
			jumps++
		}
	}
	if jumps < 2 {
		t.Errorf("%d buffers say DISCONT", jumps)
	}
}

// Readers whose sinks wait for ever, as one does for a frame with a time far ahead, or those of an RTSP server
// before a client plays, are not waited for any longer once each, and nobody else loses a frame.
func TestReadersThatNeverComeBackAreWaitedForOnce(t *testing.T) {
	t.Parallel()
	const n = 3
	other := launch(t, "bipssrc name=src pool=%s read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
	var hung []*pipeline
	for range n {
		hung = append(hung, launch(t, "bipssrc pool=%s read-mode=every ! identity silent=false ! fakesink sync=true async=false ts-offset=3600000000000", poolName(t)))
	}
	p := launch(t, "-e %s ! bipssink name=sink pool=%s wait-for-consumers=%d", live100, poolName(t), 1+n)
	for _, r := range hung {
		r.waitFor(1, passed)
	}
	other.waitFor(400, passed)
	p.signal(syscall.SIGINT)
	p.finish()
	other.finish()
	p.stats("sink").want(t, counts{"demoted": n, "dropped": 0})
	other.stats("src").want(t, counts{"lost": 0, "demoted": 0})
}
