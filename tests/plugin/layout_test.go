package plugin

import (
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// Rows further apart than the caps say, as GstVideoMeta tells: the layout travels, and
// who does not know it gets packed rows.
func TestPaddedRows(t *testing.T) {
	for _, format := range []string{"I420", "NV12", "GRAY8", "RGB"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			needs(t, "trouble")
			// Multiples of 8, so that the packed rows have no padding of their own.
			beginning := "videotestsrc num-buffers=10 pattern=ball ! video/x-raw,width=160,height=120,format=" + format
			plain := reference(t, beginning)
			padded := reference(t, beginning+" ! trouble kind=pad")
			r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
			knows := launch(t, "bipssrc pool=%s read-mode=every ! videoconvert ! video/x-raw,format=AYUV ! %s", poolName(t), checksumSink)
			doesNot := launch(t, "bipssrc name=src pool=%s read-mode=every ! %s", poolName(t), checksumSink)
			p := launch(t, "%s ! trouble kind=pad ! bipssink pool=%s slot-size=400000 slots=20 sync=false wait-for-consumers=3", beginning, poolName(t))
			p.finish()
			knows.finish()
			doesNot.finish()
			frames := r.all()
			same(t, "package bips", sums(frames), padded)
			same(t, "an element that knows GstVideoMeta", knows.checksums(),
				reference(t, beginning+" ! videoconvert ! video/x-raw,format=AYUV"))
			same(t, "an element that does not", doesNot.checksums(), plain)
			doesNot.stats("src").want(t, counts{"layout": 10, "copied": 10})
			for i, f := range frames {
				if f.Planes.Count == 0 || f.Planes.Stride[0] <= 160 {
					t.Fatalf("frame %d: planes %+v", i, f.Planes)
				}
			}
		})
	}
}

// Without slot-size the slots are as large as the caps say: padded rows are packed.
func TestPaddedRowsThatDoNotFitArePacked(t *testing.T) {
	t.Parallel()
	needs(t, "trouble")
	const beginning = "videotestsrc num-buffers=10 pattern=ball ! video/x-raw,width=160,height=120,format=I420"
	want := reference(t, beginning)
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	launch(t, "%s ! trouble kind=pad ! bipssink pool=%s sync=false wait-for-consumers=1", beginning, poolName(t)).finish()
	frames := r.all()
	same(t, "package bips", sums(frames), want)
	for i, f := range frames {
		if f.Planes.Count != 0 {
			t.Errorf("frame %d: planes %+v, want the default layout", i, f.Planes)
		}
	}
}

// Odd sizes: rows are padded to 4 bytes. What is in the padding is nobody's business, so
// that pictures are compared after a conversion that leaves it out.
func TestOddSizes(t *testing.T) {
	for _, format := range []string{"I420", "NV12", "RGB", "GRAY8", "YUY2"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			beginning := "videotestsrc num-buffers=10 pattern=ball ! video/x-raw,width=161,height=121,format=" + format
			const behind = "videoconvert ! video/x-raw,format=BGRx"
			want := reference(t, beginning+" ! "+behind)
			source := launch(t, "bipssrc pool=%s read-mode=every ! %s ! %s", poolName(t), behind, checksumSink)
			p := launch(t, "%s ! bipssink name=sink pool=%s sync=false wait-for-consumers=1", beginning, poolName(t))
			p.finish()
			source.finish()
			same(t, "frames", source.checksums(), want)
			p.stats("sink").want(t, allInPlace(10))
		})
	}
}

// A frame whose layout lies outside its bytes is an error, not a crash.
func TestALayoutThatCannotBe(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{SlotSize: 2 * greySize})
	source := launch(t, "bipssrc pool=%s read-mode=every ! videoconvert ! fakesink", poolName(t))
	w.awaits(1)
	f := bips.FrameInfo{}
	f.Planes.Count = 1
	f.Planes.Stride[0] = 1 << 20
	w.publish(greySize, f)
	source.fail("does not fit the format", "Start the producer anew")
}
