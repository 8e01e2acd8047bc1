package plugin

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// strict ends a process at the first complaint of GLib's.
func strict(c *exec.Cmd) { c.Env = append(c.Env, "G_DEBUG=fatal-criticals") }

// The element "metas" of testdata/metas prints such lines.
const metaLine = "^meta: "

// ball is where its metadata are added to.
const ball = "videotestsrc num-buffers=%d pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=100/1 ! "

// direct is what an element sees of the metadata without BIPS. It skips the test where GStreamer is too old to have
// them.
func direct(t *testing.T, n int, add string) []string {
	t.Helper()
	needs(t, "metas")
	p := launch(t, ball+"metas add=%s ! metas tell=true ! fakesink", n, add)
	if p.wait(patience) != nil {
		if lacks := p.matches("^metas: this GStreamer has no "); len(lacks) > 0 {
			t.Skip(lacks[0])
		}
		t.Fatalf("%s", p.line)
	}
	return p.matches(metaLine)
}

// A sent stream is one that two readers have read, of which one copies all frames.
type sent struct {
	producer, source, copying *pipeline
}

// send sends pictures with metadata.
func send(t *testing.T, n int, add, sink string) sent {
	t.Helper()
	needs(t, "metas")
	s := sent{
		source:  launchWith(t, strict, "bipssrc name=src pool=%s read-mode=every ! metas tell=true ! fakesink", poolName(t)),
		copying: launchWith(t, strict, "bipssrc name=src pool=%s read-mode=every max-held=1 ! metas tell=true ! fakesink", poolName(t)),
	}
	s.producer = launchWith(t, strict, ball+"metas add=%s ! bipssink name=sink pool=%s sync=false wait-for-consumers=2 %s", n, add, poolName(t), sink)
	s.producer.finish()
	s.source.finish()
	s.copying.finish()
	return s
}

// tell compares what both readers tell of the metadata.
func (s sent) tell(t *testing.T, want []string) {
	t.Helper()
	for name, p := range map[string]*pipeline{"the reader": s.source, "the reader that copies": s.copying} {
		got := p.matches(metaLine)
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Errorf("%s got %d lines, want %d; the first that differs, got\n%s\nwant\n%s", name, len(got), len(want),
					strings.Join(got[min(i, len(got)):min(i+1, len(got))], ""), strings.Join(want[min(i, len(want)):min(i+1, len(want))], ""))
				break
			}
		}
	}
}

// What a reader gets is what an element gets that is linked directly.
func TestMetadataArriveAsTheyWereSent(t *testing.T) {
	const n = 3
	for _, add := range []string{
		"roi", "rois:3", "reference", "crop", "timecode", "caption", "affine", "protection", "custom", "third",
		"split:1000", "split:1+2+3+4+5+6+7+8+9+10+11+12+13+14+15",
		"roi,reference,timecode,caption,affine,rois:2", "custom,custom", "split:76800+19200,crop,protection",
	} {
		t.Run(add, func(t *testing.T) {
			t.Parallel()
			want := direct(t, n, add)
			if len(want) <= n {
				t.Fatalf("it tells nothing: %q", want)
			}
			s := send(t, n, add, "")
			s.tell(t, want)
			for name, lost := range map[string]counts{"bipssink": s.producer.named("sink", "metas-dropped"), "bipssrc": s.source.named("src", "metas-dropped")} {
				if len(lost) != 0 {
					t.Errorf("%s counts %v as lost", name, lost)
				}
			}
		})
	}
}

// A frame without metadata has none on the other side, but for the time of capture, which "metas" does not tell.
func TestAFrameWithoutMetadataGetsNone(t *testing.T) {
	t.Parallel()
	const n = 3
	s := send(t, n, "rois:0", "")
	s.tell(t, slices.Repeat([]string{"meta: end of buffer"}, n))
}

// 4096 bytes are enough for 85 regions without parameters.
func TestMetadataThatHaveNoRoomAreCountedAndTold(t *testing.T) {
	t.Parallel()
	const n = 5
	s := send(t, n, "rois:90,reference", "")
	want := direct(t, 1, "rois:85")
	want = slices.Repeat(want, n)
	s.tell(t, want)
	s.producer.named("sink", "metas-dropped").want(t, counts{
		"GstVideoRegionOfInterestMetaAPI/no-room": 5 * n, "GstReferenceTimestampMetaAPI/no-room": 2 * n,
	})
	for _, what := range []string{"GstVideoRegionOfInterestMeta", "GstReferenceTimestampMeta"} {
		if told := s.producer.matches("^WARNING.*than the 4096 bytes.* of " + what + " some was left out.*Set meta-size"); len(told) != 1 {
			t.Errorf("%s: told %d times, want once", what, len(told))
		}
	}
}

// A smaller one behind one that has no room still gets in.
func TestWhatHasNoRoomLeavesItToSmallerOnes(t *testing.T) {
	t.Parallel()
	s := send(t, 1, "rois:83,roi,rois:1", "")
	if got := s.source.matches("^meta: roi person"); len(got) != 85 {
		t.Errorf("got %d, want 83, the one before what has no room, and the one behind", len(got))
	}
	if got := s.source.matches("^meta: roi face"); len(got) != 0 {
		t.Errorf("got %q, for which there is no room", got)
	}
}

