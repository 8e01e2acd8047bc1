package meta

import (
	"bytes"

	"github.com/bips-ipc/bips/internal/layout"
)

// Custom is a structure of an application's own, with the frame: a GstCustomMeta.
type Custom struct {
	// Name is the meta's. A GStreamer reader takes letters, digits, "-", "_" and "+", 3 to 100 of them, of which a
	// letter is the first.
	Name string
	// Tags are the meta's, at most 8: what may not be done to the frame without losing the meta's sense.
	Tags []string
	// Structure is what it says.
	Structure Structure
	// Partial says that fields were left out, since nothing in the format is like them.
	Partial bool
}

// Type implements [Record].
func (Custom) Type() Type     { return TypeCustom }
func (c Custom) flags() Flags { return partial(c.Partial) }

func (c Custom) write(w *writer) {
	if len(c.Tags) > layout.MetaMaxTags {
		w.fail("%d tags, at most %d", len(c.Tags), layout.MetaMaxTags)
	}
	w.u32(uint32(len(c.Tags)))
	w.text(c.Name)
	for _, tag := range c.Tags {
		w.text(tag)
	}
	w.structure(c.Structure, 1)
}

func readCustom(r *reader, flags Flags) Record {
	n := r.count(4, layout.MetaMaxTags, "tags")
	c := Custom{Name: r.text()}
	for range n {
		c.Tags = append(c.Tags, r.text())
	}
	c.Structure = r.structure(1)
	c.Partial = flags&Partial != 0 || r.left
	return c
}

// Gst is a meta that GStreamer 1.24 or later wrote itself, and whose kind this format does not know. Only who knows
// the meta of its name can read the data.
type Gst struct {
	// Name is the meta's, 3 to 100 bytes.
	Name string
	// Version is that of Data, the meta's own.
	Version uint8
	// Data is what the meta's serialize function wrote.
	Data []byte
}

// Type implements [Record].
func (Gst) Type() Type   { return TypeGst }
func (Gst) flags() Flags { return 0 }

// The least and the most bytes of a meta's name.
const minGstName, maxGstName = 3, 100

// gstHead is how many bytes a Gst has besides its name and data: two lengths, a zero byte, the version.
const gstHead = 4 + 4 + 1 + 1

func (g Gst) write(w *writer) {
	if n := len(g.Name); n < minGstName || n > maxGstName {
		w.fail("a name of %d bytes, use %d to %d", n, minGstName, maxGstName)
	}
	w.u32(uint32(gstHead + len(g.Name) + len(g.Data)))
	w.text(g.Name)
	w.u8(0)
	w.u8(g.Version)
	w.raw(g.Data)
}

func readGst(r *reader) Record {
	length := r.remaining()
	if total := r.u32(); int64(total) != int64(length) {
		r.fail("%d bytes that say they are %d", length, total)
	}
	g := Gst{Name: r.text()}
	if n := len(g.Name); n < minGstName || n > maxGstName {
		r.fail("a name of %d bytes", n)
	}
	if zero := r.take(1); !bytes.Equal(zero, []byte{0}) {
		r.fail("the name does not end with a zero byte")
	}
	g.Version = r.u8()
	g.Data = r.rest()
	return g
}
