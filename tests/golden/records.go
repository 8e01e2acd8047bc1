package golden

import "encoding/binary"

// text is a text in a record: its length before its bytes.
func text(s string) []byte { return together(uint32(len(s)), s) }

// together writes values one after the other: numbers little-endian, strings and bytes as they are.
func together(values ...any) (all []byte) {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			all = append(all, v...)
		case []byte:
			all = append(all, v...)
		default:
			all, _ = binary.Append(all, binary.LittleEndian, v)
		}
	}
	return all
}

// padding is n zeros. In the two records below it is written by hand, from the document's text; the others count it.
func padding(n int) []byte { return make([]byte, n) }

// detectionRecord is a face at 10, 20 of 30 x 40 pixels, of which the detector was 87.5 percent sure.
var detectionRecord = together(
	uint16(8), uint16(0), uint32(96), // region, no flags, 96 bytes
	int32(1), int32(-1), uint32(10), uint32(20), uint32(30), uint32(40), // id, no parent; x, y, width, height
	uint32(1), text("face"), padding(4), // one structure; what it is; the structure begins at 48
	uint32(1), text("detection"), padding(7), // one field; the structure's name; the field begins at 72
	uint8(4), uint8(64), uint16(10), uint32(8), "confidence", 0.875, padding(6), // float of a gdouble; its key, its value
)

// titleRecord is one tag.
var titleRecord = together(
	uint16(12), uint16(0), uint32(48), // tags, no flags, 48 bytes
	uint32(1), uint32(0), // of the whole medium
	uint32(1), text("taglist"), padding(1), // the structure begins at 16, its field at 32
	uint8(5), uint8(0), uint16(5), uint32(9), "title", "Gate nine", padding(2), // a text
)

// record is a record without structures.
func record(kind, flags uint16, payload ...any) []byte {
	r := recordOf(kind, flags)
	r.put(payload...)
	return r.bytes()
}

// recordBuilder builds a record.
type recordBuilder struct {
	all  []byte
	open []int // where the heads of the values are that were begun
}

func recordOf(kind, flags uint16) *recordBuilder {
	return &recordBuilder{all: together(kind, flags, uint32(0))}
}

func (r *recordBuilder) put(values ...any) { r.all = append(r.all, together(values...)...) }

// pad ends at a multiple of 8 from the record's start.
func (r *recordBuilder) pad() { r.put(padding(7 - (len(r.all)+7)%8)) }

// structure begins a structure of so many fields.
func (r *recordBuilder) structure(name string, fields uint32) {
	r.pad()
	r.put(fields, text(name))
	r.pad()
}

// begin begins a field, or an element of an array, whose key is "".
func (r *recordBuilder) begin(kind, origin uint8, key string) {
	r.open = append(r.open, len(r.all))
	r.put(kind, origin, uint16(len(key)), uint32(0), key)
}

// end ends the field that was begun last.
func (r *recordBuilder) end() {
	last := len(r.open) - 1
	at := r.open[last]
	r.open = r.open[:last]
	keyLength := int(binary.LittleEndian.Uint16(r.all[at+2:]))
	binary.LittleEndian.PutUint32(r.all[at+4:], uint32(len(r.all)-at-8-keyLength))
	r.pad()
}

func (r *recordBuilder) field(kind, origin uint8, key string, value ...any) {
	r.begin(kind, origin, key)
	r.put(value...)
	r.end()
}

// bytes is the record with its length and its padding.
func (r *recordBuilder) bytes() []byte {
	binary.LittleEndian.PutUint32(r.all[4:], uint32(len(r.all)-8))
	r.pad()
	return r.all
}
