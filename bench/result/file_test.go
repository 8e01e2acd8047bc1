package result

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReportsSurviveAFile(t *testing.T) {
	r := example()
	h := &r.Setups[0].Works[0].Pairs[0].Latency
	for ns := range uint64(1000) {
		h.Record(ns * 100)
	}
	path := filepath.Join(t.TempDir(), "r.jsonl")
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if markdown(again) != markdown(r) {
		t.Errorf("it became\n%s", markdown(again))
	}
	if got := again.Setups[0].Works[0].Pairs[0].Latency.Count(); got != 1000 {
		t.Errorf("the histogram has %d times", got)
	}
}

func TestEachFigureHasALineOfItsOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	if err := example().Save(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(text),
		`{"line":"pair","work":"latency-1","pair":"unixfd","spin_us":0,"rounds":["ok","stalled: no frame came"]}`+"\n",
		`{"line":"figure","work":"latency-1","pair":"unixfd","spin_us":0,"figure":"p50_us","values":[90,null]}`+"\n",
		`{"line":"figure","work":"latency-1","pair":"bips","spin_us":0,"figure":"p50_us","values":[20,25,21]}`+"\n")
}

func TestValuesHaveSixDigits(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0000123: "0.00001", 2.5: "2.5", 102.4462962: "102.446", 555835.4: "555835", 6484146.2: "6484146", -12.3456789: "-12.3457",
	} {
		if got, err := decimal(v).MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("%v is written as %s (%v), want %s", v, got, err, want)
		}
	}
}

func TestDamagedResultFilesAreRefused(t *testing.T) {
	const (
		report = `{"line":"report","date":"2025-01-02 03:04","command":"x","rounds":1,"machine":{}}` + "\n"
		setup  = `{"line":"setup","setup":"S","versions":[],"load":0,"stolen":0}` + "\n"
		work   = `{"line":"work","setup":"S","work":"W","title":"w","size":1,"metrics":["fps"]}` + "\n"
		pair   = `{"line":"pair","work":"W","pair":"bips","spin_us":0,"rounds":["ok"]}` + "\n"
		figure = `{"line":"figure","work":"W","pair":"bips","spin_us":0,"figure":"fps","values":[1]}` + "\n"
	)
	path := filepath.Join(t.TempDir(), "r.jsonl")
	load := func(text string) error {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		return err
	}
	if err := load(report + setup + work + pair + figure); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":                      "",
		"no report line":             setup,
		"two report lines":           report + report,
		"a work without setup":       report + work,
		"a pair without work":        report + setup + pair,
		"a figure without pair":      report + setup + work + figure,
		"a figure of another":        report + setup + work + pair + strings.Replace(figure, "bips", "shm", 1),
		"a value too many":           report + setup + work + pair + strings.Replace(figure, "[1]", "[1,2]", 1),
		"a key that there is not":    report + setup + strings.Replace(work, "title", "titel", 1),
		"a metric that there is not": report + setup + strings.Replace(work, "fps", "frames", 1),
		"a kind that there is not":   report + `{"line":"other"}` + "\n",
		"cut in the middle":          (report + setup)[:len(report)+20],
	} {
		if err := load(text); err == nil {
			t.Errorf("%s: it was read", name)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("%s: the error does not name the file: %v", name, err)
		}
	}
}

// The files of bench/results are those that their tables were made of.
func TestEachResultHasItsTables(t *testing.T) {
	files, err := filepath.Glob("../results/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no results: %v", err)
	}
	for _, file := range files {
		r, err := Load(file)
		if err != nil {
			t.Error(err)
			continue
		}
		tables, err := os.ReadFile(strings.TrimSuffix(file, ".jsonl") + ".md")
		if err != nil {
			t.Error(err)
			continue
		}
		if want := "# " + r.Command + "\n\n" + markdown(r); want != string(tables) {
			t.Errorf("the tables beside %s are not those of its figures: write them again with \"bench report\"", file)
		}
	}
}

// What documents show between the marks of the benchmark is in bench/results.
func TestTheDocumentsShowResultsThatAreThere(t *testing.T) {
	files, err := filepath.Glob("../results/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var tables, summaries []string
	for _, file := range files {
		r, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		var all, short strings.Builder
		r.Markdown(&all, 3)
		r.Summary(&short)
		tables, summaries = append(tables, all.String()), append(summaries, short.String())
	}
	for _, c := range []struct {
		document, mark string
		candidates     []string
	}{
		{"../../docs/performance.md", "bench", tables},
		{"../../docs/performance.md", "bench-grow", tables},
		{"../../README.md", "bench-summary", summaries},
	} {
		text, err := os.ReadFile(c.document)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "<!-- "+c.mark+":begin -->")
		shown, _, found := strings.Cut(rest, "<!-- "+c.mark+":end -->")
		if !found {
			t.Errorf("%s has no marks %s", c.document, c.mark)
			continue
		}
		known := false
		for _, candidate := range c.candidates {
			known = known || strings.TrimSpace(candidate) == strings.TrimSpace(shown)
		}
		if !known {
			t.Errorf("%s shows between the marks %s what no file of bench/results gives", c.document, c.mark)
		}
	}
}
