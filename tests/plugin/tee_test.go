package plugin

import (
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// Two sinks in one process, behind a tee: two pools with the same frames.
func TestTeeIntoTwoPools(t *testing.T) {
	t.Parallel()
	const beginning = "videotestsrc num-buffers=20 pattern=ball ! video/x-raw,format=I420,width=320,height=240"
	want := reference(t, beginning)
	a := read(t, poolName(t)+"-a", bips.ConsumerOptions{Mode: bips.Every}, nil)
	b := read(t, poolName(t)+"-b", bips.ConsumerOptions{Mode: bips.Every}, nil)
	p := launch(t, "%s ! tee name=t ! queue ! bipssink name=a pool=%[2]s-a sync=false wait-for-consumers=1 t. ! queue ! bipssink name=b pool=%[2]s-b sync=false wait-for-consumers=1",
		beginning, poolName(t))
	p.finish()
	same(t, "the first pool", sums(a.all()), want)
	same(t, "the second pool", sums(b.all()), want)
	for _, name := range []string{"a", "b"} {
		p.stats(name).want(t, counts{"in-place": 0, "foreign-memory": 20, "dropped": 0})
	}
}

// Two sinks behind a tee that want the same pool: one gets it, the other ends the
// pipeline with an error.
func TestTwoSinksOfOnePool(t *testing.T) {
	t.Parallel()
	launch(t, "%s ! tee name=t ! queue ! bipssink pool=%[2]s t. ! queue ! bipssink pool=%[2]s", endless, poolName(t)).
		fail("nother producer is alive", poolName(t))
}

// A reader of one pool behind a tee is killed, again and again: the other pool's reader
// gets all frames.
func TestAReaderBehindATeeIsKilled(t *testing.T) {
	t.Parallel()
	const beginning = "videotestsrc num-buffers=200 pattern=ball ! video/x-raw,format=GRAY8,width=64,height=48,framerate=200/1"
	want := reference(t, beginning)
	a := read(t, poolName(t)+"-a", bips.ConsumerOptions{Mode: bips.Every}, nil)
	p := launch(t, "%s ! tee name=t ! queue ! bipssink pool=%[2]s-a wait-for-consumers=1 t. ! queue ! bipssink name=b pool=%[2]s-b wait-for-consumers=1",
		beginning, poolName(t))
	for range 3 {
		victim := launch(t, "bipssrc pool=%s-b read-mode=every ! identity silent=false ! queue max-size-buffers=200 min-threshold-buffers=190 ! fakesink", poolName(t))
		victim.waitFor(3, passed)
		victim.kill()
	}
	p.finish()
	same(t, "the other pool", sums(a.all()), want)
	p.stats("b").want(t, counts{"dropped": 0, "demoted": 0})
}

// Two pipelines in one process, and a source and a sink: a frame goes through two pools.
func TestOnePoolAfterTheOther(t *testing.T) {
	t.Parallel()
	const n = 50
	first := read(t, poolName(t)+"-a", bips.ConsumerOptions{Mode: bips.Every}, nil)
	second := read(t, poolName(t)+"-b", bips.ConsumerOptions{Mode: bips.Every}, nil)
	relay := launch(t, "bipssrc name=src pool=%[1]s-a read-mode=every ! videoconvert ! bipssink name=b pool=%[1]s-b wait-for-consumers=1", poolName(t))
	p := launch(t, "-e videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=100/1 ! bipssink name=a pool=%s-a wait-for-consumers=2", poolName(t))
	for end := time.Now().Add(patience); second.received.Load() < n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("too few frames come")
		}
	}
	p.signal(syscall.SIGINT)
	p.finish()
	relay.finish()
	// The relay is live: what came before the second pool had its reader did not go there.
	want, got := sums(first.all()), sums(second.all())
	if len(got) < n || len(got) > len(want) {
		t.Fatalf("%d frames came through the second pool, %d through the first", len(got), len(want))
	}
	same(t, "the second pool", got, want[len(want)-len(got):])
	if early := relay.stats("b")["early"] + relay.stats("src")["early"]; early != uint64(len(want)-len(got)) {
		t.Errorf("%d frames came through one pool, %d through both, %d were early", len(want), len(got), early)
	}
}
