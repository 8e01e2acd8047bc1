package plugin

import (
	"slices"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// Planar audio has a plane for each channel, and a GstAudioMeta without which GStreamer cannot read
// it. In a pool one plane follows the other, and the reader makes the meta anew.
func TestPlanarAudioCrosses(t *testing.T) {
	const planar = "audiotestsrc num-buffers=10 wave=saw ! audioconvert ! audio/x-raw,channels=2 ! audiopanorama panorama=0.5 ! audioconvert ! audio/x-raw,format=F32LE,rate=48000,channels=2,layout=non-interleaved"
	const interleaved = " ! audioconvert ! audio/x-raw,format=F32LE,layout=interleaved ! "
	for _, c := range []struct {
		name, trouble string
		copies        string
	}{
		{"as audioconvert makes it", "", "foreign-memory"},
		{"with its channels apart", " ! trouble kind=apart", "foreign-memory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needs(t, "trouble", "audioconvert", "audiopanorama")
			want := reference(t, planar+interleaved+"identity")
			planes := reference(t, planar)
			r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
			source := launchWith(t, strict, "bipssrc pool=%s read-mode=every%s%s", poolName(t), interleaved, checksumSink)
			copying := launchWith(t, strict, "bipssrc pool=%s read-mode=every max-held=1%s%s", poolName(t), interleaved, checksumSink)
			p := launch(t, planar+c.trouble+" ! bipssink name=sink pool=%s sync=false wait-for-consumers=3", poolName(t))
			p.finish()
			source.finish()
			copying.finish()
			same(t, "bipssrc", source.checksums(), want)
			same(t, "bipssrc that copies", copying.checksums(), want)
			same(t, "package bips", sums(r.all()), planes)
			p.stats("sink").want(t, counts{"copied": 10, c.copies: 10, "malformed": 0})
		})
	}
}

func TestPlanarAudioThatIsNotWhole(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	w.caps("audio/x-raw, format=(string)F32LE, layout=(string)non-interleaved, rate=(int)48000, channels=(int)2, channel-mask=(bitmask)0x3")
	source := launch(t, "bipssrc pool=%s read-mode=every ! fakesink", poolName(t))
	w.awaits(1)
	w.publish(1001, bips.FrameInfo{})
	w.endOfStream()
	source.fail("its 1001 bytes are no whole number of samples of 2 channels", "Start the producer anew")
}

// Each tensor is a memory of its own in a buffer. In a pool one follows the other, and the caps
// tell the reader where to cut.
func TestTensorsCrossInMemoriesOfTheirOwn(t *testing.T) {
	for _, c := range []struct {
		name, dimensions, types string
		bytes                   int
		before                  string
		told                    string
		copied                  uint64
	}{
		{"two memories", "200,50:1:1:1", "uint8,float32", 400, "! trouble kind=split", "memories: 200 200", 0},
		{"one memory for both", "200,25:2", "uint8,float32", 400, "", "memories: 200 200", 0},
		{"a number where none may be", "3.5", "uint8.float32", 23, "", "memories: 3 20", 5},
		{"one tensor in two memories", "100", "float32", 400, "! trouble kind=split", "memories: 400", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needs(t, "trouble")
			const n = 5
			count := len(strings.FieldsFunc(c.types, func(r rune) bool { return r == ',' || r == '.' }))
			source := launch(t, "bipssrc name=src pool=%s read-mode=every ! trouble kind=memories ! fakesink", poolName(t))
			copying := launch(t, "bipssrc pool=%s read-mode=every max-held=1 ! trouble kind=memories ! fakesink", poolName(t))
			r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
			p := launch(t, "filesrc location=/dev/urandom num-buffers=%d blocksize=%d ! other/tensors,format=static,num_tensors=%d,dimensions=(string)\"%s\",types=(string)\"%s\",framerate=30/1 %s ! bipssink pool=%s sync=false wait-for-consumers=3",
				n, c.bytes, count, c.dimensions, c.types, c.before, poolName(t))
			p.finish()
			for _, s := range []*pipeline{source, copying} {
				s.finish()
				if told := s.matches("^memories:"); !slices.Equal(told, slices.Repeat([]string{c.told}, n)) {
					t.Errorf("got %q, want %d times %q", told, n, c.told)
				}
			}
			source.stats("src").want(t, counts{"received": n, "copied": c.copied})
			if frames := r.all(); len(frames) != n || frames[0].Size != c.bytes {
				t.Errorf("package bips: %d frames, want %d of %d bytes", len(frames), n, c.bytes)
			}
		})
	}
}

// Where the caps do not tell the sizes of tensors, the metadata do.
func TestTensorsOfWhichTheCapsDoNotTellTheSizes(t *testing.T) {
	for _, c := range []struct{ name, caps, told string }{
		{"flexible", "other/tensors,format=flexible,framerate=30/1", "memories: 200 200"},
		{"other sizes", "other/tensors,format=static,num_tensors=2,dimensions=(string)100.300,types=(string)uint8.uint8,framerate=30/1", "memories: 200 200"},
		{"more of them", "other/tensors,format=static,num_tensors=3,dimensions=(string)100.100.200,types=(string)uint8.uint8.uint8,framerate=30/1", "memories: 200 200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needs(t, "trouble")
			const n = 3
			source := launchWith(t, strict, "bipssrc name=src pool=%s read-mode=every ! trouble kind=memories ! fakesink", poolName(t))
			copying := launchWith(t, strict, "bipssrc pool=%s read-mode=every max-held=1 ! trouble kind=memories ! fakesink", poolName(t))
			launch(t, "filesrc location=/dev/zero num-buffers=%d blocksize=400 ! %s ! trouble kind=split ! bipssink pool=%s sync=false wait-for-consumers=2", n, c.caps, poolName(t)).finish()
			for _, s := range []*pipeline{source, copying} {
				s.finish()
				if told := s.matches("^memories:"); !slices.Equal(told, slices.Repeat([]string{c.told}, n)) {
					t.Errorf("got %q, want %d times %q", told, n, c.told)
				}
			}
			source.stats("src").want(t, counts{"received": n, "copied": 0})
		})
	}
}
