package main

import (
	"fmt"
	"image/color"
	"regexp"
	"strconv"

	"github.com/bips-ipc/bips/bips"
)

// A format is what caps say about raw pictures.
type format struct {
	name          string
	width, height int
	full          bool // black is 0 and white 255, not 16 and 235
}

var (
	formatPattern = regexp.MustCompile(`^video/x-raw\b.*\bformat=\(string\)(\w+)`)
	widthPattern  = regexp.MustCompile(`\bwidth=\(int\)(\d+)`)
	heightPattern = regexp.MustCompile(`\bheight=\(int\)(\d+)`)
	fullPattern   = regexp.MustCompile(`\bcolorimetry=\(string\)(1:|sRGB)`)
)

// formatOf reads caps.
func formatOf(caps string) (format, error) {
	name, width, height := formatPattern.FindStringSubmatch(caps), widthPattern.FindStringSubmatch(caps), heightPattern.FindStringSubmatch(caps)
	if name == nil || width == nil || height == nil {
		return format{}, fmt.Errorf("these are no raw pictures: %s", caps)
	}
	f := format{name: name[1]}
	f.full = f.name == "RGB" || f.name == "GRAY8" || fullPattern.MatchString(caps)
	f.width, _ = strconv.Atoi(width[1])
	f.height, _ = strconv.Atoi(height[1])
	if f.layout().Count == 0 {
		return format{}, fmt.Errorf("pictures in the format %s cannot be seen without a conversion: put \"videoconvert ! video/x-raw,format=I420\" before bipssink", f.name)
	}
	return f, nil
}

// layout is where the planes lie if the frame does not say, which is how GStreamer lays
// them out. It knows no planes of other formats.
func (f format) layout() (p bips.Planes) {
	end := 0
	put := func(stride, rows int) {
		p.Stride[p.Count], p.Offset[p.Count] = int32(stride), uint64(end)
		p.Count++
		end += stride * rows
	}
	evenWidth, evenHeight := roundUp(f.width, 2), roundUp(f.height, 2)
	switch f.name {
	case "GRAY8":
		put(roundUp(f.width, 4), f.height)
	case "RGB":
		put(roundUp(3*f.width, 4), f.height)
	case "NV12":
		put(roundUp(f.width, 4), evenHeight)
		put(roundUp(f.width, 4), evenHeight/2)
	case "I420":
		put(roundUp(f.width, 4), evenHeight)
		put(roundUp(evenWidth/2, 4), evenHeight/2)
		put(roundUp(evenWidth/2, 4), evenHeight/2)
	case "Y42B":
		put(roundUp(f.width, 4), f.height)
		put(roundUp(f.width, 8)/2, f.height)
		put(roundUp(f.width, 8)/2, f.height)
	}
	return p
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// toFullRange makes a picture's colour of a frame's.
func (f format) toFullRange(c color.NRGBA) color.NRGBA {
	if f.full {
		return c
	}
	stretch := func(v uint8) uint8 { return uint8(min(255, max(0, (int(v)-16)*255/219))) }
	return color.NRGBA{R: stretch(c.R), G: stretch(c.G), B: stretch(c.B), A: c.A}
}
