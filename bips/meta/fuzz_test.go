package meta_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/bips-ipc/bips/bips/meta"
)

// FuzzRecords reads any bytes as records. What is read is written again, and then both say the same. Nothing has more
// parts than the bytes have room for.
func FuzzRecords(f *testing.F) {
	for _, a := range areas(f) {
		f.Add([]byte(bytesOf(f, a)))
	}
	f.Add([]byte(records(f, all...)))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		parts := 0
		for record, err := range meta.Records(b).All() {
			var damaged *meta.RecordError
			switch {
			case errors.As(err, &damaged):
				if damaged.Offset%8 != 0 || damaged.Offset >= len(b) {
					t.Errorf("%v, of %d bytes", err, len(b))
				}
			case err != nil && !errors.Is(err, meta.ErrDamaged):
				t.Error(err)
			case err == nil:
				parts += partsOf(record)
				checkWritten(t, record)
			}
		}
		if parts > len(b) {
			t.Errorf("%d parts in %d bytes", parts, len(b))
		}
		if !bytes.Equal(b, before) {
			t.Error("reading has changed the bytes")
		}
	})
}

// checkWritten writes a record that was read. What is read of that is written as the same bytes.
func checkWritten(t *testing.T, record meta.Record) {
	t.Helper()
	written, err := meta.Append(nil, record)
	if errors.Is(err, meta.ErrTooLarge) {
		return // padding that was missing at its end
	}
	if err != nil {
		t.Fatalf("%#v was read and cannot be written: %v", record, err)
	}
	found, wrong := read(written)
	if len(wrong) > 0 || len(found) != 1 {
		t.Fatalf("%#v was written as %x, which cannot be read: %v", record, written, wrong)
	}
	if again, err := meta.Append(nil, found[0]); err != nil || !bytes.Equal(again, written) {
		t.Errorf("%#v was written as %x, then as %x (%v)", record, written, again, err)
	}
}

// partsOf counts what was allocated for a record: numbers, texts, values.
func partsOf(record meta.Record) int {
	switch r := record.(type) {
	case meta.Memories:
		return len(r.Sizes)
	case meta.AudioLayout:
		return len(r.Offsets)
	case meta.Caption:
		return len(r.Data)
	case meta.Region:
		n := len(r.Kind)
		for _, s := range r.Params {
			n += partsOfValue(s)
		}
		return n
	case meta.Custom:
		n := len(r.Name) + partsOfValue(r.Structure)
		for _, tag := range r.Tags {
			n += len(tag)
		}
		return n
	case meta.Protection:
		return partsOfValue(r.Structure)
	case meta.Gst:
		return len(r.Name) + len(r.Data)
	case meta.Tags:
		return partsOfValue(r.List)
	case meta.Unknown:
		return len(r.Payload)
	}
	return 1
}

func partsOfValue(v meta.Value) int {
	n := 1
	switch v := v.(type) {
	case meta.Text:
		n += len(v)
	case meta.Bytes:
		n += len(v.Data)
	case meta.Structure:
		n += len(v.Name)
		for _, f := range v.Fields {
			n += len(f.Key) + partsOfValue(f.Value)
		}
	case meta.Array:
		for _, e := range v {
			n += partsOfValue(e)
		}
	case meta.List:
		for _, e := range v {
			n += partsOfValue(e)
		}
	case meta.Other:
		n += len(v.Type) + len(v.Text)
	}
	return n
}
