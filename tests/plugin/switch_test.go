package plugin

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// Switching cameras: the property pool is set while the source plays.

// thumbnail is a smaller picture than a writer's usual ones, so that the pools' frames can be told apart.
const (
	thumbnail     = "video/x-raw, format=(string)GRAY8, width=(int)32, height=(int)32, framerate=(fraction)30/1"
	thumbnailSize = 32 * 32
)

const discont = 0x40 // GST_BUFFER_FLAG_DISCONT

// twoCameras makes two pools, of pictures of different sizes.
func twoCameras(t *testing.T) (first, second *writer) {
	t.Helper()
	first, second = write(t, poolName(t)+"-1", bips.ProducerOptions{}), write(t, poolName(t)+"-2", bips.ProducerOptions{})
	second.caps(thumbnail)
	return first, second
}

// publishThumbnails publishes n thumbnails.
func publishThumbnails(w *writer, n int) {
	w.t.Helper()
	for range n {
		w.publish(thumbnailSize, bips.FrameInfo{Duration: bips.TimeOf(time.Second / 30)})
	}
}

// leaves waits until nobody reads from the pool.
func (w *writer) leaves() {
	w.t.Helper()
	for end := time.Now().Add(patience); w.consumers() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("the source still reads from the pool that it was told to leave")
		}
	}
}

// A recorder is switched to a camera whose frames come later after their capture: those that were captured before the last
// frame of the other camera are left out. No muxer takes times that go back.
func TestTimesDoNotGoBackWhenASourceIsSwitched(t *testing.T) {
	t.Parallel()
	first, second := twoCameras(t)
	first.latency(bips.TimeOf(0))
	second.latency(bips.TimeOf(time.Second))
	d := drive(t, nil)
	d.do("make r bipssrc name=src pool="+poolName(t)+"-1 read-mode=every ! identity silent=false ! fakesink sync=false", "set r playing")
	first.awaits(1)
	var captured time.Duration
	ago := func(d time.Duration) bips.FrameInfo { return bips.FrameInfo{CaptureTime: bips.TimeOf(captured - d)} }
	came := 0
	for played := time.Duration(0); played < 100*time.Millisecond; played = d.buffers()[came-1].pts {
		captured, _ = now().Duration()
		first.publish(greySize, ago(0))
		came++
		d.comes("r", came)
	}
	d.do("put r.src pool=" + poolName(t) + "-2")
	second.awaits(1)
	for _, d := range []time.Duration{50 * time.Millisecond, 10 * time.Millisecond, -time.Microsecond, -time.Millisecond} {
		second.publish(thumbnailSize, ago(d))
	}
	second.endOfStream()
	d.do("eos r", "drop r")
	d.quit()
	all := d.buffers()
	for i, b := range all[1:] {
		if b.pts <= all[i].pts {
			t.Errorf("PTS %v after %v", b.pts, all[i].pts)
		}
	}
	if len(all) != came+2 {
		t.Errorf("%d frames of the other camera came, want 2", len(all)-came)
	}
}

func TestASourceSwitchesPoolsWhileItPlays(t *testing.T) {
	t.Parallel()
	first, second := twoCameras(t)
	d := drive(t, nil)
	d.do("make r bipssrc name=src pool="+poolName(t)+"-1 read-mode=every ! identity silent=false ! fakesink sync=false", "set r playing")
	first.awaits(1)
	first.frames(3)
	d.comes("r", 3)
	d.do("put r.src pool=" + poolName(t) + "-2")
	second.awaits(1)
	first.leaves()
	publishThumbnails(second, 2)
	d.comes("r", 5)
	d.do("put r.src pool=" + poolName(t) + "-1")
	first.awaits(1)
	first.frames(1)
	d.comes("r", 6)
	d.do("drop r")
	d.quit()
	wanted := []int{greySize, greySize, greySize, thumbnailSize, thumbnailSize, greySize}
	all := d.buffers()
	if len(all) != len(wanted) {
		t.Fatalf("%d frames came, want %d", len(all), len(wanted))
	}
	for i, b := range all {
		if b.size != wanted[i] {
			t.Errorf("frame %d has %d bytes, want %d", i, b.size, wanted[i])
		}
		if begins := i == 0 || i == 3 || i == 5; (b.flags&discont != 0) != begins {
			t.Errorf("frame %d has the flags %x; it begins something: %v", i, b.flags, begins)
		}
		if i > 0 && b.pts <= all[i-1].pts {
			t.Errorf("frame %d has the time %v after %v", i, b.pts, all[i-1].pts)
		}
	}
	d.stats("src").want(t, counts{"received": 6, "lost": 0, "skipped": 0, "instances": 3, "held": 0})
}

