package plugin

import (
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// Upstream elements that write into the slots they are offered: no frame is copied,
// and both kinds of reader see the pixels that were written.
func TestZeroCopy(t *testing.T) {
	const source = "videotestsrc num-buffers=60 pattern=ball ! video/x-raw,format=I420,width=320,height=240"
	for _, c := range []struct {
		name, beginning string
		needs           []string
	}{
		{"videotestsrc", source, nil},
		{"videoconvert", source + " ! videoconvert ! video/x-raw,format=RGB", nil},
		{"videoscale", source + " ! videoscale ! video/x-raw,width=160,height=120", nil},
		{"queue", source + " ! queue max-size-buffers=3 max-size-bytes=0 max-size-time=0", nil},
		{"identity", source + " ! identity", nil},
		{"openh264dec", "filesrc location=H264 ! h264parse ! openh264dec", []string{"openh264enc", "openh264dec"}},
		{"avdec_h264", "filesrc location=H264 ! h264parse ! avdec_h264", []string{"openh264enc", "avdec_h264"}},
		{"jpegdec", "filesrc location=JPEG ! jpegparse ! jpegdec", []string{"jpegenc", "jpegdec", "jpegparse"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needs(t, c.needs...)
			beginning := withFixtures(t, c.beginning)
			checkZeroCopy(t, poolName(t), beginning)
		})
	}
}

func checkZeroCopy(t *testing.T, pool, beginning string) {
	t.Helper()
	want := reference(t, beginning)
	r := read(t, pool, bips.ConsumerOptions{Mode: bips.Every}, nil)
	source := launch(t, "bipssrc pool=%s read-mode=every name=src ! %s", pool, checksumSink)
	p := launch(t, "%s ! bipssink name=sink pool=%s slots=64 sync=false wait-for-consumers=2", beginning, pool) // room for all frames, however slow the readers are
	p.finish()
	source.finish()
	same(t, "package bips", sums(r.all()), want)
	same(t, "bipssrc", source.checksums(), want)
	p.stats("sink").want(t, allInPlace(len(want)))
	source.stats("src").want(t, counts{"received": uint64(len(want)), "copied": 0, "lost": 0, "skipped": 0})
}
