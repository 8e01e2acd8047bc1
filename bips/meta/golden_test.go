package meta_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/tests/golden"
	"github.com/bips-ipc/bips/tests/golden/recordjson"
)

const goldenFile = "../../tests/golden/segments/records.json"

// areas reads the golden records: from the file, as a client in any language does.
func areas(t testing.TB) (all []golden.Area) {
	t.Helper()
	text, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func bytesOf(t testing.TB, a golden.Area) meta.Records {
	t.Helper()
	r, err := hex.DecodeString(a.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGoldenRecordsAreReadAsTheirJSONSays(t *testing.T) {
	for _, a := range golden.Areas() {
		t.Run(a.Name, func(t *testing.T) {
			got, err := recordjson.All(bytesOf(t, a))
			want := map[string]error{"": nil, "needed": meta.ErrNeeded, "damaged": meta.ErrDamaged}[a.Error]
			if !errors.Is(err, want) {
				t.Errorf("the whole is %v, want %q", err, a.Error)
			}
			if got, want := text(t, got), text(t, a.Records); got != want && len(a.Records) > 0 {
				t.Errorf("read\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// The bytes are those of an encoder of its own: tests/golden/records.go.
func TestGoldenRecordsAreWrittenAsTheyAre(t *testing.T) {
	written := 0
	for _, a := range golden.Areas() {
		want := bytesOf(t, a)
		found, wrong := read(want)
		if len(wrong) > 0 || slices.Contains([]string{"unknown", "origins", "values passed over"}, a.Name) {
			continue // these have what is not written
		}
		if got := records(t, found...); string(got) != string(want) {
			t.Errorf("%s: written\n%x\nwant\n%x", a.Name, got, want)
		}
		written++
	}
	if written < 10 {
		t.Errorf("only %d were written", written)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The records of a GstBuffer with metas of all kinds, written in C by an encoder that was made before this package.
func TestRecordsFromCAreReadAndWrittenAsTheyAre(t *testing.T) {
	dump, err := os.ReadFile("testdata/gstreamer.hex")
	if err != nil {
		t.Fatal(err)
	}
	want, err := golden.Undump(string(dump))
	if err != nil {
		t.Fatal(err)
	}
	found, wrong := read(want)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	var types []meta.Type
	for _, record := range found {
		types = append(types, record.Type())
	}
	if !slices.Equal(types, []meta.Type{
		meta.TypeMemories, meta.TypeRegion, meta.TypeRegion, meta.TypeReferenceTime, meta.TypeCrop, meta.TypeTimeCode, meta.TypeCaption,
		meta.TypeAffine, meta.TypeCustom, meta.TypeProtection,
	}) {
		t.Errorf("there are %v", types)
	}
	if custom := found[8].(meta.Custom); custom.Name != "AcmeSensor" || !custom.Partial || !slices.Equal(custom.Tags, []string{"video"}) {
		t.Errorf("the custom meta is %+v", custom)
	}
	extra, _ := found[2].(meta.Region).Param("roi/extra")
	if rate, _ := extra.Get("rate"); rate != (meta.Fraction{Numerator: 30000, Denominator: 1001}) {
		t.Errorf("the rate is %v", rate)
	}
	if got := records(t, found...); string(got) != string(want) {
		t.Errorf("written\n%x\nwant\n%x", got, want)
	}
}
