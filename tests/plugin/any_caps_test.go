package plugin

import (
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// Any caps work, not only raw video.
func TestAnyCaps(t *testing.T) {
	for _, c := range []struct {
		name, beginning, caps string
		needs                 []string
	}{
		{"H264", "filesrc location=H264 ! h264parse ! video/x-h264,stream-format=byte-stream,alignment=au", "video/x-h264", []string{"openh264enc", "h264parse"}},
		{"audio", "audiotestsrc num-buffers=20 ! audio/x-raw,format=F32LE,rate=48000,channels=2", "audio/x-raw", nil},
		{"tensor", "filesrc location=RAW blocksize=115200 ! application/x-tensor,dims=(int)3,type=(string)uint8", "application/x-tensor", nil},
		{"JPEG", "filesrc location=JPEG ! jpegparse", "image/jpeg", []string{"jpegenc", "jpegparse"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needs(t, c.needs...)
			beginning := withFixtures(t, c.beginning)
			want := reference(t, beginning)
			r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
			source := launch(t, "bipssrc pool=%s read-mode=every ! %s", poolName(t), checksumSink)
			launch(t, "%s ! bipssink pool=%s sync=false wait-for-consumers=2", beginning, poolName(t)).finish()
			source.finish()
			frames := r.all()
			same(t, "package bips", sums(frames), want)
			same(t, "bipssrc", source.checksums(), want)
			if len(frames) > 0 && !strings.HasPrefix(frames[0].Caps, c.caps) {
				t.Errorf("caps %q, want %s", frames[0].Caps, c.caps)
			}
		})
	}
}

// H.264 that crossed is still what a decoder takes.
func TestH264CrossesAndIsDecoded(t *testing.T) {
	t.Parallel()
	needs(t, "openh264enc", "openh264dec", "h264parse")
	encoded := withFixtures(t, "filesrc location=H264 ! h264parse ! video/x-h264,stream-format=byte-stream,alignment=au")
	want := reference(t, encoded+" ! openh264dec")
	source := launch(t, "bipssrc pool=%s read-mode=every ! h264parse ! openh264dec ! %s", poolName(t), checksumSink)
	launch(t, "%s ! bipssink pool=%s sync=false wait-for-consumers=1", encoded, poolName(t)).finish()
	source.finish()
	same(t, "decoded frames", source.checksums(), want)
}
