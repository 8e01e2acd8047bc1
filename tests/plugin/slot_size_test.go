package plugin

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// The caps tell how large a frame is, or how large it can be, and slots are made for that.
func TestSlotSizeIsTakenFromTheCaps(t *testing.T) {
	t.Parallel()
	const padded4056, padded161 = 4096, 256 // rows of cameras, up to a multiple of 256 bytes
	d := drive(t, nil)
	for i, c := range []struct {
		caps  string
		first int // bytes of the first frame, which is all that there is
		want  int
	}{
		{"video/x-raw,format=NV12,width=161,height=121,framerate=30/1", 0, 164*122 + 164*61},
		{"video/x-raw,format=v210,width=161,height=121,framerate=30/1", 0, 512 * 121},
		{"video/x-raw(format:Interlaced),format=UYVY,width=720,height=575,framerate=50/1,interlace-mode=alternate", 1440 * 288, 1440 * 288},
		{"video/x-bayer,format=bggr,width=4056,height=3040,framerate=30/1", 0, padded4056 * 3040},
		{"video/x-bayer,format=rggb,width=161,height=121,framerate=30/1", 0, padded161 * 121},
		{"video/x-bayer,format=grbg10le,width=4056,height=3040,framerate=30/1", 8112 * 3040, 2 * padded4056 * 3040},
		{"video/x-bayer,format=gbrg12be,width=4056,height=3040,framerate=30/1", 8112 * 3040, 2 * padded4056 * 3040},
		{"video/x-bayer,format=rggb16,width=161,height=121,framerate=30/1", 322 * 121, 2 * padded161 * 121},
		{"video/x-bayer,format=rggb10p,width=1024,height=100,framerate=30/1", 1280 * 100, 1280 * 100},
		{"video/x-bayer,format=rggb10sp,width=1024,height=100,framerate=30/1", 1536 * 100, 1536 * 100},
		{"video/x-bayer,format=rggb20,width=100,height=100,framerate=30/1", 24000, 24000},
		{"video/x-raw,format=GRAY12p,width=4056,height=3040,framerate=30/1", 6084 * 3040, 6084 * 3040},
		{"audio/x-raw,format=S16LE,layout=interleaved,rate=8000,channels=1", 320, 64 << 10},
		{"audio/x-raw,format=F32LE,layout=interleaved,rate=48000,channels=2", 8192, 192000},
		{"audio/x-raw,format=F64LE,layout=interleaved,rate=96000,channels=8", 65536, 1 << 20},
		{"other/tensor,dimension=3:224:224:1,type=uint8,framerate=30/1", 3 * 224 * 224, 3 * 224 * 224},
		{"other/tensors,format=static,num_tensors=2,dimensions=3:64:48.10:1:0:0,types=uint8.float32,framerate=30/1", 9256, 3*64*48 + 10*4},
		{"other/tensors,format=flexible,framerate=30/1", 1000, 1 << 20},
		{"image/jpeg,width=1920,height=1080,framerate=30/1", 20000, 3110400 + 3110400/32 + 4096},
		{"image/jpeg,sampling=YCbCr-4:2:2,width=1920,height=1080,framerate=30/1", 20000, 4147200 + 4147200/32 + 4096},
		{"image/png,width=1920,height=1080,framerate=30/1", 20000, 6220800 + 6220800/32 + 4096},
		{"video/x-h264,width=320,height=240,framerate=30/1", 400000, 1 << 20},
		{"video/x-h265,width=1920,height=1080,chroma-format=4:2:0,bit-depth-luma=(uint)10,framerate=30/1", 400000, 6220800 + 6220800/32 + 4096},
		{"video/x-h264,width=320,height=240,framerate=30/1", 2000000, 8000000},
		{"video/x-h264,framerate=30/1", 400000, 1600000},
		{"text/x-raw,format=utf8", 10, 1 << 20},
	} {
		pool := fmt.Sprintf("%s-%d", poolName(t), i)
		beginning := "videotestsrc num-buffers=1"
		if c.first > 0 {
			beginning = fmt.Sprintf("filesrc location=/dev/zero num-buffers=1 blocksize=%d", c.first)
		}
		d.do("make p "+beginning+" ! "+c.caps+" ! bipssink slots=2 sync=false pool="+pool, "reach p playing", "eos p", "drop p")
		if got := d.slotSize(pool); got != c.want {
			t.Errorf("%s: slots of %d bytes, want %d", c.caps, got, c.want)
		}
	}
	d.quit()
}

