package golden

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const folder = "segments"

func TestTheFilesAreThoseThatAreBuilt(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(got) != want {
			t.Errorf("%s is not up to date (%v): run go generate ./tests/golden", name, err)
		}
	}
	there, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range there {
		if _, built := files[entry.Name()]; !built && entry.Name() != "README.md" {
			t.Errorf("%s is built by nobody: remove it", entry.Name())
		}
	}
}

// meaning reads the JSON of a scene.
func meaning(t *testing.T, scene string) *Meaning {
	t.Helper()
	var m Meaning
	decode(t, scene, &m)
	return &m
}

func decode(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s.json: %v", name, err)
	}
}

func TestTheSegmentsMeanWhatTheirJSONSays(t *testing.T) {
	for _, scene := range Scenes() {
		t.Run(scene.Name, func(t *testing.T) {
			segments, err := Load(folder, scene.Name)
			if err != nil {
				t.Fatal(err)
			}
			want := meaning(t, scene.Name)
			got, err := Read(segments)
			if err != nil {
				t.Fatal(err)
			}
			got.About = want.About
			if !reflect.DeepEqual(got, want) {
				a, _ := encode(got)
				b, _ := encode(want)
				t.Errorf("read\n%s\nwant\n%s", a, b)
			}
		})
	}
}

// What the scenes are for, by hand: the JSON is written with the reader that it is compared with.
func TestTheScenesShowWhatTheyAreFor(t *testing.T) {
	type shown struct {
		state  string
		head   uint64
		ended  uint64
		frames []uint64
	}
	for scene, want := range map[string]shown{
		"empty":              {"running", 0, 0, nil},
		"frames":             {"running", 2, 0, []uint64{1, 2}},
		"overwritten":        {"running", 4, 3, []uint64{3, 4}},
		"being-written":      {"running", 2, 0, []uint64{2}},
		"ended":              {"running", 2, 3, []uint64{1, 2}},
		"next-stream":        {"running", 2, 2, []uint64{1, 2}},
		"closed":             {"closed", 2, 3, []uint64{1, 2}},
		"closed-without-end": {"closed", 2, 0, []uint64{1, 2}},
		"moved":              {"moved", 2, 0, []uint64{1, 2}},
		"after-move":         {"running", 3, 0, []uint64{3}},
		"metadata":           {"running", 2, 0, []uint64{1, 2}},
		"readers":            {"running", 2, 0, []uint64{1, 2}},
	} {
		p := meaning(t, scene).Pool
		got := shown{p.State, p.Head, p.Ended, sequences(p)}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s shows %+v, want %+v", scene, got, want)
		}
	}
	if frames := meaning(t, "next-stream").Pool.Frames; frames[0].Stream != 0 || frames[1].Stream != 2 {
		t.Error("the frames of next-stream are not of two streams")
	}
	if frames := meaning(t, "metadata").Pool.Frames; frames[0].Metadata == "" || frames[1].Metadata != "" || frames[0].Tags == "" || frames[1].Tags == "" {
		t.Error("the frames of metadata do not have what they should")
	}
	after := meaning(t, "after-move")
	if after.Pool.Move != 1 || after.Pool.First != 3 || !after.Seats[0].Reserved.Kept || after.Seats[1].Reserved.Kept {
		t.Error("after-move does not keep the place of the reader of each frame alone")
	}
	states, granted := map[string]bool{}, uint32(0)
	for _, s := range meaning(t, "readers").Seats {
		states[s.State] = true
		granted += s.Granted.Pins
	}
	if len(states) != 6 || granted != 8 { // a free seat is not told
		t.Errorf("readers has %d states and %d pins", len(states), granted)
	}
}

func sequences(p *Pool) (all []uint64) {
	for _, f := range p.Frames {
		all = append(all, f.Sequence)
	}
	return all
}

func TestDamagedSegmentsAreRefusedOrReadWithoutWhatIsDamaged(t *testing.T) {
	var damages []Damage
	decode(t, "damaged", &damages)
	for _, d := range damages {
		t.Run(d.Name, func(t *testing.T) {
			whole, err := Load(folder, d.Of)
			if err != nil {
				t.Fatal(err)
			}
			segments, err := d.Apply(whole)
			if err != nil {
				t.Fatal(err)
			}
			m, err := Read(segments)
			want := map[string]error{"": nil, "damaged": ErrDamaged, "version": ErrVersion}[d.Error]
			if !errors.Is(err, want) {
				t.Fatalf("got %v, want %q", err, d.Error)
			}
			if err == nil && !slices.Equal(sequences(m.Pool), d.Frames) {
				t.Errorf("read frames %v, want %v", sequences(m.Pool), d.Frames)
			}
		})
	}
}

func TestDumpsThatAreDamagedAreRefused(t *testing.T) {
	for _, text := range []string{"", "x", "00000000: 00", "zz: 0000 0000 0000 0000 0000 0000 0000 0000", strings.Repeat("00000010: "+strings.Repeat("0000 ", 8)+"\n", 1) + "00000000: " + strings.Repeat("0000 ", 8)} {
		if _, err := Undump(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