// A still picture on the other side: it comes at once, without a new frame.
func TestASourceOfTheNewestSwitchesToAStillPicture(t *testing.T) {
	t.Parallel()
	first, second := twoCameras(t)
	first.frames(1)
	publishThumbnails(second, 1)
	d := drive(t, nil)
	d.do("make r bipssrc name=src pool="+poolName(t)+"-1 ! identity silent=false ! fakesink sync=false", "set r playing")
	d.comes("r", 1)
	for n := range 6 { // also back to what was seen before
		d.do(fmt.Sprintf("put r.src pool=%s-%d", poolName(t), []int{2, 1}[n%2]))
		d.comes("r", n+2)
	}
	d.do("drop r")
	d.quit()
	for i, b := range d.buffers() {
		if want := []int{greySize, thumbnailSize}[i%2]; b.size != want || b.flags&discont == 0 {
			t.Errorf("frame %d has %d bytes and the flags %x, want %d and a discontinuity", i, b.size, b.flags, want)
		}
	}
}

func TestASourceIsSwitchedWhileItWaitsForAPool(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	w.frames(1)
	d := drive(t, nil)
	d.do("make r bipssrc name=src pool=no-such-pool ! fakesink sync=false", "set r playing")
	time.Sleep(100 * time.Millisecond) // most likely it waits by now
	d.do("put r.src pool=" + poolName(t))
	d.comes("r", 1)
	d.do("drop r")
	d.quit()
}

func TestASourceIsSwitchedWhileItIsPaused(t *testing.T) {
	t.Parallel()
	first, second := twoCameras(t)
	d := drive(t, nil)
	d.do("make r bipssrc name=src pool="+poolName(t)+"-1 read-mode=every ! identity silent=false ! fakesink sync=false", "set r playing")
	first.awaits(1)
	first.frames(1)
	d.comes("r", 1)
	d.do("reach r paused", "put r.src pool="+poolName(t)+"-2")
	time.Sleep(100 * time.Millisecond)
	if n := second.consumers(); n != 0 {
		t.Errorf("%d readers of the second pool while the source is paused", n)
	}
	d.do("set r playing")
	second.awaits(1)
	publishThumbnails(second, 1)
	d.comes("r", 2)
	d.do("drop r")
	d.quit()
	if all := d.buffers(); len(all) != 2 || all[1].size != thumbnailSize {
		t.Errorf("got %v", all)
	}
}

// What cannot be a pool's name is told, and changes nothing.
func TestASourceIsNotSwitchedToWhatIsNoPool(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	d := drive(t, nil)
	d.do("make r bipssrc name=src pool="+poolName(t)+" read-mode=every ! fakesink sync=false", "set r playing")
	w.awaits(1)
	for _, name := range []string{"a/b", ""} {
		d.do("put r.src pool=" + name)
		if said := d.do("warning r"); !strings.Contains(said, "not changed") || !strings.Contains(said, `"`+poolName(t)+`" is read on`) {
			t.Errorf("the warning says %q", said)
		}
		if pool := d.do("get r.src pool"); strings.Trim(pool, `"`) != poolName(t) {
			t.Errorf("the property says %s now", pool)
		}
	}
	w.frames(2)
	d.comes("r", 2)
	d.do("drop r")
	d.quit()
}

// Frames of the pool before that downstream keeps stay what they are, and count as held.
func TestFramesOfThePoolBeforeStayWhileTheyAreHeld(t *testing.T) {
	t.Parallel()
	first, _ := twoCameras(t)
	first.frames(1)
	d := drive(t, nil)
	d.do("make r bipssrc name=src pool="+poolName(t)+"-1 ! fakesink sync=false enable-last-sample=true", "set r playing")
	d.comes("r", 1) // and the sink holds it
	d.do("put r.src pool=" + poolName(t) + "-2")
	first.leaves()
	d.holds("r.src", 1)
	d.do("drop r")
	d.quit()
	d.stats("src").want(t, counts{"received": 1, "held": 0})
}

// Anyone switches, at any moment, while frames flow.
func TestASourceIsSwitchedManyTimes(t *testing.T) {
	for _, mode := range []string{"every", "latest"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			const switches = 200
			producers := drive(t, nil)
			for i := range 2 {
				producers.do(fmt.Sprintf("make p%d videotestsrc ! video/x-raw,format=GRAY8,width=%d,height=48,framerate=200/1 ! bipssink pool=%s-%d", i, 64+16*i, poolName(t), i),
					fmt.Sprintf("set p%d playing", i))
			}
			d := drive(t, nil)
			d.do("make r bipssrc name=src pool="+poolName(t)+"-0 read-mode="+mode+" ! queue ! fakesink sync=false", "set r playing", "frames r 5")
			for range switches {
				d.do(fmt.Sprintf("put r.src pool=%s-%d", poolName(t), rand.IntN(2)))
				time.Sleep(rand.N(5 * time.Millisecond)) // what happens meanwhile differs
			}
			d.do("frames r 5")
			d.readsPools(1) // once the queue has no frame of the pool before
			d.do("drop r")
			d.readsPools(0)
			d.quit()
			producers.do("drop p0", "drop p1")
			producers.quit()
		})
	}
}
