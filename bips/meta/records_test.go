package meta_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bips/meta"
)

// structure has a value of each kind, and levels up to the deepest.
var structure = meta.Structure{Name: "all-kinds", Fields: []meta.Field{
	{"none", meta.None{}},
	{"true", meta.Bool(true)},
	{"false", meta.Bool(false)},
	{"int", meta.Int{Value: math.MinInt64, Origin: meta.Origin64}},
	{"long", meta.Int{Value: -1, Origin: meta.OriginLong}},
	{"unsigned", meta.Uint{Value: math.MaxUint64, Origin: meta.Origin64}},
	{"byte", meta.Uint{Value: 255, Origin: meta.Origin8}},
	{"float", meta.Float{Value: 0.5, Origin: meta.Origin32}},
	{"text", meta.Text("Grüße")},
	{"no text", meta.Text("")},
	{"bytes", meta.Bytes{Data: []byte{0, 1, 255}, Origin: meta.OriginBytes}},
	{"fraction", meta.Fraction{Numerator: -30000, Denominator: 1001}},
	{"array", meta.Array{meta.Int{Value: 1, Origin: meta.Origin32}, meta.None{}, meta.Int{Value: 2, Origin: meta.Origin32}}},
	{"list", meta.List{meta.Text("de"), meta.Text("en")}},
	{"empty", meta.Array(nil)},
	{"other", meta.Other{Type: "GstVideoMultiviewMode", Text: "mono"}},
	{"inner", meta.Structure{Name: "level-2", Fields: []meta.Field{
		{"array", meta.Array{meta.Structure{Name: "level-4", Fields: []meta.Field{{"deepest", meta.Bool(true)}}}}},
	}}},
}}

// all has a record of each type.
var all = []meta.Record{
	meta.Memories{Sizes: []uint64{921600, 460800}},
	meta.AudioLayout{Samples: 1024},
	meta.AudioLayout{Samples: 512, Planar: true, Offsets: []uint64{0, 1024}},
	meta.Crop{X: 1, Y: 2, Width: 3, Height: 4},
	meta.Affine{Matrix: [16]float32{0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}},
	meta.TimeCode{
		FPSNumerator: 30000, FPSDenominator: 1001, Flags: meta.DropFrame | meta.Interlaced, FieldCount: 1,
		Hours: 10, Minutes: 11, Seconds: 12, Frames: 13, DailyJam: 1700000000123456, DailyJamOffset: 3600,
	},
	meta.TimeCode{FPSNumerator: 25, FPSDenominator: 1, DailyJam: meta.NoDailyJam},
	meta.ReferenceTime{Timestamp: 1 << 60, Duration: meta.NoTime, Clock: "timestamp/x-ntp"},
	meta.Caption{Kind: meta.CEA708Raw, Data: []byte{0xfc, 0x80, 0x80}},
	meta.Region{
		ID: 7, Parent: meta.NoParent, X: 10, Y: 20, Width: 30, Height: 40, Kind: "face", Analytics: true,
		Params: []meta.Structure{
			{Name: "detection", Fields: []meta.Field{{"confidence", meta.Float{Value: 0.9, Origin: meta.Origin64}}}},
			structure,
		},
	},
	meta.Region{Parent: 7},
	meta.Custom{Name: "my-meta", Tags: []string{"video", "size"}, Structure: structure, Partial: true},
	meta.Protection{Structure: meta.Structure{Name: "application/x-cenc", Fields: []meta.Field{
		{"iv", meta.Bytes{Data: make([]byte, 16)}},
	}}},
	meta.Gst{Name: "GstFooMeta", Version: 1, Data: []byte("anything")},
	meta.Tags{Scope: meta.GlobalScope, List: meta.Structure{Name: "taglist", Fields: []meta.Field{{"title", meta.Text("Gate")}}}},
	meta.Unknown{Kind: 999, Flags: meta.Partial, Payload: []byte("later")},
}

