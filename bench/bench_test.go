package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bench/result"
)

func TestParseMessage(t *testing.T) {
	m, ok := parseMessage([]byte(`{"bench":"sink","frames":7,"lost":1,"bad":0,"elapsed_s":1.5,"sum":3,"latency":[[5,7]]}`))
	if !ok || m.Bench != "sink" || m.Frames != 7 || m.Elapsed != 1.5 || m.Latency.Count() != 7 {
		t.Errorf("got %+v, %t", m, ok)
	}
	for _, line := range []string{"", "WARNING: erroneous pipeline", `{"other":1}`, `{"bench":"sink","frames":`, `{"bench":"sink","latency":[[1]]}x`} {
		if m, ok := parseMessage([]byte(line)); ok {
			t.Errorf("%q was taken for %+v", line, m)
		}
	}
}

func TestParseBenchmark(t *testing.T) {
	const output = `goos: linux
BenchmarkExchange/sleeping-2         	   48007	     15928 ns/op	       0 B/op	       0 allocs/op
BenchmarkExchange/spinning           	 1672000	       757.5 ns/op
PASS
`
	for name, want := range map[string]float64{"BenchmarkExchange/sleeping": 15928, "BenchmarkExchange/spinning": 757.5} {
		if ns, found := parseBenchmark(output, name); !found || ns != want {
			t.Errorf("%s: %v, %t", name, ns, found)
		}
	}
	if _, found := parseBenchmark(output, "BenchmarkExchange"); found {
		t.Error("a benchmark that is not there was found")
	}
}

func TestParseProc(t *testing.T) {
	if kb := field("Rss:     1234 kB\nPss:  56 kB\nPss_Anon: 7 kB\n", "Pss"); kb != 56 {
		t.Errorf("got %d", kb)
	}
	before := parseTimes("cpu  100 0 100 800 0 0 0 0 50 0")
	after := parseTimes("cpu  130 0 110 840 10 0 0 10 99 0")
	if before.all != 1000 || after.stolenSince(before) != 0.1 || before.stolenSince(before) != 0 {
		t.Errorf("%+v, %+v, stolen %v", before, after, after.stolenSince(before))
	}
	if after.busySince(before) != 0.5 || before.busySince(before) != 0 {
		t.Errorf("%+v, %+v, busy %v", before, after, after.busySince(before))
	}
}

func TestSizesAreThoseOfGStreamer(t *testing.T) {
	for _, c := range []struct {
		work work
		want int
	}{
		{work{format: "NV12", width: 1920, height: 1080}, 3_110_400},
		{work{format: "RGB", width: 4096, height: 2700}, 3840 * 2160 * 4},
		{work{format: "RGB", width: 5, height: 4}, 64},
		{work{format: "RGBA", width: 4, height: 4}, 64},
	} {
		if got := c.work.size(); got != c.want {
			t.Errorf("%s: %d bytes, want %d", c.work.caps(), got, c.want)
		}
	}
}

func TestEachWorkHasItsOwnName(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range works {
		if seen[w.id] || w.title == "" || len(w.metrics) == 0 || w.length == 0 {
			t.Errorf("%+v", w)
		}
		seen[w.id] = true
	}
}

func TestFileNamesSayWhenAndWhere(t *testing.T) {
	r := &result.Report{Date: "2025-11-23 10:20", Machine: result.Machine{CPU: "Intel(R) Xeon(R) E5 @ 2.20GHz"}}
	if got := fileName(r); got != "2025-11-23-intel-r-xeon-r-e5" {
		t.Error(got)
	}
	r.Quick = true
	if got := fileName(r); !strings.HasSuffix(got, "-quick") {
		t.Error(got)
	}
}

func TestOnlyWhatIsBetweenTheMarksChanges(t *testing.T) {
	const document = "a\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nb\n"
	fresh, ok := between(document, "bench", "new\n\n")
	if want := strings.Replace(document, "old", "new", 1); !ok || fresh != want {
		t.Errorf("got %q, %t", fresh, ok)
	}
	for _, without := range []string{"", "no marks", "<!-- bench:begin --> no end", "<!-- bench-summary:begin --><!-- bench-summary:end -->"} {
		if fresh, ok := between(without, "bench", "new"); ok || fresh != without {
			t.Errorf("%q became %q", without, fresh)
		}
	}
}

func TestReportJoinsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"one", "two"} {
		r := &result.Report{Date: "2025-11-23 10:20", Machine: result.Machine{CPU: "X", Cores: 2}, Setups: []result.Setup{{Name: name, Versions: []string{"v"}}}}
		if err := r.Save(path(name)); err != nil {
			t.Fatal(err)
		}
	}
	readme := path("README.md")
	if err := os.WriteFile(readme, []byte("<!-- bench-summary:begin -->\n<!-- bench-summary:end -->\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := report([]string{"-dir", dir, "-suffix", "-s", "-into", readme, "-into", path("absent"), path("one"), path("missing"), path("two")}); err != nil {
		t.Fatal(err)
	}
	r, err := result.Load(path("2025-11-23-x-s.jsonl"))
	if err != nil || len(r.Setups) != 2 || r.Command != "make bench" {
		t.Errorf("got %+v, %v", r, err)
	}
	if text, _ := os.ReadFile(readme); !strings.Contains(string(text), "`make bench` repeats the measurement") {
		t.Errorf("README.md is\n%s", text)
	}
	if report([]string{"-dir", dir, path("missing")}) == nil {
		t.Error("a report of nothing is no error")
	}
}
