package arch

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	shm "github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/tests/golden"
)

var (
	documentTitle = regexp.MustCompile(`^# .*, layout (\d+)\.(\d+)\n`)
	// sectionRow is a row of the table that says which file of bips/ a section describes, and
	// which procedures it has.
	sectionRow = regexp.MustCompile("(?m)^\\| \\[(\\w+)\\]\\(#(\\w+)\\) \\| `([\\w.]+)` \\| ([^|]*)\\|")
	heading    = regexp.MustCompile(`(?m)^## (.+)$`)
	procedure  = regexp.MustCompile(`\b([A-Z])\d*\b`)
	exampleRow = regexp.MustCompile("(?m)^\\| (\\d+) \\| `([0-9a-f ]+)` \\| (\\w+) \\| (\\w+)")
)

func TestTheTitleOfTheProtocolSaysTheLayoutsVersion(t *testing.T) {
	title := documentTitle.FindStringSubmatch(read(t, "docs/protocol.md"))
	want := fmt.Sprintf("%d.%d", shm.VersionMajor, shm.VersionMinor)
	if title == nil {
		t.Fatalf("docs/protocol.md begins with no title that says: layout %s", want)
	}
	if got := title[1] + "." + title[2]; got != want {
		t.Errorf("docs/protocol.md is of layout %s, internal/layout is of %s", got, want)
	}
}

// section is one of docs/protocol.md that describes a file of bips/.
type section struct {
	name, file string
	procedures []string // their letters
	text       string
}

// protocolSections are those of the table at the top of docs/protocol.md, in its order.
func protocolSections(t *testing.T) (sections []section) {
	t.Helper()
	document := read(t, "docs/protocol.md")
	texts := map[string]string{}
	places := heading.FindAllStringSubmatchIndex(document, -1)
	for i, at := range places {
		end := len(document)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		texts[document[at[2]:at[3]]] = document[at[1]:end]
	}
	for _, row := range sectionRow.FindAllStringSubmatch(document, -1) {
		text, found := texts[row[1]]
		if !found {
			t.Errorf("docs/protocol.md has no section %q, which its table names", row[1])
		}
		if row[2] != strings.ToLower(row[1]) {
			t.Errorf("the table's link to section %q is #%s", row[1], row[2])
		}
		s := section{name: row[1], file: row[3], text: text}
		for _, letter := range procedure.FindAllStringSubmatch(row[4], -1) {
			if !slices.Contains(s.procedures, letter[1]) {
				s.procedures = append(s.procedures, letter[1])
			}
		}
		sections = append(sections, s)
	}
	if len(sections) < 20 {
		t.Fatalf("the table of docs/protocol.md has only %d sections", len(sections))
	}
	return sections
}

func TestEachSectionOfTheProtocolIsAFileOfItsName(t *testing.T) {
	for _, s := range protocolSections(t) {
		if want := strings.ToLower(s.name) + ".go"; s.file != want {
			t.Errorf("section %q describes %s, want %s", s.name, s.file, want)
		}
		if _, err := os.Stat(filepath.Join(top(t), "bips", s.file)); err != nil {
			t.Errorf("section %q describes a file that is not there: %v", s.name, err)
			continue
		}
		steps := mentioned(read(t, filepath.Join("bips", s.file)), goComment)
		for _, letter := range s.procedures {
			if !anyOf(steps, letter) {
				t.Errorf("no comment in bips/%s names a step of procedure %s, which section %q describes", s.file, letter, s.name)
			}
		}
	}
}

// anyOf reports whether a step of a procedure is among steps.
func anyOf(steps map[string]bool, letter string) bool {
	for id := range steps {
		if strings.HasPrefix(id, letter) {
			return true
		}
	}
	return false
}

// The reverse: what is defined has its row, so a reader of the table finds each file and each step.
func TestEachStepOfTheProtocolStandsInTheSectionOfItsProcedure(t *testing.T) {
	var steps []string
	for _, s := range protocolSections(t) {
		for _, match := range definedStep.FindAllStringSubmatch(s.text, -1) {
			if letter := match[1][:1]; !slices.Contains(s.procedures, letter) {
				t.Errorf("section %q defines step %s, the table says that it has %v", s.name, match[1], s.procedures)
			}
			if slices.Contains(steps, match[1]) {
				t.Errorf("step %s is defined twice", match[1])
			}
			steps = append(steps, match[1])
		}
	}
	for id := range protocolSteps(t) {
		if part := strings.TrimRight(id, "abcdef") != id; part && !slices.Contains(steps, id) {
			t.Errorf("step %s is defined outside of the sections of the table", id)
		}
	}
}

// recordRow is a row of the example of a metadata record: where the bytes are, and which.
var recordRow = regexp.MustCompile("(?m)^\\| (\\d+) \\| `([0-9a-f ]+)` \\|")

// Each reader of another language begins with this example: it has to be the one that readers are tested with.
func TestTheRecordOfTheProtocolIsTheGoldenOne(t *testing.T) {
	_, example, _ := strings.Cut(read(t, "docs/protocol.md"), "<!-- metadata-example:begin -->")
	example, _, found := strings.Cut(example, "<!-- metadata-example:end -->")
	if !found {
		t.Fatal("docs/protocol.md has no example of a metadata record")
	}
	digits := ""
	for _, row := range recordRow.FindAllStringSubmatch(example, -1) {
		if at := strconv.Itoa(len(digits) / 2); row[1] != at {
			t.Errorf("bytes that are at %s are said to be at %s", at, row[1])
		}
		digits += strings.ReplaceAll(row[2], " ", "")
	}
	areas := golden.Areas()
	i := slices.IndexFunc(areas, func(a golden.Area) bool { return a.Name == "detection" })
	if i < 0 || areas[i].Bytes != digits {
		t.Errorf("the bytes are %s, which are not those of the golden detection", digits)
	}
}

// The pool header of the example, as bytes and as values, is one of this layout.
func TestTheExampleOfTheProtocolIsAHeaderOfThisLayout(t *testing.T) {
	fields := map[string]reflect.StructField{}
	header := reflect.TypeFor[shm.PoolHeader]()
	for i := range header.NumField() {
		fields[header.Field(i).Name] = header.Field(i)
	}
	rows := exampleRow.FindAllStringSubmatch(read(t, "docs/protocol.md"), -1)
	if len(rows) < 30 {
		t.Fatalf("the example has only %d fields", len(rows))
	}
	for _, row := range rows {
		field, found := fields[row[3]]
		if !found {
			t.Errorf("the example has a field %s, which PoolHeader has not", row[3])
			continue
		}
		if at := strconv.Itoa(int(field.Offset)); row[1] != at {
			t.Errorf("%s is at %s in the example and at %s in PoolHeader", row[3], row[1], at)
		}
		bytes, err := hex.DecodeString(strings.ReplaceAll(row[2], " ", ""))
		if err != nil || len(bytes) != int(field.Type.Size()) {
			t.Errorf("%s has %d bytes in the example (%v) and %d in PoolHeader", row[3], len(bytes), err, field.Type.Size())
		}
		var value uint64
		for i, b := range bytes {
			value |= uint64(b) << (8 * i)
		}
		if want, err := strconv.ParseUint(row[4], 0, 64); err != nil || value != want {
			t.Errorf("%s is %#x by its bytes and %s by its value", row[3], value, row[4])
		}
	}
}
