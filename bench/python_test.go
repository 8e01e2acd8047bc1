package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bench/result"
)

// fakePython stands in for Python: it has no iceoryx2, and measures at once.
const fakePython = `#!/bin/sh
if [ "$1" = -c ]; then
	case "$2" in
	*iceoryx2*) echo "Traceback"; echo "ModuleNotFoundError: No module named 'iceoryx2'"; exit 1 ;;
	*platform*) echo 3.12.1 ;;
	*numpy*) echo 2.4.2 ;;
	*print*) echo "a-package 1.2" ;;
	esac
	exit
fi
[ -d "$BIPS_SHM_DIR" ] || { echo "no folder for pools" >&2; exit 1; }
case "$3" in
flow*) echo '{"bench":"flow","frames":1001,"elapsed_s":0.5}' ;;
latency) echo '{"bench":"latency","latency":[[128,3],[1024,1]]}' ;;
loop) echo '{"bench":"loop","frames":1000,"elapsed_s":0.001}' ;;
loop-array) echo '{"bench":"loop","frames":1000,"elapsed_s":0.003}' ;;
array) [ "$4" = 64 ] && echo '{"bench":"loop","frames":1000,"elapsed_s":0.001}' || echo '{"bench":"loop","frames":1000,"elapsed_s":0.0013}' ;;
esac
`

const fakeLoop = `#!/bin/sh
echo '{"bench":"loop","frames":1000,"elapsed_s":0.0005}'
`

func TestPythonIsMeasuredAndWhatIsMissingIsNamed(t *testing.T) {
	dir := t.TempDir()
	python, loop := filepath.Join(dir, "python"), filepath.Join(dir, "loop")
	for path, text := range map[string]string{python: fakePython, loop: fakeLoop} {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("BIPS_SHM_DIR", "") // it is set for the programs
	setup := &result.Setup{Name: "Python"}
	if err := measurePython(t.Context(), &settings{python: python, scripts: dir, loop: loop, rounds: 2}, setup); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		work, pair, metric string
		want               float64
	}{
		{"python-flow", result.Python, result.FPS, 2000},
		{"python-touched", result.PyZmq, result.FPS, 2000},
		{"python-latency", result.PySharedMem, result.P50, 0.128},
		{"python-loop", result.LibCpp, result.PerFrame, 500},
		{"python-loop", result.PythonArray, result.PerFrame, 3000},
		{"python-array", result.PythonPicture, result.PerFrame, 1300},
	} {
		cell := setup.Work(c.work).Cell(c.pair, 0)
		if cell == nil || len(cell.Samples) != 2 || cell.Samples[0].Status != result.OK {
			t.Errorf("%s of %s: %+v", c.work, c.pair, cell)
			continue
		}
		if got := cell.Samples[0].Values[c.metric]; got < 0.99*c.want || got > 1.01*c.want {
			t.Errorf("%s of %s is %v, want %v", c.work, c.pair, got, c.want)
		}
	}
	if setup.Work("python-flow").Cell(result.PyIceoryx2, 0) != nil {
		t.Error("iceoryx2, which is not there, was measured")
	}
	if skipped := fmt.Sprint(setup.Skipped); !strings.Contains(skipped, "No module named 'iceoryx2'") || strings.Contains(skipped, "zmq") {
		t.Errorf("left out: %s", skipped)
	}
	if versions := fmt.Sprint(setup.Versions); strings.Count(versions, "a-package 1.2") != 2 || !strings.Contains(versions, "Python 3.12.1") {
		t.Errorf("versions: %s", versions)
	}
	verdicts := (&result.Report{Setups: []result.Setup{*setup}}).Judge()
	met := map[string]bool{}
	for _, v := range verdicts {
		met[fmt.Sprintf("%s %.0f", v.Work, v.Ours)] = v.Met
	}
	want := map[string]bool{"python-loop 1000": true, "python-loop 3000": false, "python-array 1300": false}
	if fmt.Sprint(met) != fmt.Sprint(want) {
		t.Errorf("the targets are %v, want %v", met, want)
	}
}

func TestWithoutPythonOnlyTheLoopInCppIsMeasured(t *testing.T) {
	loop := filepath.Join(t.TempDir(), "loop")
	if err := os.WriteFile(loop, []byte(fakeLoop), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BIPS_SHM_DIR", "")
	setup := &result.Setup{Name: "Python"}
	if err := measurePython(t.Context(), &settings{loop: loop, rounds: 1}, setup); err != nil {
		t.Fatal(err)
	}
	if len(setup.Works) != 1 || setup.Work("python-loop").Cell(result.LibCpp, 0) == nil {
		t.Errorf("measured: %+v", setup.Works)
	}
	if len(setup.Skipped) != 1 || !strings.Contains(setup.Skipped[0], "Python") {
		t.Errorf("left out: %q", setup.Skipped)
	}
}
