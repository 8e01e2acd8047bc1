package meta

// Protection says how the frame is encrypted, as a GstProtectionMeta does: the initialisation vector (iv), which key
// (kid), and which parts are (subsamples), in fields of kind [Bytes]. It is needed to read the frame.
type Protection struct {
	Structure Structure
	// Partial says that fields were left out, since nothing in the format is like them.
	Partial bool
}

// Type implements [Record].
func (Protection) Type() Type     { return TypeProtection }
func (p Protection) flags() Flags { return Needed | partial(p.Partial) }

func (p Protection) write(w *writer) { w.structure(p.Structure, 1) }

func readProtection(r *reader, flags Flags) Record {
	p := Protection{Structure: r.structure(1)}
	p.Partial = flags&Partial != 0 || r.left
	return p
}
