package meta

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/bips-ipc/bips/internal/layout"
)

// reader reads a record, or a value in one, from private memory. It trusts nothing: after the first read
// that does not fit, wrong says why, and all further reads give zeros.
type reader struct {
	record []byte // from the record's head to the end of what may be read
	at     int    // padding is counted from the record's head
	wrong  string
	left   bool // a value was left out that this package cannot represent
}

func (r *reader) fail(format string, a ...any) {
	if r.wrong == "" {
		r.wrong = fmt.Sprintf(format, a...)
	}
}

// remaining is how many bytes there are still to read.
func (r *reader) remaining() int { return len(r.record) - r.at }

// take returns the next n bytes, or nil if there are not so many.
func (r *reader) take(n uint32) []byte {
	if r.wrong != "" {
		return nil
	}
	if int64(n) > int64(r.remaining()) {
		r.fail("it ends before %d bytes that it should have at %d", n, r.at)
		return nil
	}
	from := r.at
	r.at += int(n)
	return r.record[from:r.at:r.at]
}

// rest returns all that is left.
func (r *reader) rest() []byte { return r.take(uint32(r.remaining())) }

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) f64() float64 { return math.Float64frombits(r.u64()) }

// pad passes over the padding, which the last value may lack.
func (r *reader) pad() {
	r.at = min(aligned(r.at), len(r.record))
}

// chars returns a text of n bytes.
func (r *reader) chars(n uint32) string {
	b := r.take(n)
	if bytes.IndexByte(b, 0) >= 0 || !utf8.Valid(b) {
		r.fail("a text at %d is not UTF-8 without zero bytes", r.at-int(n))
		return ""
	}
	return string(b)
}

// text returns a text that is preceded by its length.
func (r *reader) text() string { return r.chars(r.u32()) }

// count reads how many things follow, of at least so many bytes each and at most so many.
func (r *reader) count(least, most int, what string) int {
	n := r.u32()
	if uint64(n)*uint64(least) > uint64(r.remaining()) || uint64(n) > uint64(most) {
		r.fail("%d %s", n, what)
		return 0
	}
	return int(n)
}

// part returns a reader of the next n bytes, and passes over them.
func (r *reader) part(n uint32) *reader {
	from := r.at
	r.take(n)
	return &reader{record: r.record[:r.at:r.at], at: from, wrong: r.wrong}
}

// maxFields is more than any record has room for: a field has a head at least.
const maxFields = MaxSize / layout.MetaHeadSize
