package meta

import "github.com/bips-ipc/bips/internal/layout"

// CaptionKind is how captions are written.
type CaptionKind uint32

// The kinds of captions.
const (
	CEA608Raw  CaptionKind = layout.CaptionCEA608Raw  // byte pairs of CEA-608
	CEA608S334 CaptionKind = layout.CaptionCEA608S334 // triples of CEA-608 as in SMPTE S334-1 Annex A
	CEA708Raw  CaptionKind = layout.CaptionCEA708Raw  // cc_data triples of CEA-708
	CEA708CDP  CaptionKind = layout.CaptionCEA708CDP  // CEA-708 in a Caption Distribution Packet
)

// Caption is closed captions that belong to the frame.
type Caption struct {
	Kind CaptionKind // one of another number is to be ignored
	Data []byte
}

// Type implements [Record].
func (Caption) Type() Type   { return TypeCaption }
func (Caption) flags() Flags { return 0 }

func (c Caption) write(w *writer) {
	w.u32(uint32(c.Kind))
	w.u32(uint32(len(c.Data)))
	w.raw(c.Data)
}

func readCaption(r *reader) Record {
	return Caption{Kind: CaptionKind(r.u32()), Data: r.take(r.u32())}
}
