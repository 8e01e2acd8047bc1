package meta

import "math"

// Crop is the part of the picture that should be seen, in pixels from its left upper corner. It is needed to
// read the frame, and may reach beyond the picture: who uses it has to check that.
type Crop struct{ X, Y, Width, Height uint32 }

// Type implements [Record].
func (Crop) Type() Type   { return TypeCrop }
func (Crop) flags() Flags { return Needed }

func (c Crop) write(w *writer) {
	for _, v := range []uint32{c.X, c.Y, c.Width, c.Height} {
		w.u32(v)
	}
}

func readCrop(r *reader) Record {
	return Crop{X: r.u32(), Y: r.u32(), Width: r.u32(), Height: r.u32()}
}

// Affine is how the picture should be turned, mirrored or scaled to be seen: a matrix of 4 rows and 4 columns, row
// by row, as a GstVideoAffineTransformationMeta has it.
type Affine struct{ Matrix [16]float32 }

// Type implements [Record].
func (Affine) Type() Type   { return TypeAffine }
func (Affine) flags() Flags { return 0 }

func (a Affine) write(w *writer) {
	for _, v := range a.Matrix {
		w.u32(math.Float32bits(v))
	}
}

func readAffine(r *reader) Record {
	var a Affine
	for i := range a.Matrix {
		a.Matrix[i] = math.Float32frombits(r.u32())
	}
	return a
}
