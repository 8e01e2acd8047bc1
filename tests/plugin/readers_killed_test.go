package plugin

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// Readers are killed again and again: while they wait for a frame, with frames in a
// queue, and while they start. In a pool with two seats for all of them each that
// follows gets one and is given frames, and the reader that lives misses nothing.
func TestReadersAreKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	const rounds = 8
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	p := launch(t, "-e videotestsrc ! video/x-raw,format=GRAY8,width=64,height=48,framerate=100/1 ! bipssink name=sink pool=%s max-consumers=3 wait-for-consumers=1", poolName(t))
	const held = " ! identity silent=false ! queue max-size-buffers=200 min-threshold-buffers=190 ! fakesink"
	waiting := func(r *pipeline) { r.waitFor(1, passed) }
	holding := func(r *pipeline) { r.waitFor(5, passed) }
	starting := func(*pipeline) { time.Sleep(rand.N(200 * time.Millisecond)) }
	for range rounds {
		for _, c := range []struct {
			reader string
			killed func(*pipeline) // waits until it is to be killed
		}{
			{"bipssrc pool=%s ! identity silent=false ! fakesink sync=false", waiting},
			{"bipssrc pool=%s" + held, holding},
			{"bipssrc pool=%s read-mode=every" + held, holding},
			{"bipssrc pool=%s read-mode=every ! fakesink", starting},
		} {
			victim := launch(t, c.reader, poolName(t))
			c.killed(victim)
			victim.kill()
		}
	}
	p.signal(syscall.SIGINT) // with -e, the end of the stream
	p.finish()
	frames := r.all()
	for i, f := range frames {
		if f.Lost != 0 || f.Sequence != frames[0].Sequence+uint64(i) {
			t.Errorf("frame %d has the number %d, %d lost before it", i, f.Sequence, f.Lost)
		}
	}
	p.stats("sink").want(t, counts{"dropped": 0, "demoted": 0, "overdrawn": 0})
}
