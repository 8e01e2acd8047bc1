package plugin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A pool moves when its frames outgrow it, or when its names were deleted. These tests are about what its readers get
// meanwhile.

// inTurn is a pipeline's beginning that plays streams one after the other.
func inTurn(streams ...string) string {
	return "concat name=c " + strings.Join(streams, " ! c. ") + " ! c. c."
}

// picture is a stream of n raw pictures of a size, 30 a second.
func picture(n, width, height int) string {
	return fmt.Sprintf("videotestsrc num-buffers=%d pattern=ball ! video/x-raw,format=I420,width=%d,height=%d,framerate=30/1", n, width, height)
}

// watched prints a frame's times and flags, and its checksum.
const watched = "identity silent=false ! " + checksumSink

// getsAll checks that a reader of every frame got all that a pipeline's beginning makes, at 30 frames/s from its first frame
// on, and flagged DISCONT as there.
func getsAll(t *testing.T, source *pipeline, beginning string) {
	t.Helper()
	direct := launch(t, "%s ! %s", beginning, watched)
	direct.finish()
	source.finish()
	same(t, "the frames of a reader of every frame", source.checksums(), direct.checksums())
	got, want := source.buffers(), direct.buffers()
	for i := range min(len(got), len(want)) {
		if got[i].flags&flagDiscont != want[i].flags&flagDiscont {
			t.Errorf("frame %d: flags %x, want %x", i, got[i].flags, want[i].flags)
		}
		at := got[0].pts + time.Duration(i)*time.Second/30
		if off := got[i].pts - at; off < -time.Millisecond || off > time.Millisecond {
			t.Errorf("frame %d has PTS %v, want %v", i, got[i].pts, at)
		}
	}
	source.stats("src").want(t, counts{"lost": 0, "instances": 1, "demoted": 0})
}

// saysNothing checks that no message came on a reader's bus.
func saysNothing(t *testing.T, source *pipeline) {
	t.Helper()
	if told := source.matches(`^(WARNING|ERROR)`); len(told) > 0 {
		t.Errorf("a reader said %q: %s", told, source.line)
	}
}

// The picture gets larger in mid-stream, as when a camera changes its mode, and smaller again: the pool grows, and does not shrink.
func TestPicturesGetLargerAndSmallerInMidStream(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	beginning := inTurn(picture(20, 640, 360), picture(20, 1920, 1080), picture(20, 640, 360))
	sources := []*pipeline{
		launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=every max-held=3 ! %s", watched),
		launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=every max-held=3 ! queue max-size-buffers=3 ! identity sleep-time=10000 ! %s", watched),
	}
	latest := launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=latest max-held=3 ! fakesink sync=false")
	p := launchWith(t, dir.use, "%s ! bipssink name=sink pool=p sync=false wait-for-consumers=3", beginning)
	p.finish()
	for _, source := range sources {
		getsAll(t, source, beginning)
		source.stats("src").want(t, counts{"received": 60, "moves": 1})
		saysNothing(t, source)
	}
	latest.finish()
	saysNothing(t, latest)
	p.stats("sink").want(t, counts{"in-place": 60, "copied": 0, "dropped": 0, "moves": 1})
	saysNothing(t, p)
	dir.isClean(t, "after all")
}

// A camera's pictures are easily encoded in the dark, and several times as large in the light.
func TestEncodedFramesOutgrowTheirSlots(t *testing.T) {
	t.Parallel()
	needs(t, "jpegenc", "capssetter")
	dir := ownDir(t)
	// The caps do not tell how large a picture is, and so not how large a frame can be.
	jpeg := func(pattern string) string {
		return "videotestsrc num-buffers=15 pattern=" + pattern + " ! video/x-raw,format=I420,width=1280,height=1024,framerate=30/1" +
			" ! jpegenc quality=95 ! capssetter caps=image/jpeg,framerate=30/1 replace=true"
	}
	beginning := inTurn(jpeg("black"), jpeg("snow"), jpeg("black"), jpeg("snow"))
	source := launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=every max-held=3 ! %s", watched)
	latest := launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=latest max-held=3 ! fakesink sync=false")
	p := launchWith(t, dir.use, "%s ! bipssink name=sink pool=p sync=false wait-for-consumers=2", beginning)
	p.finish()
	getsAll(t, source, beginning)
	source.stats("src").want(t, counts{"received": 60, "moves": 1})
	latest.finish()
	for _, reader := range []*pipeline{source, latest} {
		saysNothing(t, reader)
	}
	p.stats("sink").want(t, counts{"copied": 60, "dropped": 0, "too-large": 0, "moves": 1})
	saysNothing(t, p)
	dir.isClean(t, "after all")
}

// steps is a stream that outgrows its pool again and again.
func steps(n, each int) string {
	var streams []string
	for i := range n {
		streams = append(streams, picture(each, 160+16*i, 120+12*i))
	}
	return inTurn(streams...)
}

