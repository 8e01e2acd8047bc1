package plugin

import (
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// formatsProgram is the program of testdata/formats, or "".
var formatsProgram string

// Every format of raw video, in sizes that are multiples of nothing, laid out in every way that
// GStreamer has: each byte of a pixel comes as it was sent.
func TestEveryFormatOfRawVideoCrosses(t *testing.T) {
	t.Parallel()
	if formatsProgram == "" {
		t.Skip("needs the program of testdata/formats, and a C compiler and GStreamer's headers to build it")
	}
	p := start(t, nil, "formats", exec.Command(formatsProgram, poolName(t)))
	_ = p.wait(patience)
	for _, line := range p.matches("^bad: ") {
		t.Error(line)
	}
	m := regexp.MustCompile(`compared (\d+) frames in (\d+) formats, 0 are wrong`).FindStringSubmatch(p.said())
	if m == nil {
		t.Fatal("it did not come to its end")
	}
	frames, _ := strconv.Atoi(m[1])
	formats, _ := strconv.Atoi(m[2])
	if formats < 80 || frames < 30*formats { // GStreamer 1.18 has 95
		t.Errorf("%s: too few", m[0])
	}
}

// A frame that does not hold what its caps tell of is dropped, counted and told.
func TestFramesThatAreNotWholeAreDropped(t *testing.T) {
	for _, c := range []struct{ name, beginning, says string }{
		{"a half", "videotestsrc num-buffers=5 ! " + small + " ! trouble kind=half", "it has 1536 bytes, and its caps call for 3072"},
		{"a layout that lies", "videotestsrc num-buffers=5 ! " + small + " ! trouble kind=lie", "planes that do not lie in its 3072 bytes"},
		{"Bayer", "filesrc location=/dev/zero num-buffers=5 blocksize=100 ! video/x-bayer,format=bggr12le,width=64,height=48,framerate=30/1", "it has 100 bytes, and its caps call for 4608"},
		{"tensors", "filesrc location=/dev/zero num-buffers=5 blocksize=100 ! other/tensor,dimension=3:64:48,type=uint8,framerate=30/1", "it has 100 bytes, and its caps call for 9216"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needs(t, "trouble")
			dir := ownDir(t)
			p := launchWith(t, dir.use, "%s ! bipssink name=sink pool=p sync=false", c.beginning)
			p.finish()
			p.stats("sink").want(t, counts{"malformed": 5, "dropped": 5, "copied": 0, "in-place": 0})
			if told := p.matches("^WARNING.*A frame was dropped: .*" + regexp.QuoteMeta(c.says)); len(told) != 1 {
				t.Errorf("it was told %d times, want once", len(told))
			}
			dir.isClean(t, "after its end")
		})
	}
}

// What lies behind the picture in a buffer, as some cameras send it, does not cross.
func TestWhatLiesBehindThePictureIsCutOff(t *testing.T) {
	t.Parallel()
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	launch(t, "filesrc location=/dev/zero num-buffers=3 blocksize=4096 ! %s ! bipssink pool=%s sync=false wait-for-consumers=1", small, poolName(t)).finish()
	frames := r.all()
	if len(frames) != 3 {
		t.Fatalf("got %d frames, want 3", len(frames))
	}
	for i, f := range frames {
		if f.Size != greySize {
			t.Errorf("frame %d has %d bytes, want %d", i, f.Size, greySize)
		}
	}
}
