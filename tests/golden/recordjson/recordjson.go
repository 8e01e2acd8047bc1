// Package recordjson writes metadata records as the JSON objects of tests/golden/segments/records.json, which
// tests/golden/segments/README.md describes: so clients in different languages can be compared.
package recordjson

import (
	"encoding/binary"
	"encoding/hex"
	"errors"

	"github.com/bips-ipc/bips/bips/meta"
)

// Object is a record, a structure or a value.
type Object = map[string]any

// All are the records of a metadata area, or of tags, as objects: of one that is damaged its type and an error. The error is
// [meta.ErrDamaged] or [meta.ErrNeeded] if none of them may be used; there are no objects then.
func All(records meta.Records) ([]Object, error) {
	all := []Object{}
	for record, err := range records.All() {
		var damaged *meta.RecordError
		switch {
		case err == nil:
			all = append(all, Of(record))
		case errors.As(err, &damaged) && !errors.Is(err, meta.ErrNeeded) && hold(records):
			all = append(all, Object{"type": damaged.Type.String(), "error": "damaged"})
		default:
			return nil, err
		}
	}
	return all, nil
}

// Rewritten are the records that are not damaged, read and written again.
func Rewritten(records meta.Records) (again meta.Records, err error) {
	for record, wrong := range records.All() {
		if wrong != nil {
			continue
		}
		if again, err = meta.Append(again, record); err != nil {
			return nil, err
		}
	}
	return again, nil
}

// hold reports whether each record ends where the next one begins, and the last one at the end: what is damaged then is a record.
func hold(records meta.Records) bool {
	for len(records) >= 8 {
		size := 8 + uint64(binary.LittleEndian.Uint32(records[4:]))
		size = (size + 7) &^ 7
		if size > uint64(len(records)) {
			return false
		}
		records = records[size:]
	}
	return len(records) == 0
}

// list makes an empty list of none, which JSON tells apart.
func list[T, U any](of []T, show func(T) U) []U {
	all := []U{}
	for _, v := range of {
		all = append(all, show(v))
	}
	return all
}

func same[T any](v T) T { return v }

func known(ns uint64) any {
	if ns == meta.NoTime {
		return nil
	}
	return ns
}

// Of is a record as an object.
func Of(r meta.Record) Object {
	kind := r.Type().String()
	switch r := r.(type) {
	case meta.Memories:
		return Object{"type": kind, "sizes": r.Sizes}
	case meta.AudioLayout:
		return Object{"type": kind, "samples": r.Samples, "planar": r.Planar, "offsets": list(r.Offsets, same)}
	case meta.Crop:
		return Object{"type": kind, "x": r.X, "y": r.Y, "width": r.Width, "height": r.Height}
	case meta.Affine:
		return Object{"type": kind, "matrix": r.Matrix}
	case meta.TimeCode:
		o := Object{
			"type": kind, "fps_n": r.FPSNumerator, "fps_d": r.FPSDenominator, "flags": r.Flags, "field_count": r.FieldCount,
			"hours": r.Hours, "minutes": r.Minutes, "seconds": r.Seconds, "frames": r.Frames, "daily_jam": nil, "daily_jam_offset": r.DailyJamOffset,
		}
		if r.DailyJam != meta.NoDailyJam {
			o["daily_jam"] = r.DailyJam
		}
		return o
	case meta.ReferenceTime:
		return Object{"type": kind, "timestamp": known(r.Timestamp), "duration": known(r.Duration), "clock": r.Clock}
	case meta.Caption:
		return Object{"type": kind, "kind": r.Kind, "data": hex.EncodeToString(r.Data)}
	case meta.Region:
		return Object{
			"type": kind, "id": r.ID, "parent": r.Parent, "x": r.X, "y": r.Y, "width": r.Width, "height": r.Height, "kind": r.Kind,
			"analytics": r.Analytics, "partial": r.Partial, "params": list(r.Params, structure),
		}
	case meta.Custom:
		return Object{"type": kind, "name": r.Name, "tags": list(r.Tags, same), "structure": structure(r.Structure), "partial": r.Partial}
	case meta.Protection:
		return Object{"type": kind, "structure": structure(r.Structure), "partial": r.Partial}
	case meta.Gst:
		return Object{"type": kind, "name": r.Name, "version": r.Version, "data": hex.EncodeToString(r.Data)}
	case meta.Tags:
		return Object{"type": kind, "scope": r.Scope, "list": structure(r.List), "partial": r.Partial}
	case meta.Unknown:
		return Object{"type": "unknown", "number": r.Kind, "payload": hex.EncodeToString(r.Payload)}
	}
	return Object{"type": "not shown"}
}

func structure(s meta.Structure) Object {
	return Object{"name": s.Name, "fields": list(s.Fields, func(f meta.Field) Object {
		o := value(f.Value)
		o["key"] = f.Key
		return o
	})}
}

func value(v meta.Value) Object {
	switch v := v.(type) {
	case meta.None:
		return Object{"kind": "none", "origin": 0, "value": nil}
	case meta.Bool:
		return Object{"kind": "bool", "origin": 0, "value": v}
	case meta.Int:
		return Object{"kind": "int", "origin": v.Origin, "value": v.Value}
	case meta.Uint:
		return Object{"kind": "unsigned", "origin": v.Origin, "value": v.Value}
	case meta.Float:
		return Object{"kind": "float", "origin": v.Origin, "value": v.Value}
	case meta.Text:
		return Object{"kind": "text", "origin": 0, "value": v}
	case meta.Bytes:
		return Object{"kind": "bytes", "origin": v.Origin, "value": hex.EncodeToString(v.Data)}
	case meta.Fraction:
		return Object{"kind": "fraction", "origin": 0, "value": []int32{v.Numerator, v.Denominator}}
	case meta.Structure:
		return Object{"kind": "structure", "origin": 0, "value": structure(v)}
	case meta.Array:
		return Object{"kind": "array", "origin": 0, "value": list(v, value)}
	case meta.List:
		return Object{"kind": "list", "origin": 0, "value": list(v, value)}
	case meta.Other:
		return Object{"kind": "other", "origin": 0, "value": Object{"type": v.Type, "text": v.Text}}
	}
	return Object{"kind": "not shown"}
}
