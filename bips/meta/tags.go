package meta

import "github.com/bips-ipc/bips/internal/layout"

// TagScope is what tags are about.
type TagScope uint32

const (
	// StreamScope is for tags of this stream: its language, its codec, how its pictures are turned.
	StreamScope TagScope = layout.TagsOfStream
	// GlobalScope is for tags of the whole medium: its title, its artist.
	GlobalScope TagScope = layout.TagsGlobal
)

// Tags are tags of a stream. They do not travel with each frame but beside its caps: bips.Frame.Tags has them.
type Tags struct {
	Scope TagScope
	// List has a field for each tag, with its name in GStreamer ("title", "image-orientation"). Of a tag that has
	// several values the field is a [List].
	List Structure
	// Partial says that tags were left out, since nothing in the format is like them.
	Partial bool
}

// Type implements [Record].
func (Tags) Type() Type     { return TypeTags }
func (t Tags) flags() Flags { return partial(t.Partial) }

func (t Tags) write(w *writer) {
	w.u32(uint32(t.Scope))
	w.u32(0)
	w.structure(t.List, 1)
}

func readTags(r *reader, flags Flags) Record {
	t := Tags{Scope: TagScope(r.u32())}
	r.u32() // reserved
	t.List = r.structure(1)
	t.Partial = flags&Partial != 0 || r.left
	return t
}
