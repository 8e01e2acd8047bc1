package bips_test

import (
	"testing"

	"github.com/bips-ipc/bips/bips"
)

func TestFramesThatStandAloneAreToldFromThoseThatDoNot(t *testing.T) {
	for caps, want := range map[string]bool{
		"":                                     true,
		"video/x-raw, format=(string)NV12":     true,
		"video/x-raw(format:Interlaced), a=1":  true,
		"video/x-raw":                          true,
		"video/x-bayer, format=(string)bggr":   true,
		"image/jpeg, width=(int)640":           true,
		"image/png":                            true,
		"other/tensors, format=(string)static": true,
		"tensor/strided, rank=3":               true,
		"video/x-h264, profile=(string)high":   false,
		"video/mpegts":                         false,
		"video/x-rawish":                       false,
		"audio/x-raw, format=(string)S16LE":    false,
		"application/x-rtp":                    false,
		"whatever":                             false,
	} {
		if got := bips.FramesStandAlone(caps); got != want {
			t.Errorf("%q: got %v, want %v", caps, got, want)
		}
	}
}
