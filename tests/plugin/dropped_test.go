package plugin

import (
	"regexp"
	"strings"
	"testing"
)

// Metadata that readers do not get is counted by its name, and told once: but for what means
// nothing to another process, which is no loss.
func TestMetadataThatDoesNotCrossIsCountedAndTold(t *testing.T) {
	t.Parallel()
	needs(t, "metas")
	dir := ownDir(t)
	p := launchWith(t, dir.use, "videotestsrc num-buffers=5 ! %s ! metas add=overlay,parent ! bipssink name=sink pool=p sync=false", small)
	p.finish()
	p.named("sink", "metas-dropped").want(t, counts{"GstVideoOverlayCompositionMetaAPI": 5, "GstParentBufferMetaAPI": 5})
	for meta, times := range map[string]int{"GstVideoOverlayCompositionMeta": 1, "GstParentBufferMeta": 0} {
		if told := p.matches("^WARNING.*Frames have metadata that readers do not get: " + meta + `\.`); len(told) != times {
			t.Errorf("%s: told %d times, want %d", meta, len(told), times)
		}
	}
	p.stats("sink").want(t, counts{"dropped": 0})
	dir.isClean(t, "after its end")
}

// What a parser reads out of encoded frames crosses with their bytes, and the reader's parser reads it again: no loss, so
// that it is only counted. That of raw video is lost.
func TestMetadataThatIsInTheBytesOfAnEncodedFrameIsNoLoss(t *testing.T) {
	t.Parallel()
	needs(t, "metas", "jpegenc")
	for name, c := range map[string]struct {
		encoder string
		told    int
	}{"encoded": {"jpegenc !", 0}, "raw": {"", 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := ownDir(t)
			p := launchWith(t, dir.use, "videotestsrc num-buffers=5 ! %s ! %s metas add=afd ! bipssink name=sink pool=p sync=false", small, c.encoder)
			p.finish()
			p.named("sink", "metas-dropped").want(t, counts{"GstVideoAFDMetaAPI": 5})
			if told := p.matches("^WARNING.*GstVideoAFDMeta"); len(told) != c.told {
				t.Errorf("told %d times, want %d: %q", len(told), c.told, told)
			}
		})
	}
}

// What common encoders and decoders send is shared without a warning: there is nothing that the user could do.
func TestCommonStreamsGiveNoReasonForAWarning(t *testing.T) {
	for name, c := range map[string]struct {
		line  string
		needs []string
	}{
		"decoded H.264": {"videotestsrc num-buffers=10 ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! x264enc tune=zerolatency ! h264parse ! avdec_h264", []string{"x264enc", "h264parse", "avdec_h264"}},
		"H.264":         {"videotestsrc num-buffers=10 ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! x264enc tune=zerolatency ! h264parse", []string{"x264enc", "h264parse"}},
		"VP8":           {"videotestsrc num-buffers=10 ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! vp8enc deadline=1", []string{"vp8enc"}},
		"decoded JPEG":  {"videotestsrc num-buffers=10 ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! jpegenc ! jpegdec", []string{"jpegenc", "jpegdec"}},
		"Opus":          {"audiotestsrc num-buffers=10 ! opusenc", []string{"opusenc"}},
		"FLAC":          {"audiotestsrc num-buffers=10 ! flacenc", []string{"flacenc"}},
		"decoded sound": {"audiotestsrc num-buffers=10 ! opusenc ! opusdec", []string{"opusenc", "opusdec"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, c.needs...)
			p := launch(t, "%s ! bipssink sync=false pool=%s", c.line, poolName(t))
			p.finish()
			if told := p.matches("^WARNING"); len(told) > 0 {
				t.Errorf("%q", told)
			}
		})
	}
}

// What one pair adds is no loss to the next.
func TestAFrameThatIsSharedAgainLosesNothing(t *testing.T) {
	t.Parallel()
	source := launch(t, "bipssrc pool=%s-2 num-buffers=5 ! fakesink", poolName(t))
	relay := launch(t, "bipssrc pool=%s read-mode=every ! bipssink name=sink pool=%s-2", poolName(t), poolName(t))
	producer := launch(t, "videotestsrc is-live=true ! %s ! bipssink pool=%s", small, poolName(t))
	source.finish()
	relay.interrupt()
	producer.interrupt()
	if lost := relay.named("sink", "metas-dropped"); len(lost) != 0 {
		t.Errorf("lost %v", lost)
	}
	if said := relay.matches("^WARNING"); len(said) != 0 {
		t.Errorf("said %q", said)
	}
}

// named returns counters that an element has under one name.
func (p *pipeline) named(element, name string) counts {
	p.t.Helper()
	_, list, found := strings.Cut(p.closingLine(element), "{"+name+" [")
	if !found {
		p.t.Fatalf("the debug log has no %s of %s", name, element)
	}
	list, _, _ = strings.Cut(list, "]")
	return parseCounts(p.t, regexp.MustCompile(`\{(\S+) (\d+)\}`), list)
}
