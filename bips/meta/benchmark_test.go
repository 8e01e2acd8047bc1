package meta_test

import (
	"testing"

	"github.com/bips-ipc/bips/bips/meta"
)

// detections are ten regions, each with a structure of so many fields; 0: without one.
func detections(fields int) (all []meta.Record) {
	s := meta.Structure{Name: "detection", Fields: []meta.Field{
		{"confidence", meta.Float{Value: 0.875, Origin: meta.Origin64}},
		{"class", meta.Int{Value: 3, Origin: meta.Origin32}},
		{"label", meta.Text("a person")},
		{"track", meta.Uint{Value: 77, Origin: meta.Origin64}},
		{"model", meta.Text("yolo-v8n")},
		{"moving", meta.Bool(true)},
	}}
	s.Fields = s.Fields[:fields]
	for i := range 10 {
		r := meta.Region{ID: int32(i), Parent: meta.NoParent, X: 10, Y: 20, Width: 30, Height: 40, Kind: "person"}
		if fields > 0 {
			r.Params = []meta.Structure{s}
		}
		all = append(all, r)
	}
	return all
}

func BenchmarkTenRegions(b *testing.B) {
	for name, fields := range map[string]int{"plain": 0, "six fields": 6} {
		all := detections(fields)
		r := records(b, all...)
		b.Run("write "+name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(r)))
			buffer := make(meta.Records, 0, len(r))
			for b.Loop() {
				buffer = buffer[:0]
				for _, record := range all {
					var err error
					if buffer, err = meta.Append(buffer, record); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run("read "+name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(r)))
			for b.Loop() {
				for _, err := range r.All() {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
