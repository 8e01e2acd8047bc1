package meta

import "github.com/bips-ipc/bips/internal/layout"

// Value is a value in a [Structure]: [None], [Bool], [Int], [Uint], [Float], [Text], [Bytes], [Fraction], [Structure],
// [Array], [List] or [Other].
type Value interface {
	kind() (kind uint8, origin Origin)
	write(w *writer, depth int)
}

// Origin is which of GStreamer's types a value had, so that a GStreamer reader gives it the same. To others it
// means nothing.
//
// Elements of GStreamer often take one type only: of a number that gst_structure_get_int should find, Origin is
// [Origin32].
type Origin uint8

// The origins.
const (
	OriginBuffer Origin = layout.OriginBuffer // of Bytes: GstBuffer
	OriginBytes  Origin = layout.OriginBytes  // of Bytes: GBytes
	Origin8      Origin = layout.Origin8      // of Int and Uint: gchar, guchar
	Origin32     Origin = layout.Origin32     // of Int, Uint and Float: gint, guint, gfloat
	Origin64     Origin = layout.Origin64     // of Int, Uint and Float: gint64, guint64, gdouble; also what is not said to be another
	OriginLong   Origin = layout.OriginLong   // of Int and Uint: glong, gulong
)

// ofWhole is the origin of a whole number. One that is not known counts as [Origin64].
func (o Origin) ofWhole() Origin {
	switch o {
	case Origin8, Origin32, OriginLong:
		return o
	}
	return Origin64
}

// ofFloat likewise.
func (o Origin) ofFloat() Origin {
	if o == Origin32 {
		return o
	}
	return Origin64
}

// ofBytes is the origin of bytes. One that is not known counts as [OriginBuffer].
func (o Origin) ofBytes() Origin {
	if o == OriginBytes {
		return o
	}
	return OriginBuffer
}

// None is no value, as a string that is NULL.
type None struct{}

// Bool is true or false.
type Bool bool

// Int is a signed whole number.
type Int struct {
	Value  int64
	Origin Origin
}

// Uint is an unsigned whole number.
type Uint struct {
	Value  uint64
	Origin Origin
}

// Float is a number with a fraction.
type Float struct {
	Value  float64
	Origin Origin
}

// Text is UTF-8 without a zero byte.
type Text string

// Bytes are any bytes.
type Bytes struct {
	Data   []byte
	Origin Origin
}

// Fraction is a number as a ratio. Denominator is greater than 0.
type Fraction struct{ Numerator, Denominator int32 }

// Array is values in an order. All are of one kind and origin, but for None, which may be among them.
type Array []Value

// List is as Array, and its values are alternatives, or several values of one tag.
type List []Value

// Other is a value of any other of GStreamer's types, as it writes it.
type Other struct {
	Type string // the GType's name
	Text string // as of gst_value_serialize
}

func (None) kind() (uint8, Origin)      { return layout.KindNone, 0 }
func (Bool) kind() (uint8, Origin)      { return layout.KindBool, 0 }
func (v Int) kind() (uint8, Origin)     { return layout.KindInt, v.Origin.ofWhole() }
func (v Uint) kind() (uint8, Origin)    { return layout.KindUint, v.Origin.ofWhole() }
func (v Float) kind() (uint8, Origin)   { return layout.KindFloat, v.Origin.ofFloat() }
func (Text) kind() (uint8, Origin)      { return layout.KindText, 0 }
func (v Bytes) kind() (uint8, Origin)   { return layout.KindBytes, v.Origin.ofBytes() }
func (Fraction) kind() (uint8, Origin)  { return layout.KindFraction, 0 }
func (Structure) kind() (uint8, Origin) { return layout.KindStructure, 0 }
func (Array) kind() (uint8, Origin)     { return layout.KindArray, 0 }
func (List) kind() (uint8, Origin)      { return layout.KindList, 0 }
func (Other) kind() (uint8, Origin)     { return layout.KindOther, 0 }

func (None) write(*writer, int) {}

