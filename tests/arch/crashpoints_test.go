package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var crashPoint = regexp.MustCompile(`crashpoint\.Hit\("([^"]*)"\)`)

// pointless are steps without a crash point of their own, and why.
var pointless = map[string]string{
	"C4b": "the look between announcing and sleeping changes nothing: to die after it is to die after C4a",
}

func crashPoints(t *testing.T) map[string]bool {
	t.Helper()
	points := map[string]bool{}
	for _, match := range crashPoint.FindAllStringSubmatch(sources(t, "bips"), -1) {
		points[match[1]] = true
	}
	if len(points) == 0 {
		t.Fatal("bips has no crash point")
	}
	return points
}

func TestEachCrashPointIsAStepOfTheProtocol(t *testing.T) {
	if ids := strange(protocolSteps(t), crashPoints(t)); len(ids) > 0 {
		t.Errorf("bips has crash points that docs/protocol.md does not know as steps: %v", ids)
	}
}

// Steps that docs/protocol.md divides into parts have a point in each part.
func TestEachStepOfTheProtocolHasACrashPoint(t *testing.T) {
	steps, points := protocolSteps(t), crashPoints(t)
	var without []string
	for id := range steps {
		divided := steps[id+"a"] || steps[id+"b"]
		if !divided && !points[id] && pointless[id] == "" {
			without = append(without, id)
		}
	}
	slices.Sort(without)
	if len(without) > 0 {
		t.Errorf("steps without a crash point: %v", without)
	}
}

// The machine code of a build without tags has no instruction that comes from a
// crash point, not even the one that marks an inlined call.
func TestNothingIsLeftOfCrashPointsInABuildWithoutTags(t *testing.T) {
	off := instructionsOf(t, "off.go")
	if off != "" {
		t.Errorf("instructions that come from crash points:\n%s", off)
	}
	if on := instructionsOf(t, "on.go", "-tags", "bipscrash"); on == "" {
		t.Error("with the tag bipscrash none was found either: this test looks in the wrong place")
	}
}

// instructionsOf returns what the disassembly of package bips attributes to a file of
// internal/crashpoint, or as calls of it.
func instructionsOf(t *testing.T, file string, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	build := exec.Command("go", append(append([]string{"test", "-c", "-o", program}, flags...), "./bips")...)
	build.Dir = top(t)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build.Args, err, out)
	}
	code, err := exec.Command("go", "tool", "objdump", "-s", regexp.QuoteMeta(module+"/bips."), program).Output()
	if err != nil || !strings.Contains(string(code), "produce.go") {
		t.Fatalf("go tool objdump: %v, %d bytes", err, len(code))
	}
	var found strings.Builder
	for line := range strings.Lines(string(code)) {
		if strings.HasPrefix(strings.TrimSpace(line), file+":") || strings.Contains(line, "internal/crashpoint") {
			found.WriteString(line)
		}
	}
	return found.String()
}
