package main

import (
	"fmt"
	"image"
	"regexp"
	"strconv"

	"github.com/bips-ipc/bips/bips"
)

// format is the size of an I420 picture: three planes, each as GStreamer lays it out.
type format struct{ width, height int }

var capsPattern = regexp.MustCompile(`video/x-raw.*width=\(int\)(\d+).*height=\(int\)(\d+)`)

// formatOf reads caps.
func formatOf(caps string) (format, error) {
	m := capsPattern.FindStringSubmatch(caps)
	if m == nil || !regexp.MustCompile(`format=\(string\)I420`).MatchString(caps) {
		return format{}, fmt.Errorf("these are not caps of I420 pictures: %q", caps)
	}
	width, _ := strconv.Atoi(m[1])
	height, _ := strconv.Atoi(m[2])
	return format{width, height}, nil
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

func (f format) strideY() int { return roundUp(f.width, 4) }
func (f format) strideC() int { return roundUp(roundUp(f.width, 2)/2, 4) }
func (f format) startU() int  { return f.strideY() * roundUp(f.height, 2) }
func (f format) startV() int  { return f.startU() + f.strideC()*roundUp(f.height, 2)/2 }
func (f format) size() int    { return f.startV() + f.strideC()*roundUp(f.height, 2)/2 }

// picture sees a frame as an image, without a copy: it is valid as long as the frame.
func (f format) picture(frame *bips.Frame) *image.YCbCr {
	strideY, strideC, startY, startU, startV := f.strideY(), f.strideC(), 0, f.startU(), f.startV()
	if p := &frame.Planes; p.Count == 3 {
		strideY, strideC = int(p.Stride[0]), int(p.Stride[1])
		startY, startU, startV = int(p.Offset[0]), int(p.Offset[1]), int(p.Offset[2])
	}
	return &image.YCbCr{
		Y: frame.Data[startY:], Cb: frame.Data[startU:], Cr: frame.Data[startV:],
		YStride: strideY, CStride: strideC,
		SubsampleRatio: image.YCbCrSubsampleRatio420,
		Rect:           image.Rect(0, 0, f.width, f.height),
	}
}
