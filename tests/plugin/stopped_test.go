package plugin

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// A producer that is stopped, as by a debugger, is not lost: readers wait, change their
// state, and go on when it does.
func TestTheProducerIsStoppedForAWhile(t *testing.T) {
	t.Parallel()
	p := launch(t, "%s ! bipssink pool=%s", endless, poolName(t))
	readers := drive(t, nil)
	names := []string{"every", "latest"}
	for _, mode := range names {
		readers.do(fmt.Sprintf("make %s bipssrc pool=%s read-mode=%[1]s on-producer-loss=error ! fakesink sync=false", mode, poolName(t)))
	}
	readers.forEach("set %s playing", names)
	readers.forEach("frames %s 3", names)
	p.signal(syscall.SIGSTOP)
	time.Sleep(settle) // more than a dead producer is noticed in
	readers.do("set every null", "set every playing", "set latest paused", "set latest playing")
	p.signal(syscall.SIGCONT)
	readers.forEach("frames %s 3", names)
	readers.quit()
	p.interrupt()
}

// Readers that are stopped: one of the latest frame holds nobody up; one of every frame is
// waited for, and after block-timeout not any more. Both go on when they are continued.
func TestReadersAreStoppedForAWhile(t *testing.T) {
	for _, c := range []struct {
		mode    string
		demoted uint64
	}{{"latest", 0}, {"every", 1}} {
		t.Run(c.mode, func(t *testing.T) {
			t.Parallel()
			r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
			stopped := launch(t, "bipssrc pool=%s read-mode=%s ! identity silent=false ! fakesink sync=false", poolName(t), c.mode)
			p := launch(t, "videotestsrc num-buffers=200 ! video/x-raw,format=GRAY8,width=64,height=48,framerate=100/1 ! bipssink name=sink pool=%s block-timeout=300000000 wait-for-consumers=2", poolName(t))
			stopped.waitFor(3, passed)
			stopped.signal(syscall.SIGSTOP)
			p.finish()
			stopped.signal(syscall.SIGCONT)
			stopped.finish()
			if n := len(r.all()); n != 200 {
				t.Errorf("the other reader got %d frames, want 200", n)
			}
			p.stats("sink").want(t, counts{"demoted": c.demoted, "dropped": 0})
		})
	}
}

// Behind a live source a reader of every frame that stops is not waited for longer than a second,
// whatever the policy is, unless block-timeout says otherwise.
func TestAStoppedReaderStarvesNobodyBehindALiveSource(t *testing.T) {
	for _, policy := range []string{"block", "drop"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			p := launch(t, "videotestsrc is-live=true ! video/x-raw,format=GRAY8,width=64,height=48,framerate=100/1 ! bipssink name=sink pool=%s overflow=%s", poolName(t), policy)
			stopped := launch(t, "bipssrc pool=%s read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
			other := launch(t, "bipssrc pool=%s read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
			stopped.waitFor(3, passed)
			other.waitFor(3, passed)
			stopped.signal(syscall.SIGSTOP)
			// More than what the pool has room for, and what may be published until then.
			other.waitFor(len(other.matches(passed))+200, passed)
			p.interrupt()
			p.stats("sink").want(t, counts{"demoted": 1})
			if dropped := p.stats("sink")["dropped"]; (dropped > 0) != (policy == "drop") {
				t.Errorf("%d frames dropped", dropped)
			}
		})
	}
}

// Behind a source that is not live it is waited for as long as it takes.
func TestAStoppedReaderIsWaitedForBehindASourceThatIsNotLive(t *testing.T) {
	t.Parallel()
	stopped := launch(t, "bipssrc name=src pool=%s read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
	p := launch(t, "videotestsrc num-buffers=100 ! video/x-raw,format=GRAY8,width=64,height=48,framerate=100/1 ! bipssink name=sink pool=%s wait-for-consumers=1", poolName(t))
	stopped.waitFor(3, passed)
	stopped.signal(syscall.SIGSTOP)
	time.Sleep(2 * time.Second) // twice as long as behind a live source
	stopped.signal(syscall.SIGCONT)
	p.finish()
	stopped.finish()
	p.stats("sink").want(t, counts{"demoted": 0, "dropped": 0})
	stopped.stats("src").want(t, counts{"received": 100, "lost": 0})
}

// A source that waits for a pool that never comes is started and stopped at any moment. Its sink
// is not to wait for a first frame: with connect-timeout it gets an end of stream instead, keeps
// the streaming thread in that wait, and then no event can be sent to any source.
func TestAWaitForAPoolIsEndedAtAnyMoment(t *testing.T) {
	t.Parallel()
	d := drive(t, nil)
	for i := range 100 {
		how := [...]string{"", " connect-timeout=20000000", " read-mode=every"}[i%3]
		d.do("make r bipssrc pool="+poolName(t)+how+" ! fakesink async=false", "set r playing")
		time.Sleep(rand.N(50 * time.Millisecond))
		switch i % 4 {
		case 0:
			d.do("end r", "drop r")
		case 1:
			d.do("set r paused", "set r playing", "set r ready", "drop r")
		default:
			d.do("drop r")
		}
	}
	d.quit()
}

// Only a producer that runs says whether a reader may read: who comes while it is stopped is told that, and not that there is no pool.
func TestAReaderOfAProducerThatIsStoppedIsToldThatItDoesNotAnswer(t *testing.T) {
	t.Parallel()
	p := launch(t, "%s ! bipssink pool=%s", endless, poolName(t))
	first := launch(t, "bipssrc pool=%s ! identity silent=false ! fakesink sync=false", poolName(t))
	first.waitFor(3, passed)
	p.signal(syscall.SIGSTOP)
	launch(t, "bipssrc pool=%s connect-timeout=1000000000 ! fakesink", poolName(t)).fail(
		"he producer of pool", "has not answered for 1s", "stopped or hangs", "kill -CONT")
	patient := launch(t, "bipssrc pool=%s ! identity silent=false ! fakesink sync=false", poolName(t))
	patient.waitFor(1, "WARNING.*has not answered for 5s.*stopped or hangs")
	p.signal(syscall.SIGCONT)
	patient.waitFor(3, passed)
	patient.interrupt()
	first.interrupt()
	p.interrupt()
}
