package plugin

import (
	"strings"
	"testing"
)

// Of these pools smallTmpfs has room for one and a half.
const roomy = "videotestsrc ! video/x-raw,format=I420,width=480,height=320,framerate=4/1 ! bipssink pool=p slots=10"

// The default of a container's /dev/shm, 64 MiB, is too little for two pools of 20 pictures of
// 1920x1080: a producer that was killed has to come up again all the same.
func TestAProducerThatWasKilledPlaysAgainWhereThereIsNoRoomForTwoPools(t *testing.T) {
	t.Run("nobody reads", func(t *testing.T) {
		t.Parallel()
		dir := smallTmpfs(t)
		killed := launchWith(t, dir.use, roomy)
		launchWith(t, dir.use, "bipssrc pool=p num-buffers=1 ! fakesink").finish()
		killed.kill()
		again := launchWith(t, dir.use, roomy)
		launchWith(t, dir.use, "bipssrc pool=p num-buffers=1 ! fakesink").finish()
		again.interrupt()
		dir.isClean(t, "after the second")
	})
	t.Run("a reader plays", func(t *testing.T) {
		t.Parallel()
		dir := smallTmpfs(t)
		killed := launchWith(t, dir.use, roomy)
		reader := launchWith(t, dir.use, "bipssrc name=src pool=p ! identity silent=false ! fakesink sync=false enable-last-sample=false")
		reader.waitFor(1, passed)
		killed.kill()
		again := launchWith(t, dir.use, roomy)
		reader.waitFor(len(reader.matches(passed))+3, passed)
		again.interrupt()
		reader.interrupt()
		reader.stats("src").want(t, counts{"instances": 2, "held": 0})
		dir.isClean(t, "after the second")
	})
	t.Run("a reader is paused", func(t *testing.T) {
		t.Parallel()
		dir := smallTmpfs(t)
		killed := launchWith(t, dir.use, roomy)
		reader := drive(t, dir.use)
		reader.do("make r bipssrc name=src pool=p ! fakesink sync=false enable-last-sample=false", "set r playing", "frames r 1")
		reader.holds("r.src", 0) // else the sink may have one while it is paused
		reader.do("reach r paused")
		killed.kill()
		again := launchWith(t, dir.use, roomy)
		launchWith(t, dir.use, "bipssrc pool=p num-buffers=1 ! fakesink").finish() // it came up with the reader paused
		reader.readsPools(0)
		reader.do("set r playing", "frames r 2", "drop r")
		again.interrupt()
		reader.quit()
		dir.isClean(t, "after the second")
	})
}

// A pipeline that keeps a frame of the dead pool keeps all of its memory.
func TestAProducerHasNoRoomWhileAPipelineKeepsAFrameOfTheDeadOneAndSaysSo(t *testing.T) {
	t.Parallel()
	dir := smallTmpfs(t)
	// As large, with enough slots for a reader that copies nothing.
	const roomy = "videotestsrc ! video/x-raw,format=I420,width=320,height=240,framerate=4/1 ! bipssink pool=p slots=22"
	killed := launchWith(t, dir.use, roomy)
	reader := launchWith(t, dir.use, "bipssrc name=src pool=p ! identity silent=false ! fakesink sync=false enable-last-sample=true")
	reader.waitFor(2, passed)
	killed.kill()
	launchWith(t, dir.use, roomy).fail("ot enough shared memory", "has 4 MiB", "readers hold frames of it", "--shm-size")
	reader.interrupt()
	dir.isClean(t, "after the error")
	launchWith(t, dir.use, "%s", strings.Replace(roomy, "videotestsrc", "videotestsrc num-buffers=1", 1)).finish()
	dir.isClean(t, "after success")
}