// Frames that mean something else without their metadata are an error, if these have no room.
func TestFramesThatNeedMetadataThatHaveNoRoom(t *testing.T) {
	for add, says := range map[string]string{
		"rois:90,crop":       "a GstVideoCropMeta, without which readers would see what was cut off",
		"rois:85,protection": "a GstProtectionMeta, without which nobody can decrypt them",
	} {
		t.Run(add, func(t *testing.T) {
			t.Parallel()
			needs(t, "metas")
			dir := ownDir(t)
			launchWith(t, dir.use, ball+"metas add=%s ! bipssink pool=p sync=false", 3, add).
				fail(says, "it does not fit into the 4096 bytes", "Set meta-size to more")
			dir.isClean(t, "after its end")
		})
	}
}

// A field that cannot cross is left out, and what it belongs to is counted.
func TestFieldsThatDoNotCrossAreLeftOut(t *testing.T) {
	t.Parallel()
	const n = 3
	want := direct(t, n, "pointer") // it does not tell of these fields
	s := send(t, n, "pointer", "")
	s.tell(t, want)
	s.producer.named("sink", "metas-dropped").want(t, counts{"AcmePointer-api/fields": n})
	if told := s.producer.matches("^WARNING.*Readers do not get all fields of AcmePointer"); len(told) != 1 {
		t.Errorf("it was told %d times, want once", len(told))
	}
}

// Detections of GStreamer's own kind arrive as such, those parts that are in the picture; other parts of that metadata are
// counted by their kind.
func TestDetectionsArriveAsDetections(t *testing.T) {
	t.Parallel()
	direct(t, 1, "detection")
	const n = 3
	s := send(t, n, "detection", "")
	s.tell(t, slices.Repeat([]string{
		"meta: detection car at 10,20 30x20, 0.5", "meta: detection dog at 0,2 6x5, 0.25", "meta: end of buffer",
	}, n))
	s.producer.named("sink", "metas-dropped").want(t, counts{"GstAnalyticsRelationMetaAPI/classification": n})
}

// What of a picture is cut off by a GstVideoCropMeta that was negotiated is not seen by readers that do not know that.
func TestACroppedPictureArrivesCropped(t *testing.T) {
	for _, c := range []struct{ format, crop string }{
		// So that no row ends with bytes that are no pixel's.
		{"I420", "left=16 top=8 right=16 bottom=2"}, {"I420", "left=1 top=3 right=7 bottom=3"},
		{"NV12", "left=5 top=7 right=3 bottom=1"}, {"RGB", "left=4 bottom=5"}, {"GRAY8", "top=9 right=8"}, {"YUY2", "left=2 top=1"},
	} {
		t.Run(c.format+" "+c.crop, func(t *testing.T) {
			t.Parallel()
			needs(t, "metas", "videocrop", "checksumsink")
			const n = 3
			cropped := fmt.Sprintf("videotestsrc num-buffers=%d ! video/x-raw,format=%s,width=320,height=240 ! videocrop %s ! ", n, c.format, c.crop)
			plain := "videoconvert ! video/x-raw,format=BGRx ! " // reads each pixel, and knows nothing of crops
			want := reference(t, cropped+plain+"identity")
			source := launchWith(t, strict, "bipssrc pool=%s read-mode=every ! metas tell=true ! %s%s", poolName(t), plain, checksumSink)
			packed := launchWith(t, strict, "bipssrc pool=%s read-mode=every ! metas tell=true ! %s%s", poolName(t), "", checksumSink)
			p := launchWith(t, strict, cropped+"metas crop-meta=true tell=true add=roi ! bipssink name=sink pool=%s sync=false wait-for-consumers=2", poolName(t))
			p.finish()
			source.finish()
			packed.finish()
			if len(p.matches("^meta: crop")) != n {
				t.Fatal("videocrop does not make a GstVideoCropMeta")
			}
			same(t, "bipssrc", source.checksums(), want)
			same(t, "a reader that does not know GstVideoMeta", packed.checksums(), reference(t, cropped+"identity"))
			if got := source.matches("^meta: crop"); len(got) != 0 {
				t.Errorf("the reader got %q", got)
			}
			// The region at 1,2 of 30x40 is where it was in the picture.
			at := regexp.MustCompile(`left=(\d+)`).FindStringSubmatch(c.crop)
			if at != nil && at[1] == "16" {
				if got := source.matches("^meta: roi person 7 of 0 at 0,0 15x34"); len(got) != n {
					t.Errorf("regions are elsewhere: %q", source.matches("^meta: roi"))
				}
			}
		})
	}
}

// A crop of all that the caps tell of cuts nothing off.
func TestACropOfAllOfThePictureIsNone(t *testing.T) {
	t.Parallel()
	s := send(t, 3, "crop-nothing", "")
	s.tell(t, slices.Repeat([]string{"meta: end of buffer"}, 3))
	if lost := s.producer.named("sink", "metas-dropped"); len(lost) != 0 {
		t.Errorf("lost %v", lost)
	}
}

// Who gives the frame a picture that videocrop would not gets the crop on the other side.
func TestACropThatThePlanesCannotHaveIsPassedOn(t *testing.T) {
	t.Parallel()
	needs(t, "metas", "videocrop")
	source := launchWith(t, strict, "bipssrc pool=%s read-mode=every ! metas tell=true crop-meta=true ! fakesink", poolName(t))
	p := launchWith(t, strict, "videotestsrc num-buffers=3 ! video/x-raw,format=YUY2,width=320,height=240 ! videocrop left=1 top=2 ! metas crop-meta=true ! bipssink pool=%s sync=false wait-for-consumers=1", poolName(t))
	p.finish()
	source.finish()
	if got := source.matches("^meta: crop 1,2 319x238"); len(got) != 3 {
		t.Errorf("got %q", source.matches(metaLine))
	}
}
