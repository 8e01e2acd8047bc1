package meta

// Unknown is a record of a type that this package does not know. It is not needed to read the frame, else there
// would be an error instead; it can be passed on.
type Unknown struct {
	Kind    Type
	Flags   Flags
	Payload []byte
}

// Type implements [Record].
func (u Unknown) Type() Type   { return u.Kind }
func (u Unknown) flags() Flags { return u.Flags }

func (u Unknown) write(w *writer) {
	if isKnown(u.Kind) {
		w.fail("an Unknown of a known type")
	}
	w.raw(u.Payload)
}
