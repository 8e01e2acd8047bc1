package meta

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// writer writes a record behind others. wrong says why it cannot be written.
type writer struct {
	bytes []byte
	start int // of the record: padding is counted from there
	wrong string
}

func (w *writer) fail(format string, a ...any) {
	if w.wrong == "" {
		w.wrong = fmt.Sprintf(format, a...)
	}
}

func (w *writer) u8(v uint8)      { w.bytes = append(w.bytes, v) }
func (w *writer) u16(v uint16)    { w.bytes = binary.LittleEndian.AppendUint16(w.bytes, v) }
func (w *writer) u32(v uint32)    { w.bytes = binary.LittleEndian.AppendUint32(w.bytes, v) }
func (w *writer) u64(v uint64)    { w.bytes = binary.LittleEndian.AppendUint64(w.bytes, v) }
func (w *writer) f64(v float64)   { w.u64(math.Float64bits(v)) }
func (w *writer) raw(data []byte) { w.bytes = append(w.bytes, data...) }

// u32At writes over a u32 that was written before.
func (w *writer) u32At(at int, v uint32) { binary.LittleEndian.PutUint32(w.bytes[at:], v) }

// pad writes zeros.
func (w *writer) pad() {
	for (len(w.bytes)-w.start)%8 != 0 {
		w.u8(0)
	}
}

// chars writes a text without its length.
func (w *writer) chars(s string) {
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		w.fail("the text %q is not UTF-8 without zero bytes", s)
		return
	}
	w.bytes = append(w.bytes, s...)
}

// text writes a text and its length before it.
func (w *writer) text(s string) {
	w.u32(uint32(len(s)))
	w.chars(s)
}
