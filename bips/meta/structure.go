package meta

import (
	"math"

	"github.com/bips-ipc/bips/internal/layout"
)

// Structure is fields of a name, as a GstStructure: parameters of a region, tags, what an application says.
type Structure struct {
	// Name begins with a letter; letters, digits and "-_+/.:" may follow, 100 bytes in all. It is required.
	Name   string
	Fields []Field
}

// Field is a value with its key.
type Field struct {
	Key   string // 1 to 255 bytes
	Value Value
}

// Get returns the value of a key, if there is one.
func (s Structure) Get(key string) (Value, bool) {
	for _, f := range s.Fields {
		if f.Key == key {
			return f.Value, true
		}
	}
	return nil, false
}

// Bool returns the value of a key, if it is a [Bool].
func (s Structure) Bool(key string) (value, ok bool) {
	v, _ := s.Get(key)
	b, ok := v.(Bool)
	return bool(b), ok
}

// Int returns the value of a key, if it is a whole number that fits.
func (s Structure) Int(key string) (value int64, ok bool) {
	v, _ := s.Get(key)
	switch v := v.(type) {
	case Int:
		return v.Value, true
	case Uint:
		if v.Value <= math.MaxInt64 {
			return int64(v.Value), true
		}
	}
	return 0, false
}

// Float returns the value of a key, if it is a number of any kind.
func (s Structure) Float(key string) (value float64, ok bool) {
	v, _ := s.Get(key)
	switch v := v.(type) {
	case Float:
		return v.Value, true
	case Int:
		return float64(v.Value), true
	case Uint:
		return float64(v.Value), true
	case Fraction:
		return float64(v.Numerator) / float64(v.Denominator), true
	}
	return 0, false
}

// Text returns the value of a key, if it is a [Text].
func (s Structure) Text(key string) (value string, ok bool) {
	v, _ := s.Get(key)
	t, ok := v.(Text)
	return string(t), ok
}

// minStructure is how many bytes a structure has at least: a count, and a name's length.
const minStructure = 4 + 4

// structure writes a structure of a level: 1 is the record's own.
func (w *writer) structure(s Structure, depth int) {
	if depth > layout.MetaMaxDepth {
		w.fail("structures and arrays in one another, deeper than %d", layout.MetaMaxDepth)
		return
	}
	if !isStructureName(s.Name) {
		w.fail("the structure's name %q: use a letter, then letters, digits and -_+/.:, %d bytes at most", s.Name, layout.MetaMaxName)
	}
	w.pad()
	w.u32(uint32(len(s.Fields)))
	w.text(s.Name)
	w.pad()
	for _, f := range s.Fields {
		if f.Key == "" || f.Value == nil {
			w.fail("a field without key or value in %q", s.Name)
			return
		}
		w.value(f.Key, f.Value, depth)
	}
}

// value writes a field of a structure or an array of a level.
func (w *writer) value(key string, v Value, depth int) {
	if len(key) > layout.MetaMaxKey {
		w.fail("a key of %d bytes, at most %d", len(key), layout.MetaMaxKey)
	}
	kind, origin := v.kind()
	w.u8(kind)
	w.u8(uint8(origin))
	w.u16(uint16(len(key)))
	at := len(w.bytes)
	w.u32(0) // the value's length, which is not known yet
	w.chars(key)
	begin := len(w.bytes)
	v.write(w, depth)
	w.u32At(at, uint32(len(w.bytes)-begin))
	w.pad()
}

// structure reads a structure of a level.
func (r *reader) structure(depth int) Structure {
	r.pad()
	n := r.count(0, maxFields, "fields")
	s := Structure{Name: r.text()}
	r.pad()
	if r.wrong == "" && !isStructureName(s.Name) {
		r.fail("a structure's name %q", s.Name)
	}
	if r.wrong == "" && n > r.remaining()/layout.MetaHeadSize {
		r.fail("%d fields in %d bytes", n, r.remaining())
	}
	if r.wrong != "" {
		return Structure{}
	}
	if n > 0 {
		s.Fields = make([]Field, 0, n)
	}
	for range n {
		key, v := r.field(depth)
		switch {
		case r.wrong != "":
			return Structure{}
		case key == "" || v == nil:
			r.left = true
		default:
			s.Fields = append(s.Fields, Field{key, v})
		}
	}
	return s
}

// field reads a field of a structure or an array of a level.
func (r *reader) field(depth int) (key string, v Value) {
	kind, origin := r.u8(), Origin(r.u8())
	keyLength := r.u16()
	length := r.u32()
	if keyLength > layout.MetaMaxKey {
		r.fail("a key of %d bytes", keyLength)
	}
	key = r.chars(uint32(keyLength))
	part := r.part(length)
	v = part.value(kind, origin, depth)
	r.pad()
	r.wrong, r.left = part.wrong, r.left || part.left
	return key, v
}

// isStructureName reports whether GStreamer takes a name for that of a structure.
func isStructureName(name string) bool {
	if name == "" || len(name) > layout.MetaMaxName || !isLetter(name[0]) {
		return false
	}
	for i := 1; i < len(name); i++ {
		switch c := name[i]; {
		case isLetter(c), c >= '0' && c <= '9', c == '-', c == '_', c == '+', c == '/', c == '.', c == ':':
		default:
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