// slotSize reads in the debug log how large the slots of a pool were made.
func (p *pipeline) slotSize(pool string) int {
	p.t.Helper()
	log, err := os.ReadFile(p.debug)
	if err != nil {
		p.t.Fatal(err)
	}
	m := regexp.MustCompile(`pool "` + regexp.QuoteMeta(pool) + `": \d+ slots of (\d+) bytes`).FindSubmatch(log)
	if m == nil {
		p.t.Fatalf("the debug log tells of no pool %q", pool)
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

// Frames whose size the caps tell are written into the slots by whoever makes them, video or not.
func TestBayerFramesAreWrittenIntoTheSlots(t *testing.T) {
	t.Parallel()
	const beginning = "videotestsrc num-buffers=20 ! video/x-bayer,format=bggr,width=160,height=121,framerate=30/1" // rows without padding
	want := reference(t, beginning)
	source := launch(t, "bipssrc pool=%s read-mode=every ! %s", poolName(t), checksumSink)
	p := launch(t, "%s ! bipssink name=sink pool=%s sync=false wait-for-consumers=1", beginning, poolName(t))
	p.finish()
	source.finish()
	same(t, "frames", source.checksums(), want)
	p.stats("sink").want(t, allInPlace(20))
}

// A stream that begins in the dark, with frames that are easily encoded, goes on in the light.
func TestEncodedFramesThatGetLarger(t *testing.T) {
	t.Parallel()
	needs(t, "jpegenc")
	const picture = " ! video/x-raw,format=I420,width=1280,height=1024 ! jpegenc quality=95 ! c. "
	const beginning = "concat name=c videotestsrc num-buffers=2 pattern=black" + picture + "videotestsrc num-buffers=2 pattern=snow" + picture + "c."
	want := reference(t, beginning)
	source := launch(t, "bipssrc pool=%s read-mode=every ! %s", poolName(t), checksumSink)
	p := launch(t, "%s ! bipssink name=sink pool=%s sync=false wait-for-consumers=1", beginning, poolName(t))
	p.finish()
	source.finish()
	same(t, "frames", source.checksums(), want)
	p.stats("sink").want(t, counts{"copied": 4, "dropped": 0, "too-large": 0})
}

// A frame for which no slot is large enough is dropped, counted and told; those that fit go on.
func TestFramesThatDoNotFitTheSlotsAreDropped(t *testing.T) {
	t.Parallel()
	const samples = " ! audio/x-raw,format=S16LE,rate=8000,channels=1 ! c. "
	const line = "concat name=c audiotestsrc num-buffers=3 samplesperbuffer=500" + samples +
		"audiotestsrc num-buffers=4 samplesperbuffer=5000" + samples +
		"audiotestsrc num-buffers=2 samplesperbuffer=500" + samples + "c. ! bipssink name=sink slot-size=1000 sync=false"
	t.Run("some", func(t *testing.T) {
		t.Parallel()
		source := launch(t, "bipssrc name=src pool=%s read-mode=every ! identity silent=false ! fakesink", poolName(t))
		p := launch(t, "%s pool=%s wait-for-consumers=1", line, poolName(t))
		p.finish()
		source.finish()
		p.stats("sink").want(t, counts{"copied": 5, "dropped": 4, "too-large": 4})
		source.stats("src").want(t, counts{"received": 5, "lost": 4})
		for i, b := range source.buffers() {
			if gap := b.flags&flagDiscont != 0; gap != (i == 0 || i == 3) {
				t.Errorf("buffer %d: DISCONT is %v: %s", i, gap, b.line)
			}
		}
		if told := p.matches(`^WARNING.*A frame of 10000 bytes was dropped: .* have room for 1000\. Set slot-size to at least 10000`); len(told) != 1 {
			t.Errorf("it was told %d times, want once", len(told))
		}
	})
	t.Run("all", func(t *testing.T) {
		t.Parallel()
		dir := ownDir(t)
		p := launchWith(t, dir.use, "audiotestsrc num-buffers=3 samplesperbuffer=5000 ! bipssink name=sink pool=p slot-size=1000 sync=false")
		p.finish()
		p.stats("sink").want(t, counts{"copied": 0, "too-large": 3})
		dir.isClean(t, "after its end")
	})
}

// Where slots that fit any frame of the caps have no room, smaller ones do.
func TestTooLittleSharedMemoryForTheLargestEncodedFrame(t *testing.T) {
	t.Parallel()
	needs(t, "jpegenc")
	dir := smallTmpfs(t) // 4 MiB
	const line = "videotestsrc num-buffers=3 ! video/x-raw,width=1920,height=1080 ! jpegenc ! bipssink name=sink pool=p sync=false"
	p := launchWith(t, dir.use, line+" slots=3")
	p.finish()
	p.waitFor(1, `^WARNING.*no room for 3 slots of 3211696 bytes.* they have 1048576`)
	p.stats("sink").want(t, counts{"copied": 3, "dropped": 0})
	dir.isClean(t, "after success")
	launchWith(t, dir.use, line+" slots=16").fail("it needs 50 MiB", "fewer or smaller slots")
	dir.isClean(t, "after ENOSPC")
}