// records appends them to one another.
func records(t testing.TB, of ...meta.Record) meta.Records {
	t.Helper()
	var r meta.Records
	for _, record := range of {
		var err error
		if r, err = meta.Append(r, record); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// read returns what All gives: the records, and what was wrong.
func read(r meta.Records) (found []meta.Record, wrong []error) {
	for record, err := range r.All() {
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		found = append(found, record)
	}
	return found, wrong
}

func TestEachRecordComesBackAsItWasWritten(t *testing.T) {
	found, wrong := read(records(t, all...))
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	for i, want := range all {
		if got := found[i]; !reflect.DeepEqual(got, want) {
			t.Errorf("%v became\n%#v, was\n%#v", want.Type(), got, want)
		}
	}
	if len(found) != len(all) {
		t.Errorf("%d records became %d", len(all), len(found))
	}
}

// Who forwards a frame writes what it read.
func TestRecordsThatWereReadAreWrittenAsTheSameBytes(t *testing.T) {
	want := records(t, all...)
	found, wrong := read(want)
	if got := records(t, found...); len(wrong) > 0 || !bytes.Equal(got, want) {
		t.Errorf("the bytes are\n%x, were\n%x", got, want)
	}
}

func TestAppendLeavesWhatWasThereAsItWas(t *testing.T) {
	before := records(t, meta.Crop{Width: 1})
	saved := before.Clone()
	if _, err := meta.Append(before, meta.Region{Kind: "\xff"}); !errors.Is(err, meta.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if !bytes.Equal(before, saved) {
		t.Errorf("the records are %x, were %x", before, saved)
	}
}

func nested(levels int) meta.Value {
	if levels == 0 {
		return meta.Bool(true)
	}
	return meta.Array{nested(levels - 1)}
}

func TestRecordsThatTheFormatCannotCarryAreRefused(t *testing.T) {
	with := func(key string, v meta.Value) meta.Record {
		return meta.Custom{Name: "my-meta", Structure: meta.Structure{Name: "s", Fields: []meta.Field{{key, v}}}}
	}
	if _, err := meta.Append(nil, with("key", nested(3))); err != nil {
		t.Errorf("3 arrays in a structure: %v", err)
	}
	for name, r := range map[string]meta.Record{
		"too deep":                        with("key", nested(4)),
		"a structure too deep":            with("key", meta.Array{meta.Array{meta.Array{meta.Structure{Name: "s"}}}}),
		"no key":                          with("", meta.Bool(true)),
		"no value":                        with("key", nil),
		"a long key":                      with(strings.Repeat("k", 256), meta.Bool(true)),
		"a key with a zero byte":          with("k\x00", meta.Bool(true)),
		"a text with a zero byte":         with("key", meta.Text("\x00")),
		"a text that is no UTF-8":         with("key", meta.Text("\xc3")),
		"several kinds in an array":       with("key", meta.Array{meta.Bool(true), meta.Text("x")}),
		"several origins in an array":     with("key", meta.List{meta.Int{Origin: 8}, meta.Int{Origin: 32}}),
		"nil in an array":                 with("key", meta.Array{nil}),
		"a denominator of 0":              with("key", meta.Fraction{Numerator: 1}),
		"a structure without a name":      meta.Protection{},
		"a structure's bad name":          meta.Protection{Structure: meta.Structure{Name: "1st"}},
		"a structure's long name":         meta.Protection{Structure: meta.Structure{Name: strings.Repeat("n", 101)}},
		"one memory":                      meta.Memories{Sizes: []uint64{1}},
		"17 memories":                     meta.Memories{Sizes: make([]uint64, 17)},
		"planar without planes":           meta.AudioLayout{Planar: true},
		"interleaved with planes":         meta.AudioLayout{Offsets: []uint64{0}},
		"65 channels":                     meta.AudioLayout{Planar: true, Offsets: make([]uint64, 65)},
		"65 structures":                   meta.Region{Params: make([]meta.Structure, 65)},
		"9 tags":                          meta.Custom{Tags: make([]string, 9), Structure: meta.Structure{Name: "s"}},
		"a short name":                    meta.Gst{Name: "G"},
		"an unknown record that is known": meta.Unknown{Kind: meta.TypeCrop},
	} {
		if _, err := meta.Append(nil, r); !errors.Is(err, meta.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRecordsAreNoLongerThanTheLimit(t *testing.T) {
	r := records(t, meta.Caption{Data: make([]byte, meta.MaxSize-16)})
	if len(r) != meta.MaxSize {
		t.Fatalf("%d bytes", len(r))
	}
	after, err := meta.Append(r, meta.Crop{})
	if !errors.Is(err, meta.ErrTooLarge) || len(after) != len(r) {
		t.Errorf("%d bytes, %v", len(after), err)
	}
	if _, wrong := read(append(r, make([]byte, 8)...)); len(wrong) != 1 || !errors.Is(wrong[0], meta.ErrDamaged) {
		t.Errorf("reading more gives %v", wrong)
	}
}

func TestUnknownRecordsArePassedOverUnlessTheyAreNeeded(t *testing.T) {
	unknown := meta.Unknown{Kind: 4000, Payload: []byte("x")}
	found, wrong := read(records(t, unknown, meta.Crop{Width: 1}))
	if len(wrong) > 0 || len(found) != 2 || found[1] != (meta.Crop{Width: 1}) {
		t.Errorf("read %v, %v", found, wrong)
	}
	unknown.Flags = meta.Needed
	found, wrong = read(records(t, meta.Crop{Width: 1}, unknown))
	var needed *meta.RecordError
	if len(found) > 0 || len(wrong) != 1 || !errors.Is(wrong[0], meta.ErrNeeded) || !errors.As(wrong[0], &needed) {
		t.Fatalf("read %v, %v", found, wrong)
	}
	if needed.Type != 4000 || needed.Offset != 24 || needed.Flags != meta.Needed {
		t.Errorf("the error is of %+v", needed)
	}
}

func TestRecordsThatDoNotEndWhereTheNextBeginsAreRefusedAsAWhole(t *testing.T) {
	good := records(t, meta.Crop{}, meta.Crop{})
	long := good.Clone()
	binary.LittleEndian.PutUint32(long[24+4:], 17)
	huge := good.Clone()
	binary.LittleEndian.PutUint32(huge[4:], math.MaxUint32)
	for name, r := range map[string]meta.Records{
		"cut short": good[:47], "a head cut short": good[:28], "cut after a head": good[:32], "one byte": good[:1], "too long": long, "huge": huge,
	} {
		if found, wrong := read(r); len(found) > 0 || len(wrong) != 1 || !errors.Is(wrong[0], meta.ErrDamaged) {
			t.Errorf("%s: read %v, %v", name, found, wrong)
		}
	}
}

func TestNothingIsReadOfNoRecords(t *testing.T) {
	if found, wrong := read(nil); len(found)+len(wrong) > 0 {
		t.Errorf("read %v, %v", found, wrong)
	}
}

// What was read may not change when the producer writes the area again.
func TestWhatWasReadDoesNotLieInTheRecordsAnyMore(t *testing.T) {
	r := records(t, all...)
	got, _ := read(r)
	for i := range r {
		r[i] = 0xff
	}
	if !reflect.DeepEqual(got, all) {
		t.Error("what was read changed with the bytes")
	}
}

// A producer may write the area while it is read, too.
func TestRecordsThatChangeWhileTheyAreReadAreReadAsTheyWere(t *testing.T) {
	r := records(t, all...)
	var got []meta.Record
	for record, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, record)
		for i := range r {
			r[i] = 0xff
		}
	}
	if !reflect.DeepEqual(got, all) {
		t.Error("records changed while they were read")
	}
}

// A count that the bytes cannot hold must not make room for as many.
func TestACountAloneTakesNoMemory(t *testing.T) {
	r := records(t, meta.Protection{Structure: meta.Structure{Name: "s"}})
	binary.LittleEndian.PutUint32(r[8:], 8000) // fields
	const times = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		if _, wrong := read(r); len(wrong) != 1 {
			t.Fatalf("there is wrong: %v", wrong)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / times; each > 8000 {
		t.Errorf("%d bytes are allocated for a record of %d", each, len(r))
	}
}

func TestALoopOverRecordsMayEndEarly(t *testing.T) {
	n := 0
	for range records(t, all...).All() {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d records", n)
	}
}

func TestStructuresAreAskedByKey(t *testing.T) {
	if v, ok := structure.Int("int"); !ok || v != math.MinInt64 {
		t.Error("int", v, ok)
	}
	if v, ok := structure.Int("byte"); !ok || v != 255 {
		t.Error("byte", v, ok)
	}
	if v, ok := structure.Int("unsigned"); ok {
		t.Error("unsigned does not fit, got", v)
	}
	if v, ok := structure.Float("float"); !ok || v != 0.5 {
		t.Error("float", v, ok)
	}
	if v, ok := structure.Float("long"); !ok || v != -1 {
		t.Error("long", v, ok)
	}
	if v, ok := structure.Float("byte"); !ok || v != 255 {
		t.Error("byte", v, ok)
	}
	if v, ok := structure.Float("fraction"); !ok || v != -30000.0/1001 {
		t.Error("fraction", v, ok)
	}
	if v, ok := structure.Text("text"); !ok || v != "Grüße" {
		t.Error("text", v, ok)
	}
	if v, ok := structure.Bool("true"); !ok || !v {
		t.Error("true", v, ok)
	}
	for _, key := range []string{"missing", "list"} {
		_, isInt := structure.Int(key)
		_, isFloat := structure.Float(key)
		_, isText := structure.Text(key)
		_, isBool := structure.Bool(key)
		if isInt || isFloat || isText || isBool {
			t.Errorf("%s is a simple value", key)
		}
	}
	region := all[9].(meta.Region)
	if s, ok := region.Param("all-kinds"); !ok || s.Name != "all-kinds" {
		t.Error("no parameter of the name")
	}
	if _, ok := region.Param("missing"); ok {
		t.Error("a parameter that is not there")
	}
}

func TestTimeCodesTellTheirDailyJam(t *testing.T) {
	jam, ok := all[5].(meta.TimeCode).DailyJamTime()
	if _, offset := jam.Zone(); !ok || jam.UnixMicro() != 1700000000123456 || offset != 3600 {
		t.Errorf("%v, %v", jam, ok)
	}
	if jam, ok := all[6].(meta.TimeCode).DailyJamTime(); ok {
		t.Errorf("a jam that is not there: %v", jam)
	}
}