func (v Bool) write(w *writer, _ int) {
	if v {
		w.u8(1)
	} else {
		w.u8(0)
	}
}

func (v Int) write(w *writer, _ int)   { w.u64(uint64(v.Value)) }
func (v Uint) write(w *writer, _ int)  { w.u64(v.Value) }
func (v Float) write(w *writer, _ int) { w.f64(v.Value) }
func (v Text) write(w *writer, _ int)  { w.chars(string(v)) }
func (v Bytes) write(w *writer, _ int) { w.raw(v.Data) }

func (v Fraction) write(w *writer, _ int) {
	if v.Denominator <= 0 {
		w.fail("the denominator of %d/%d", v.Numerator, v.Denominator)
	}
	w.u32(uint32(v.Numerator))
	w.u32(uint32(v.Denominator))
}

func (s Structure) write(w *writer, depth int) { w.structure(s, depth+1) }
func (v Array) write(w *writer, depth int)     { w.elements(v, depth+1) }
func (v List) write(w *writer, depth int)      { w.elements(v, depth+1) }

func (v Other) write(w *writer, _ int) {
	w.text(v.Type)
	w.chars(v.Text)
}

// elements writes what is in an array or a list of a level.
func (w *writer) elements(values []Value, depth int) {
	if depth > layout.MetaMaxDepth {
		w.fail("structures and arrays in one another, deeper than %d", layout.MetaMaxDepth)
		return
	}
	w.u32(uint32(len(values)))
	w.u32(0)
	var same sameKind
	for _, v := range values {
		if v == nil || !same.admits(v) {
			w.fail("an array of several kinds of values")
			return
		}
		w.value("", v, depth)
	}
}

// sameKind finds out whether the values of an array are of one kind and origin.
type sameKind struct {
	kind   uint8
	origin Origin
}

// admits reports whether a value may stand in the array beside those before it.
func (s *sameKind) admits(v Value) bool {
	kind, origin := v.kind()
	switch {
	case kind == layout.KindNone:
		return true
	case s.kind == layout.KindNone:
		s.kind, s.origin = kind, origin
		return true
	}
	return s.kind == kind && s.origin == origin
}

// value reads the value of a field, all of r, at a level. nil: it cannot be represented, and is left out.
func (r *reader) value(kind uint8, origin Origin, depth int) Value {
	switch kind {
	case layout.KindNone:
		return None{}
	case layout.KindBool:
		return Bool(r.u8() != 0)
	case layout.KindInt:
		return Int{int64(r.u64()), origin.ofWhole()}
	case layout.KindUint:
		return Uint{r.u64(), origin.ofWhole()}
	case layout.KindFloat:
		return Float{r.f64(), origin.ofFloat()}
	case layout.KindText:
		return Text(r.chars(uint32(r.remaining())))
	case layout.KindBytes:
		return Bytes{r.rest(), origin.ofBytes()}
	case layout.KindFraction:
		v := Fraction{int32(r.u32()), int32(r.u32())}
		if v.Denominator <= 0 {
			return nil
		}
		return v
	case layout.KindStructure:
		if depth < layout.MetaMaxDepth {
			return r.structure(depth + 1)
		}
	case layout.KindArray:
		if depth < layout.MetaMaxDepth {
			return Array(r.elements(depth + 1))
		}
	case layout.KindList:
		if depth < layout.MetaMaxDepth {
			return List(r.elements(depth + 1))
		}
	case layout.KindOther:
		return Other{r.text(), r.chars(uint32(r.remaining()))}
	}
	return nil
}

// elements reads what is in an array or a list of a level.
func (r *reader) elements(depth int) []Value {
	n := r.count(layout.MetaHeadSize, maxFields, "elements") // with the u32 that follows, which is no element's
	r.u32()
	var (
		values []Value
		same   sameKind
	)
	for range n {
		_, v := r.field(depth)
		switch {
		case r.wrong != "":
			return nil
		case v == nil || !same.admits(v):
			r.left = true
		default:
			values = append(values, v)
		}
	}
	return values
}