// A reader that is stopped holds the producer up at the latest with the second move, and gets all frames all the same. One that
// is killed holds up nobody.
func TestReadersAreKilledAndStoppedWhileThePoolMoves(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	beginning := steps(9, 5)
	source := launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=every max-held=3 ! %s", watched)
	stopped := launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=every max-held=3 ! %s", watched)
	killed := launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=every max-held=3 ! identity sleep-time=20000 ! identity silent=false ! fakesink sync=false")
	p := launchWith(t, dir.use, "%s ! bipssink name=sink pool=p sync=false wait-for-consumers=3", beginning)
	stopped.waitFor(3, passed)
	stopped.signal(syscall.SIGSTOP)
	killed.waitFor(2, passed)
	killed.kill()
	time.Sleep(settle) // so that the producer comes to the move that waits
	stopped.signal(syscall.SIGCONT)
	p.finish()
	for _, reader := range []*pipeline{source, stopped} {
		getsAll(t, reader, beginning)
		reader.stats("src").want(t, counts{"received": 45, "moves": 8})
		saysNothing(t, reader)
	}
	p.stats("sink").want(t, counts{"in-place": 45, "dropped": 0, "demoted": 0, "moves": 8})
	dir.isClean(t, "after all")
}

// With overflow=drop nobody is waited for: while a reader of every frame is on its way from the move before, frames that
// do not fit are dropped and counted. Then the pool grows.
func TestFramesThatDoNotFitAreDroppedWhileAReaderIsOnItsWay(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	d := drive(t, dir.use)
	d.do("make p videotestsrc is-live=true ! capsfilter name=f caps=video/x-raw,format=GRAY8,width=64,height=48,framerate=100/1 ! " +
		"bipssink name=sink pool=p overflow=drop block-timeout=-1")
	source := launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=every ! identity silent=false ! fakesink sync=false")
	d.do("set p playing")
	source.waitFor(3, passed)
	source.signal(syscall.SIGSTOP)
	resize := func(width, height int) {
		d.do(fmt.Sprintf("put p.f caps=video/x-raw,format=GRAY8,width=%d,height=%d,framerate=100/1", width, height))
	}
	resize(128, 96)
	d.counts("p.sink", "it has moved once", func(c counts) bool { return c["moves"] == 1 })
	resize(256, 192)
	if got := d.counts("p.sink", "frames are dropped", func(c counts) bool { return c["dropped"] > 3 }); got["moves"] != 1 || got["too-large"] != 0 {
		t.Errorf("with the reader stopped: %v", got)
	}
	source.signal(syscall.SIGCONT)
	d.counts("p.sink", "it has moved twice", func(c counts) bool { return c["moves"] == 2 })
	source.waitFor(3, passed+`.*\(49152 bytes`)
	source.interrupt()
	source.stats("src").want(t, counts{"moves": 2, "instances": 1})
	d.do("drop p")
	d.quit()
	dir.isClean(t, "after all")
}

// counts waits until an element's counters are so, and returns them.
func (d *driver) counts(element, what string, so func(counts) bool) counts {
	d.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if c := d.counters(element); so(c) {
			return c
		} else if time.Now().After(end) {
			d.hangs(fmt.Sprintf("not so: %s: %v", what, c))
		}
	}
}

// deleteNames does what systemd does with RemoveIPC=yes at a logout.
func (d ownDirectory) deleteNames(t *testing.T) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(string(d), "bips.*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no names: %v", err)
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// Somebody deletes the pool's files while it is read. It gets them again, says so, and no reader notices; new readers find it.
func TestNamesAreDeletedWhileReadersRead(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	const pictures = "pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=30/1"
	sources := []*pipeline{
		launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=every ! %s", watched),
		launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=every ! queue ! %s", watched),
	}
	latest := launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=latest ! identity silent=false ! fakesink sync=false")
	// What is in the queue when the pool moves lies in the old one.
	p := launchWith(t, dir.use, "-e videotestsrc %s ! queue max-size-buffers=5 ! bipssink name=sink pool=p slots=40 wait-for-consumers=3", pictures)
	for n := range 2 {
		for _, source := range append(sources, latest) {
			source.waitFor(len(source.matches(passed))+3, passed)
		}
		dir.deleteNames(t)
		p.waitFor(n+1, `^WARNING.*names were deleted.*RemoveIPC=no`)
	}
	launchWith(t, dir.use, "bipssrc pool=p num-buffers=3 ! fakesink").finish()
	latest.waitFor(len(latest.matches(passed))+3, passed)
	p.signal(syscall.SIGINT) // with -e, the end of the stream
	p.finish()
	latest.finish()
	moves := uint64(2)
	if backend == "memfd" {
		moves = 0 // the pool gets another socket, and readers stay connected
	}
	latest.stats("src").want(t, counts{"moves": moves, "instances": 1, "lost": 0})
	saysNothing(t, latest)
	got := p.stats("sink")
	for _, source := range sources {
		getsAll(t, source, fmt.Sprintf("videotestsrc num-buffers=%d %s", got["in-place"]+got["copied"], pictures))
		source.stats("src").want(t, counts{"moves": moves})
		saysNothing(t, source)
	}
	got.want(t, counts{"moves": moves, "dropped": 0, "demoted": 0, "copied": got["moved"]})
	if moves > 0 && got["moved"] == 0 {
		t.Errorf("the frames in the queue were in the old pool, and none was copied: %v", got)
	}
	dir.isClean(t, "after all")
}

