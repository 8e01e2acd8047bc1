package meta

import "github.com/bips-ipc/bips/internal/layout"

// NoParent is the parent of a region that is part of no other.
const NoParent = -1

// Region is a part of the picture that somebody should look at: a region of interest, or what a detector found.
type Region struct {
	// ID is the region's number in the frame, which others name as their parent.
	ID int32
	// Parent is the ID of the region that this one is a part of, or [NoParent].
	Parent int32
	// X, Y, Width and Height are in pixels, from the left upper corner of the frame. They may reach beyond it.
	X, Y, Width, Height uint32
	// Kind is what was found, or what the region is for: "face", "car".
	Kind string
	// Params say more, each in a structure of a name: at most 64. A detector's have the name "detection", with the
	// field "confidence" from 0 to 1.
	Params []Structure
	// Analytics says that it came from a GstAnalyticsRelationMeta.
	Analytics bool
	// Partial says that parameters were left out, since nothing in the format is like them.
	Partial bool
}

// Param returns the first structure of a name.
func (g Region) Param(name string) (Structure, bool) {
	for _, s := range g.Params {
		if s.Name == name {
			return s, true
		}
	}
	return Structure{}, false
}

// Type implements [Record].
func (Region) Type() Type { return TypeRegion }

func (g Region) flags() Flags {
	if g.Analytics {
		return Analytics | partial(g.Partial)
	}
	return partial(g.Partial)
}

func (g Region) write(w *writer) {
	w.u32(uint32(g.ID))
	w.u32(uint32(g.Parent))
	for _, v := range []uint32{g.X, g.Y, g.Width, g.Height} {
		w.u32(v)
	}
	if len(g.Params) > layout.MetaMaxParams {
		w.fail("%d structures, at most %d", len(g.Params), layout.MetaMaxParams)
	}
	w.u32(uint32(len(g.Params)))
	w.text(g.Kind)
	for _, s := range g.Params {
		w.structure(s, 1)
	}
}

func readRegion(r *reader, flags Flags) Record {
	g := Region{
		ID: int32(r.u32()), Parent: int32(r.u32()), X: r.u32(), Y: r.u32(), Width: r.u32(), Height: r.u32(),
		Analytics: flags&Analytics != 0,
	}
	n := r.count(minStructure, layout.MetaMaxParams, "structures")
	g.Kind = r.text()
	for range n {
		if s := r.structure(1); r.wrong == "" {
			g.Params = append(g.Params, s)
		}
	}
	g.Partial = flags&Partial != 0 || r.left
	return g
}
