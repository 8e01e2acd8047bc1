package plugin

import (
	"fmt"
	"os/exec"
	"slices"
	"testing"
	"time"
)

const (
	warmUps = 60  // cycles until malloc and Go's runtime have what they want
	cycles  = 200 // cycles over which nothing may grow
)

// growth is what a process may have more of after the cycles than before. What is allowed
// is far less than one thing kept in each cycle would come to.
var growth = map[string]int{
	"fds":   0,
	"pools": 0, // mappings of them
	// Go's runtime starts a thread when all others are in system calls, and keeps it: it
	// comes late to as many as it ever needs.
	"threads": 20,
	// A thread has a stack.
	"mappings": 60,
	// 10 KiB a cycle. A frame kept in each would be 75 KiB; what Go's runtime and malloc
	// keep for the next time was seen to vary by 0.5 MiB in all.
	"rss": cycles * 10 << 10,
	// 250 bytes a cycle, less than a GstBuffer. It is what was allocated with malloc and not
	// freed: neither fragments nor Go's garbage are in it.
	"heap": cycles * 250,
}

// Pipelines are started and stopped 200 times in one process, with pauses, by turns new
// ones and the same again, in either order: after that it has no more of anything.
func TestStartAndStopInOneProcess(t *testing.T) {
	for name, pipelines := range inOneProcess {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := drive(t, func(c *exec.Cmd) {
				// Go's garbage and malloc's arenas would look like growth.
				c.Env = append(c.Env, "GOGC=1", "MALLOC_ARENA_MAX=1", "GST_DEBUG=")
			})
			d.feed(pipelines)
			d.cycle(pipelines, warmUps/2)
			// The least of several looks: a thread that is about to end is no growth.
			before := d.cycle(pipelines, warmUps/2)
			d.cycle(pipelines, cycles/2-warmUps/2)
			middle := d.cycle(pipelines, warmUps/2)
			d.cycle(pipelines, cycles/2-warmUps/2)
			after := d.cycle(pipelines, warmUps/2)
			for what, allowed := range growth {
				// What is kept in each cycle shows in both halves, what comes once in one of them.
				if grew := 2 * min(middle[what]-before[what], after[what]-middle[what]); grew > allowed {
					t.Errorf("%s: grew by %d in %d cycles, more than %d", what, grew, cycles, allowed)
				}
			}
			t.Logf("before %v, half-way %v, after %v", before, middle, after)
			d.quit()
		})
	}
}

// After so many starts and stops nothing lives of all that GStreamer counts: no buffer and
// no memory, and what the Go bindings referred to is gone after a collection.
func TestNothingLivesAfterwards(t *testing.T) {
	for name, pipelines := range inOneProcess {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := drive(t, traced)
			d.feed(pipelines)
			d.cycle(pipelines, cycles)
			d.nothingLives()
			d.quit()
		})
	}
}

var inOneProcess = map[string][]string{
	"a sink":            {"sink"},
	"a source":          {"source"},
	"a sink and source": {"sink", "source"},
}

const (
	cycledCaps   = "videotestsrc ! video/x-raw,format=GRAY8,width=320,height=240,framerate=200/1"
	cycledSink   = cycledCaps + " ! bipssink pool=%s"
	cycledSource = "bipssrc pool=%s ! fakesink"
)

// feed gives a source frames that have no sink in the same process.
func (d *driver) feed(pipelines []string) {
	d.t.Helper()
	if !slices.Contains(pipelines, "sink") {
		p := launch(d.t, cycledSink, poolName(d.t))
		d.t.Cleanup(p.interrupt) // killed, it would leave its pool behind
	}
}

// cycle starts and stops pipelines n times, and returns the least that the process had of
// everything in between.
func (d *driver) cycle(pipelines []string, n int) (least map[string]int) {
	d.t.Helper()
	const lives = 4 // of a pipeline before it makes room for a new one
	for i := range n {
		pipelines = slices.Clone(pipelines)
		slices.Reverse(pipelines)
		if i%lives == 0 {
			d.make(pipelines)
		}
		d.forEach("set %s playing", pipelines) // a source that is first waits for its sink
		d.forEach("frames %s 3", pipelines)
		if i%2 == 0 {
			d.forEach("reach %s paused", pipelines)
			d.forEach("set %s playing", pipelines)
			d.forEach("frames %s 1", pipelines)
		}
		if i%lives == lives-1 || i == n-1 {
			d.forEach("drop %s", pipelines)
		} else {
			d.forEach("reach %s null", pipelines)
		}
		now := d.numbers("resources")
		for what := range least {
			now[what] = min(now[what], least[what])
		}
		least = now
	}
	if least["pools"] != 0 {
		d.t.Errorf("pools are mapped though all is stopped: %v", least)
	}
	return least
}

// make makes the pipelines named "sink" and "source".
func (d *driver) make(names []string) {
	d.t.Helper()
	for _, name := range names {
		description := map[string]string{"sink": cycledSink, "source": cycledSource}[name]
		d.do("make " + name + " " + fmt.Sprintf(description, poolName(d.t)))
	}
}

// traced is for drive: GStreamer keeps a list of what lives.
func traced(c *exec.Cmd) { c.Env = append(c.Env, "GST_TRACERS=leaks", "GST_DEBUG=") }

// nothingLives looks for GStreamer's objects in a process, started as traced, that has
// let go of its pipelines.
func (d *driver) nothingLives() {
	d.t.Helper()
	for what, n := range d.numbers("alive") {
		if what == "GstBuffer" || what == "GstMemory" || what == "GstBufferList" {
			d.t.Errorf("%d of type %s live", n, what)
		}
	}
	for end := time.Now().Add(patience); ; {
		d.do("collect")
		alive := d.numbers("alive")
		if len(alive) == 0 {
			return
		}
		if time.Now().After(end) {
			d.t.Fatalf("alive after a collection: %v", alive)
		}
	}
}