// Somebody deletes a pool's files, and another producer takes the name before the first one looks: the first gives way,
// also if it has no frame to publish.
func TestAnotherProducerTakesTheNameOfOneWhoseFilesWereDeleted(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	first := launchWith(t, dir.use, "videotestsrc is-live=true ! video/x-raw,format=GRAY8,width=64,height=48,framerate=1/3600 ! bipssink name=sink pool=p")
	source := launchWith(t, dir.use, "bipssrc name=src pool=p ! identity silent=false ! fakesink sync=false")
	source.waitFor(1, passed)
	first.signal(syscall.SIGSTOP) // until the second has the name: else the first makes its files again within a second
	dir.deleteNames(t)
	second := launchWith(t, dir.use, "%s ! bipssink pool=p", endless)
	launchWith(t, dir.use, "bipssrc pool=p num-buffers=1 ! fakesink").finish()
	first.signal(syscall.SIGCONT)
	first.fail("names were deleted", "another producer")
	if told := first.matches(`^ERROR`); len(told) != 1 {
		t.Errorf("the error was told %d times: %q", len(told), told)
	}
	source.waitFor(len(source.matches(passed))+3, passed)
	second.interrupt()
	source.interrupt()
	source.stats("src").want(t, counts{"instances": 2})
	dir.isClean(t, "after all")
}

// Where there is no room for two pools, frames that do not fit are dropped while anybody reads, and new caps are an error. Both say
// how large which is.
func TestThereIsNoRoomForTheLargerPool(t *testing.T) {
	sound := func(n, samples int) string { // of two bytes; by its caps it has slots of 64 KiB
		return fmt.Sprintf("audiotestsrc num-buffers=%d samplesperbuffer=%d ! audio/x-raw,format=S16LE,rate=8000,channels=1", n, samples)
	}
	tooMuch := inTurn(sound(3, 500), sound(2, 700000), sound(3, 500)) // for the file system, whatever else is there
	const told = `^WARNING.*A frame of 1400000 bytes was dropped: .* room for 65536, .*it needs 5 MiB, .* has 4 MiB .* the pool of 1 MiB .*Set slot-size to at least 1400000`
	t.Run("frames", func(t *testing.T) {
		t.Parallel()
		dir := smallTmpfs(t)
		source := launchWith(t, dir.use, "bipssrc name=src pool=p read-mode=every ! fakesink sync=false enable-last-sample=false")
		p := launchWith(t, dir.use, "%s ! bipssink name=sink pool=p slots=3 sync=false wait-for-consumers=1", tooMuch)
		p.finish()
		source.finish()
		p.waitFor(1, told)
		p.stats("sink").want(t, counts{"copied": 6, "dropped": 2, "too-large": 2, "moves": 0})
		source.stats("src").want(t, counts{"received": 6, "lost": 2, "moves": 0})
		dir.isClean(t, "after all")
	})
	t.Run("frames that nobody reads", func(t *testing.T) {
		t.Parallel()
		dir := smallTmpfs(t)
		p := launchWith(t, dir.use, "%s ! bipssink name=sink pool=p slots=3 sync=false", tooMuch)
		p.finish()
		p.waitFor(1, told)
		p.stats("sink").want(t, counts{"copied": 6, "dropped": 2, "too-large": 2, "moves": 0})
		dir.isClean(t, "after all")
	})
	t.Run("caps", func(t *testing.T) {
		t.Parallel()
		dir := smallTmpfs(t)
		beginning := inTurn(picture(3, 320, 240), picture(3, 464, 320))
		launchWith(t, dir.use, "bipssrc pool=p read-mode=every ! fakesink sync=false")
		p := launchWith(t, dir.use, "%s ! bipssink name=sink pool=p slots=16 sync=false wait-for-consumers=1", beginning)
		p.fail("frames have 222720 bytes now", "only 115200", "it needs 4 MiB", "the pool of 3 MiB", "slot-size=222720")
	})
	t.Run("caps of frames that nobody reads", func(t *testing.T) {
		t.Parallel()
		dir := smallTmpfs(t)
		p := launchWith(t, dir.use, "%s ! bipssink name=sink pool=p slots=16 sync=false", inTurn(picture(3, 320, 240), picture(3, 464, 320)))
		p.finish()
		p.stats("sink").want(t, counts{"in-place": 6, "dropped": 0, "moves": 1})
		dir.isClean(t, "after all")
	})
}
