package plugin

import (
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

// The producer is killed and started anew 50 times while readers of both modes play: each
// gets frames of every producer, and has no more at the end than at the beginning.
func TestTheProducerIsKilledFiftyTimes(t *testing.T) {
	t.Parallel()
	const kills = 50
	dir := ownDir(t)
	var readers []*pipeline
	for _, mode := range []string{"every", "latest"} {
		readers = append(readers, launchWith(t, dir.use,
			"bipssrc name=src pool=p read-mode=%s ! identity silent=false ! fakesink sync=false", mode))
	}
	had := map[*pipeline]possessions{}
	for n := 1; n <= kills+1; n++ {
		// Each producer has other caps than the one before, so that its frames can be told.
		p := launchWith(t, dir.use, "videotestsrc ! video/x-raw,format=GRAY8,height=48,framerate=100/1,width=%d ! bipssink pool=p", 64+n%2)
		for _, r := range readers {
			r.waitFor(n, `GstBipsSrc:src\.GstPad:src: caps = `)
			r.waitFor(len(r.matches(passed))+2, passed)
			if n == 2 {
				reading := ofReading(1)
				reading.descriptors = r.has().descriptors
				had[r] = reading
			}
			if n > kills {
				r.comesTo(had[r])
			}
		}
		if names := testmain.Names(string(dir)); len(names) != testmain.NamesOfAPool() {
			t.Errorf("producer %d: want a pool, its lock file and, over shm, its seats, got %v", n, names)
		}
		p.kill()
	}
	for _, r := range readers {
		r.interrupt()
		r.stats("src").want(t, counts{"instances": kills + 1, "held": 0})
	}
	launchWith(t, dir.use, "videotestsrc num-buffers=1 ! %s ! bipssink pool=p", small).finish()
	dir.isClean(t, "after a producer that was not killed")
}
