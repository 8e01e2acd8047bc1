package plugin

import (
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// overflow=drop: a reader of every frame that is behind loses frames, and all of them are
// counted.
func TestOverflowDrop(t *testing.T) {
	t.Parallel()
	const n = 100
	started := make(chan struct{})
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, func(f *seen) {
		if f.Sequence == 1 {
			<-started
		}
	})
	p := launch(t, "videotestsrc num-buffers=%d ! %s ! bipssink name=sink pool=%s slots=8 overflow=drop sync=false wait-for-consumers=1", n, small, poolName(t))
	p.waitFor(1, `^WARNING.*frame was dropped`)
	close(started)
	p.finish()
	frames := r.all()
	got := p.stats("sink")
	if got["dropped"] == 0 || int(got["dropped"])+len(frames) != n {
		t.Errorf("%d frames dropped, %d received: want %d together", got["dropped"], len(frames), n)
	}
}

// overflow=block with block-timeout: a reader that holds the producer up for longer is
// made to miss frames, and can see how many.
func TestOverflowBlockWithATimeout(t *testing.T) {
	t.Parallel()
	const n = 60
	c := consumer(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every})
	p := launch(t, "videotestsrc num-buffers=%d ! %s ! bipssink name=sink pool=%s slots=8 block-timeout=100000000 sync=false wait-for-consumers=1", n, small, poolName(t))
	first := pull(t, c)
	p.finish() // though the reader reads no further
	p.stats("sink").want(t, counts{"demoted": 1, "dropped": 0})
	c.giveBack(first)
}

// overflow=block without a timeout: the slowest reader of every frame sets the pace, and
// gets all of them.
func TestOverflowBlock(t *testing.T) {
	t.Parallel()
	const beginning = "videotestsrc num-buffers=40 ! " + small
	want := reference(t, beginning)
	source := launch(t, "bipssrc name=src pool=%s read-mode=every ! identity sleep-time=5000 ! %s", poolName(t), checksumSink)
	p := launch(t, "%s ! bipssink name=sink pool=%s slots=7 sync=false wait-for-consumers=1", beginning, poolName(t))
	p.finish()
	source.finish()
	same(t, "a slow reader", source.checksums(), want)
	p.stats("sink").want(t, counts{"dropped": 0, "demoted": 0})
	source.stats("src").want(t, counts{"received": 40, "lost": 0, "skipped": 0})
}

// read-mode=latest: a slow reader never holds the producer up, and skips.
func TestLatestSkips(t *testing.T) {
	t.Parallel()
	source := launch(t, "bipssrc name=src pool=%s ! identity sleep-time=100000 ! fakesink", poolName(t))
	p := launch(t, "videotestsrc num-buffers=100 ! video/x-raw,format=GRAY8,width=64,height=48,framerate=100/1 ! bipssink name=sink pool=%s slots=7 wait-for-consumers=1", poolName(t))
	p.finish()
	source.finish()
	p.stats("sink").want(t, allInPlace(100))
	got := source.stats("src")
	if got["skipped"] == 0 || got["received"]+got["skipped"] > 100 || got["lost"] != 0 {
		t.Errorf("counters: %v", got)
	}
}
