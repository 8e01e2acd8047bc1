package meta

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/bips-ipc/bips/internal/layout"
)

// MaxSize is the most bytes of metadata that a frame can have, if its pool has room for so many.
const MaxSize = layout.MaxMetaSize

// Records are metadata: a row of records, as the bytes that [Append] makes.
//
// They may lie in shared memory, as those of a bips.Frame do: then they are read-only, and valid as long
// as the frame is held. [Records.Clone] copies them.
type Records []byte

// Record is one record: [Memories], [AudioLayout], [Crop], [Affine], [TimeCode], [ReferenceTime], [Caption],
// [Region], [Custom], [Protection], [Gst], [Tags] or [Unknown], each by value.
type Record interface {
	// Type returns the record's type.
	Type() Type
	flags() Flags
	write(*writer) // the payload
}

// Clone returns a copy in private memory; nil of none.
func (r Records) Clone() Records { return bytes.Clone(r) }

// All reads the records in their order. It copies them first, so that they may lie in memory that somebody else
// changes meanwhile; one copy and what a record consists of are all that is allocated.
//
// A record that is damaged comes as nil with a [RecordError], and those behind it still come. If the whole is
// damaged (a record that ends beyond it) or has a record of an unknown type that is needed to read the frame
// ([ErrNeeded]), the error comes first and alone: nothing of it should be used, and of the latter neither the frame.
func (r Records) All() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if len(r) > MaxSize {
			yield(nil, fmt.Errorf("%w: %d bytes, at most %d", ErrDamaged, len(r), MaxSize))
			return
		}
		records := r.Clone()
		if err := records.checkHeads(); err != nil {
			yield(nil, err)
			return
		}
		for at := 0; at < len(records); {
			h := records.head(at)
			record, err := parse(records, at, h)
			if !yield(record, err) {
				return
			}
			at += h.size()
		}
	}
}

// head is what a record begins with.
type head struct {
	kind   Type
	flags  Flags
	length uint32 // bytes of the payload
}

// size is the record's, its head and its padding included.
func (h head) size() int { return layout.MetaHeadSize + aligned(int(h.length)) }

// head reads the head of the record at an offset, which must have one there.
func (r Records) head(at int) head {
	return head{
		kind: Type(binary.LittleEndian.Uint16(r[at:])), flags: Flags(binary.LittleEndian.Uint16(r[at+2:])),
		length: binary.LittleEndian.Uint32(r[at+4:]),
	}
}

// Check finds out whether each record ends where the next one begins, and the last one at the end; what is in them is
// not looked at. A producer refuses to publish others, since no reader may use them. It allocates nothing but its
// errors. The bytes must be the caller's own.
//
// Errors: [ErrDamaged].
func (r Records) Check() error {
	return r.eachHead(func(int, head) error { return nil })
}

// checkHeads is Check, and finds out whether the records that are needed to read the frame are known.
func (r Records) checkHeads() error {
	return r.eachHead(func(at int, h head) error {
		if h.flags&Needed != 0 && !isKnown(h.kind) {
			return &RecordError{at, h.kind, h.flags, "", ErrNeeded}
		}
		return nil
	})
}

// eachHead calls check with each record's offset and head, until there is an error.
func (r Records) eachHead(check func(at int, h head) error) error {
	if len(r)%layout.MetaAlignment != 0 {
		return fmt.Errorf("%w: %d bytes are no multiple of %d", ErrDamaged, len(r), layout.MetaAlignment)
	}
	for at := 0; at < len(r); {
		h := r.head(at) // there are 8 bytes at least
		if left := len(r) - at - layout.MetaHeadSize; int64(h.length) > int64(left) {
			return &RecordError{at, h.kind, h.flags, fmt.Sprintf("it has %d bytes, of %d that are left", h.length, left), ErrDamaged}
		}
		if err := check(at, h); err != nil {
			return err
		}
		at += h.size()
	}
	return nil
}

func aligned(n int) int {
	return (n + layout.MetaAlignment - 1) &^ (layout.MetaAlignment - 1)
}

// parse reads the record at an offset of records in private memory, whose head was checked.
func parse(records Records, at int, h head) (Record, error) {
	end := layout.MetaHeadSize + int(h.length)
	r := &reader{record: records[at : at+end : at+end], at: layout.MetaHeadSize}
	record := r.payload(h)
	if r.wrong != "" {
		return nil, &RecordError{at, h.kind, h.flags, r.wrong, ErrDamaged}
	}
	return record, nil
}

// isKnown reports whether payload reads records of a type.
func isKnown(t Type) bool { return t >= TypeMemories && t <= TypeTags }

// payload reads what follows the head.
func (r *reader) payload(h head) Record {
	switch h.kind {
	case TypeMemories:
		return readMemories(r)
	case TypeAudioLayout:
		return readAudioLayout(r)
	case TypeCrop:
		return readCrop(r)
	case TypeAffine:
		return readAffine(r)
	case TypeTimeCode:
		return readTimeCode(r)
	case TypeReferenceTime:
		return readReferenceTime(r)
	case TypeCaption:
		return readCaption(r)
	case TypeRegion:
		return readRegion(r, h.flags)
	case TypeCustom:
		return readCustom(r, h.flags)
	case TypeProtection:
		return readProtection(r, h.flags)
	case TypeGst:
		return readGst(r)
	case TypeTags:
		return readTags(r, h.flags)
	}
	return Unknown{Kind: h.kind, Flags: h.flags, Payload: r.rest()}
}
