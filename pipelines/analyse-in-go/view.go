package main

import (
	"fmt"
	"image"
	"image/color"

	"github.com/kovidgoyal/imaging"

	"github.com/bips-ipc/bips/bips"
)

// A view is a frame seen as pictures, without a copy: both are the pool's own memory, valid
// until the frame is given back, and not to be drawn on.
type view struct {
	light  image.Image // its brightness, where that lies apart from the colours
	colour image.Image
}

// see returns the view of a frame.
func (f format) see(frame *bips.Frame) (view, error) {
	layout := f.layout()
	if frame.Planes.Count == layout.Count {
		layout = frame.Planes // a decoder or a camera may pad rows as it likes
	}
	whole := image.Rect(0, 0, f.width, f.height)
	halfWide := image.Rect(0, 0, roundUp(f.width, 2)/2, f.height)
	half := image.Rect(0, 0, roundUp(f.width, 2)/2, roundUp(f.height, 2)/2)
	planes := planes{data: frame.Data, layout: layout}
	var v view
	switch f.name {
	case "GRAY8":
		grey := &image.Gray{Pix: planes.of(0, 1, whole), Stride: int(layout.Stride[0]), Rect: whole}
		v = view{grey, grey}
	case "RGB":
		rgb := &imaging.NRGB{Pix: planes.of(0, 3, whole), Stride: int(layout.Stride[0]), Rect: whole}
		v = view{rgb, rgb}
	case "NV12":
		light := &image.Gray{Pix: planes.of(0, 1, whole), Stride: int(layout.Stride[0]), Rect: whole}
		v = view{light, &nv12{light, planes.of(1, 2, half), int(layout.Stride[1])}}
	case "I420", "Y42B":
		chroma, ratio := half, image.YCbCrSubsampleRatio420
		if f.name == "Y42B" {
			chroma, ratio = halfWide, image.YCbCrSubsampleRatio422
		}
		if layout.Stride[1] != layout.Stride[2] {
			return view{}, fmt.Errorf("the two planes of colour have rows of different lengths, %d and %d bytes", layout.Stride[1], layout.Stride[2])
		}
		light := &image.Gray{Pix: planes.of(0, 1, whole), Stride: int(layout.Stride[0]), Rect: whole}
		v = view{light, &image.YCbCr{
			Y: light.Pix, Cb: planes.of(1, 1, chroma), Cr: planes.of(2, 1, chroma),
			YStride: light.Stride, CStride: int(layout.Stride[1]),
			SubsampleRatio: ratio, Rect: whole,
		}}
	}
	return v, planes.err
}

// planes cuts a frame into its planes, and remembers what did not fit.
type planes struct {
	data   []byte
	layout bips.Planes
	err    error
}

// of returns the bytes of a plane, from its first pixel to its last one.
func (p *planes) of(i, bytesPerPixel int, size image.Rectangle) []byte {
	start, stride, row := p.layout.Offset[i], int(p.layout.Stride[i]), bytesPerPixel*size.Dx()
	length := stride*(size.Dy()-1) + row
	if stride < row || start > uint64(len(p.data)) || length > len(p.data)-int(start) {
		p.err = fmt.Errorf("plane %d of %d by %d pixels, with rows of %d bytes, does not fit a frame of %d bytes from %d on", i, size.Dx(), size.Dy(), stride, len(p.data), start)
		return nil
	}
	return p.data[start:][:length:length]
}

// nv12 is a picture whose two planes of colour lie in one, by turns. Package image has no
// such type.
type nv12 struct {
	light  *image.Gray
	colour []byte
	stride int
}

func (m *nv12) ColorModel() color.Model { return color.YCbCrModel }
func (m *nv12) Bounds() image.Rectangle { return m.light.Rect }
func (m *nv12) At(x, y int) color.Color {
	c := m.colour[y/2*m.stride+x/2*2:][:2]
	return color.YCbCr{Y: m.light.GrayAt(x, y).Y, Cb: c[0], Cr: c[1]}
}
