package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A step id is a procedure's letter, a number, and perhaps a letter for a part of
// the step: P2, P2a.
var (
	stepID      = regexp.MustCompile(`\b([SQBEPGDRHYOATJCULMKVXNFW])(0|[1-9]\d?)([a-f])?\b`)
	stepRange   = regexp.MustCompile(`\b([SQBEPGDRHYOATJCULMKVXNFW])([1-9]\d?)[a-f]? to ([SQBEPGDRHYOATJCULMKVXNFW])([1-9]\d?)[a-f]?\b`)
	definedStep = regexp.MustCompile(`\*\*([SQBEPGDRHYOATJCULMKVXNFW][0-9]+[a-f]?)\*\*`)
)

// notModelled are steps without counterpart in the models: files and their names, key-frame
// requests, what is done to the seats of a dead producer, which nobody looks at any more, memory and
// how connections are accepted.
var notModelled = []string{
	"S1", "S2", "S3", "S4", "S5", "S6", "Q4", "A2", "U6", "H4", "H5",
	"M0", "N1", "N2", "N3", "F1", "F2", "F3",
	"B1", "B2", "B3", "B4", "B5", "Y1", "Y2", "Y3",
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top(t), path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// protocolSteps are the ids that docs/protocol.md defines, parts included.
func protocolSteps(t *testing.T) map[string]bool {
	t.Helper()
	steps := map[string]bool{}
	for _, match := range definedStep.FindAllStringSubmatch(read(t, "docs/protocol.md"), -1) {
		steps[match[1]] = true
		steps[strings.TrimRight(match[1], "abcdef")] = true
	}
	if len(steps) < 50 {
		t.Fatalf("docs/protocol.md defines only %d steps", len(steps))
	}
	return steps
}

// mentioned are the ids that the comments of a source name, ranges filled in.
func mentioned(source string, comment *regexp.Regexp) map[string]bool {
	steps := map[string]bool{}
	for _, comment := range comment.FindAllString(source, -1) {
		for _, match := range stepID.FindAllStringSubmatch(comment, -1) {
			steps[match[0]] = true
			steps[match[1]+match[2]] = true
		}
		for _, match := range stepRange.FindAllStringSubmatch(comment, -1) {
			first, _ := strconv.Atoi(match[2])
			last, _ := strconv.Atoi(match[4])
			for n := first; match[1] == match[3] && n <= last; n++ {
				steps[match[1]+strconv.Itoa(n)] = true
			}
		}
	}
	return steps
}

var (
	goComment = regexp.MustCompile(`//[^\n]*(\n\s*//[^\n]*)*`)
	cComment  = regexp.MustCompile(`(?s)/\*.*?\*/`)
)

// sources is all Go code of a folder, tests apart.
func sources(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(top(t), folder, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources in %s: %v", folder, err)
	}
	var all strings.Builder
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			all.WriteString(read(t, filepath.Join(folder, filepath.Base(file))))
		}
	}
	return all.String()
}

func codeSteps(t *testing.T) map[string]bool {
	t.Helper()
	return mentioned(sources(t, "bips"), goComment)
}

func modelSteps(t *testing.T) map[string]bool {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"*.pml", "*.inc"} {
		models, err := filepath.Glob(filepath.Join(top(t), "tests/model", pattern))
		if err != nil || len(models) == 0 {
			t.Fatalf("no %s in tests/model: %v", pattern, err)
		}
		for _, model := range models {
			all.WriteString(read(t, filepath.Join("tests/model", filepath.Base(model))))
		}
	}
	return mentioned(all.String(), cComment)
}

// missing lists the steps of the protocol, parts apart, that are not in found.
func missing(steps, found map[string]bool, except []string) (ids []string) {
	for id := range steps {
		isPart := strings.ContainsAny(id, "abcdef")
		if !isPart && !found[id] && !slices.Contains(except, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// strange lists the ids that are used and not defined.
func strange(steps, found map[string]bool) (ids []string) {
	for id := range found {
		if !steps[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestTheCodeNamesEachStepOfTheProtocol(t *testing.T) {
	steps, code := protocolSteps(t), codeSteps(t)
	if ids := missing(steps, code, nil); len(ids) > 0 {
		t.Errorf("docs/protocol.md has steps that no comment in bips/ names: %v", ids)
	}
	if ids := strange(steps, code); len(ids) > 0 {
		t.Errorf("comments in bips/ name steps that docs/protocol.md does not have: %v", ids)
	}
}

func TestTheModelNamesEachStepOfTheProtocol(t *testing.T) {
	steps, model := protocolSteps(t), modelSteps(t)
	if ids := missing(steps, model, notModelled); len(ids) > 0 {
		t.Errorf("docs/protocol.md has steps that no comment in tests/model names: %v", ids)
	}
	if ids := strange(steps, model); len(ids) > 0 {
		t.Errorf("comments in tests/model name steps that docs/protocol.md does not have: %v", ids)
	}
}
