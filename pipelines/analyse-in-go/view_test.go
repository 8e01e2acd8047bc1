package main

import (
	"image/color"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// yuv is a colour that all three of its parts tell from others.
var yuv = color.YCbCr{Y: 81, Cb: 90, Cr: 240}

// frames of 5 by 3 pixels, whose last pixel has a colour. Rows are padded in the second one
// of each pair, and planes apart, as the frame says.
func TestAFrameIsSeenWhereItLies(t *testing.T) {
	grey, red := color.Gray{Y: 81}, color.NRGBA{R: 200, G: 30, B: 20, A: 255}
	for _, c := range []struct {
		format string
		planes bips.Planes
		size   int
		paint  map[int]byte // of the last pixel: where, what
		want   color.Color
	}{
		{"GRAY8", bips.Planes{}, 24, map[int]byte{2*8 + 4: 81}, grey},
		{"GRAY8", bips.Planes{Count: 1, Stride: [4]int32{16}, Offset: [4]uint64{3}}, 64, map[int]byte{3 + 2*16 + 4: 81}, grey},
		{"RGB", bips.Planes{}, 48, map[int]byte{2*16 + 12: 200, 2*16 + 13: 30, 2*16 + 14: 20}, red},
		{"RGB", bips.Planes{Count: 1, Stride: [4]int32{32}}, 96, map[int]byte{2*32 + 12: 200, 2*32 + 13: 30, 2*32 + 14: 20}, red},
		{"NV12", bips.Planes{}, 48, map[int]byte{2*8 + 4: 81, 32 + 8 + 4: 90, 32 + 8 + 5: 240}, yuv},
		{
			"NV12", bips.Planes{Count: 2, Stride: [4]int32{16, 12}, Offset: [4]uint64{0, 64}}, 100,
			map[int]byte{2*16 + 4: 81, 64 + 12 + 4: 90, 64 + 12 + 5: 240}, yuv,
		},
		{"I420", bips.Planes{}, 48, map[int]byte{2*8 + 4: 81, 32 + 4 + 2: 90, 40 + 4 + 2: 240}, yuv},
		{
			"I420", bips.Planes{Count: 3, Stride: [4]int32{16, 8, 8}, Offset: [4]uint64{0, 64, 96}}, 128,
			map[int]byte{2*16 + 4: 81, 64 + 8 + 2: 90, 96 + 8 + 2: 240}, yuv,
		},
		{"Y42B", bips.Planes{}, 48, map[int]byte{2*8 + 4: 81, 24 + 2*4 + 2: 90, 36 + 2*4 + 2: 240}, yuv},
		{
			"Y42B", bips.Planes{Count: 3, Stride: [4]int32{16, 8, 8}, Offset: [4]uint64{0, 64, 96}}, 128,
			map[int]byte{2*16 + 4: 81, 64 + 2*8 + 2: 90, 96 + 2*8 + 2: 240}, yuv,
		},
	} {
		t.Run(c.format, func(t *testing.T) {
			frame := &bips.Frame{Data: make([]byte, c.size)}
			frame.Planes = c.planes
			v, err := format{name: c.format, width: 5, height: 3}.see(frame)
			if err != nil {
				t.Fatal(err)
			}
			// Painted after it was seen: it is no copy.
			for at, b := range c.paint {
				frame.Data[at] = b
			}
			if got := v.colour.At(4, 2); rgba(got) != rgba(c.want) {
				t.Errorf("the last pixel is %v, want %v", got, c.want)
			}
			if got := v.colour.Bounds().Max; got.X != 5 || got.Y != 3 {
				t.Errorf("the picture is %v", got)
			}
			if c.format != "RGB" && v.light.At(4, 2) != grey {
				t.Errorf("the last pixel's brightness is %v, want %v", v.light.At(4, 2), grey)
			}
		})
	}
}

// rgba makes colours of different models comparable.
func rgba(c color.Color) [4]uint32 {
	r, g, b, a := c.RGBA()
	return [4]uint32{r, g, b, a}
}

func TestPlanesThatDoNotFitTheFrameAreAnError(t *testing.T) {
	for what, planes := range map[string]bips.Planes{
		"a frame too short":        {},
		"rows too short":           {Count: 2, Stride: [4]int32{4, 8}},
		"rows too long":            {Count: 2, Stride: [4]int32{1 << 30, 8}},
		"rows backwards":           {Count: 2, Stride: [4]int32{-8, 8}},
		"a plane behind the frame": {Count: 2, Stride: [4]int32{8, 8}, Offset: [4]uint64{0, 1 << 63}},
	} {
		frame := &bips.Frame{Data: make([]byte, 47)}
		frame.Planes = planes
		if what == "a frame too short" {
			frame.Data = frame.Data[:40]
		}
		if _, err := (format{name: "NV12", width: 5, height: 3}).see(frame); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func TestCapsSayTheFormat(t *testing.T) {
	got, err := formatOf("video/x-raw, format=(string)NV12, width=(int)640, height=(int)480, colorimetry=(string)1:4:0:0, framerate=(fraction)30/1")
	if want := (format{name: "NV12", width: 640, height: 480, full: true}); err != nil || got != want {
		t.Errorf("got %v and %v, want %v", got, err, want)
	}
	for _, caps := range []string{
		"image/jpeg, width=(int)640, height=(int)480",
		"video/x-raw, format=(string)YUY2, width=(int)640, height=(int)480",
		"video/x-raw, format=(string)NV12, width=(int)640",
	} {
		if _, err := formatOf(caps); err == nil {
			t.Errorf("%s: no error", caps)
		}
	}
}
