package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bench/result"
)

// The test's program is also the one that measures package bips, and its readers.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "alone" {
		if err := alone(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestPackageBipsDoesTheWorksAlone(t *testing.T) {
	for words, isMeasured := range map[string]func(message) bool{
		"flow 8192 0.05":         func(m message) bool { return m.Frames > 0 && m.Elapsed > 0 },
		"latency 2 100 200 0.05": func(m message) bool { return m.Latency.Count() > 0 && m.Latency.Count() <= 20 },
	} {
		t.Run(words, func(t *testing.T) {
			run := exec.Command("/proc/self/exe", append([]string{"alone"}, strings.Fields(words)...)...)
			run.Env = append(os.Environ(), "BIPS_SHM_DIR="+t.TempDir())
			out, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if m, ok := parseMessage(out); !ok || !isMeasured(m) {
				t.Errorf("it said %s", out)
			}
		})
	}
	for _, words := range []string{"", "flow", "flow 4095 1", "flow 4096 none", "latency 0 0 300 1", "exchange 0 1"} {
		if alone(strings.Fields(words)) == nil {
			t.Errorf("%q is no error", words)
		}
	}
}

// fakeAlone stands in for the program of a library.
const fakeAlone = `#!/bin/sh
[ -d "$BIPS_SHM_DIR" ] || { echo "no folder for pools" >&2; exit 1; }
case "$1" in
exchange) echo '{"bench":"exchange","round_trips":1000,"elapsed_s":0.5}' ;;
flow) [ "$2" != 8388608 ] || { echo "no room for 8 MiB" >&2; exit 1; }
	echo '{"bench":"flow","frames":1001,"elapsed_s":0.5}' ;;
latency) echo '{"bench":"latency","latency":[[128,3],[1024,1]]}' ;;
esac
`

func TestTheLibrariesAreMeasuredAndWhatIsMissingIsNamed(t *testing.T) {
	program := filepath.Join(t.TempDir(), "libbips")
	if err := os.WriteFile(program, []byte(fakeAlone), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BIPS_SHM_DIR", "") // it is set for the programs
	s := &settings{libbips: program, rounds: 2}
	if err := s.pairs.Set(result.LibC); err != nil {
		t.Fatal(err)
	}
	setup := &result.Setup{}
	if err := measureLibrary(t.Context(), s, setup); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		work, metric string
		spin         int
		want         float64
	}{
		{"exchange-sleeping", result.Exchanges, 0, 4000},
		{"exchange-spinning", result.Exchanges, 100, 4000},
		{"flow-4096", result.FPS, 0, 2000},
		{"flow-1048576", result.Bandwidth, 0, 2.097152},
		{"wake-1", result.P50, 0, 0.128},
		{"wake-4", result.P99, 0, 16.4475},
	} {
		cell := setup.Work(c.work).Cell(result.LibC, c.spin)
		if cell == nil || len(cell.Samples) != 2 || cell.Samples[0].Status != result.OK {
			t.Errorf("%s: %+v", c.work, cell)
			continue
		}
		if got := cell.Samples[0].Values[c.metric]; got < 0.99*c.want || got > 1.01*c.want {
			t.Errorf("%s is %v, want %v", c.work, got, c.want)
		}
	}
	trouble := setup.Work("flow-8388608").Cell(result.LibC, 0).Samples[0]
	if trouble.Status != result.Failed || !strings.Contains(trouble.Detail, "no room for 8 MiB") {
		t.Errorf("of a program that failed it says %+v", trouble)
	}
	if skipped := fmt.Sprint(setup.Skipped); !strings.Contains(skipped, "package bips") || strings.Contains(skipped, "libbips") {
		t.Errorf("left out: %s", skipped)
	}
}

func TestTheTargetsOfTheLibrariesAreAboutTheirWorks(t *testing.T) {
	setup := result.Setup{Name: "x"}
	for _, w := range aloneWorks {
		if setup.Work(w.id) != nil || w.title == "" || len(w.rows) == 0 || w.length == 0 {
			t.Errorf("%+v", w)
		}
		work := result.Work{ID: w.id, Title: w.title}
		for _, row := range w.rows {
			values := map[string]float64{}
			for _, metric := range w.metrics {
				values[metric] = 1
			}
			work.Pairs = append(work.Pairs, result.Cell{Pair: row.pair, Spin: row.spin, Samples: []result.Sample{{Status: result.OK, Values: values}}})
		}
		setup.Works = append(setup.Works, work)
	}
	r := result.Report{Setups: []result.Setup{setup}}
	if n := len(r.Judge()); n != 6 {
		t.Errorf("%d targets, want 6: %+v", n, r.Judge())
	}
}

func TestALibrarysSizeIsThatOfItsStrippedFile(t *testing.T) {
	if _, err := exec.LookPath("strip"); err != nil {
		t.Skipf("strip is not installed: %v", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(self)
	if err != nil {
		t.Fatal(err)
	}
	size, err := strippedSize(t.Context(), self, "--strip-unneeded")
	if err != nil || size <= 0 || size > before.Size() {
		t.Errorf("%d bytes of %d, %v", size, before.Size(), err)
	}
	if _, err := strippedSize(t.Context(), filepath.Join(t.TempDir(), "none"), "--strip-debug"); err == nil {
		t.Error("a file that is not there has a size")
	}
}
