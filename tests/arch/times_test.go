package arch

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// limits are the rows of docs/protocol.md's table of times and limits, and the constants of bips/ that the
// protocol says there.
var limits = map[string][]string{
	"sleep at the door; at the knock":                    {"doorLimit"},
	"sleep at the bell; probe of the producer's lock":    {"bellLimit"},
	"housekeeping: reclaim, grants, kept places":         {"houseLimit"},
	"no reclaim after one that found none":               {"reclaimPause"},
	"lock of the name":                                   {"busyGrace"},
	"making room by a dead pool":                         {"roomGrace"},
	"search for a pool":                                  {"searchLimit"},
	"patience with a full pool":                          {"fullGrace"},
	"a reader that resumes: moves to follow; a new seat": {"answerGrace"},
	"looks of one pull; a slot that is being released":   {"pinTries", "busyPause", "busyPatience"},
	"proof after a demotion":                             {"longestTrial", "soon"},
	"slots; seats":                                       {"MinSlots", "MaxSlots", "DefaultSlots", "MaxSeats", "DefaultMaxConsumers"},
	"caps; tags":                                         {"MaxCapsLength", "MaxTagsSize"},
	"metadata of a frame":                                {"MaxMetaSize", "DefaultMetaSize"},
	"a dead reader's slots are free":                     {"houseLimit"},
	"a dead producer is noticed":                         {"bellLimit"},
}

var limitRow = regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \|`)

// valueOf is the value of a constant or variable of bips/, as the document writes it.
func valueOf(t *testing.T, code, name string) string {
	t.Helper()
	match := regexp.MustCompile(`(?m)^\s*(?:const |var )?` + name + `(?: [\w.]+)?\s+= ([^/\n]+)`).FindStringSubmatch(code)
	if match == nil {
		t.Errorf("bips/ has no constant %s: tests/arch/times_test.go names it", name)
		return ""
	}
	value := strings.TrimSpace(match[1])
	for unit, short := range map[string]string{"time.Second": "s", "time.Millisecond": "ms", "time.Microsecond": "us"} {
		switch number, rest, found := strings.Cut(value, " * "); {
		case value == unit:
			return "1 " + short
		case found && rest == unit:
			return number + " " + short
		}
	}
	kilo, found := strings.CutSuffix(value, " << 10")
	n, err := strconv.Atoi(kilo)
	if err != nil || n < 10_000 && !found {
		return value
	}
	if found {
		n <<= 10
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

func TestTheTimesOfTheProtocolAreThoseOfTheCode(t *testing.T) {
	_, table, found := strings.Cut(read(t, "docs/protocol.md"), "\n## Times and limits\n")
	if !found {
		t.Fatal("docs/protocol.md has no section Times and limits")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	rows := map[string]string{}
	for _, row := range limitRow.FindAllStringSubmatch(table, -1) {
		rows[row[1]] = row[2]
	}
	code := sources(t, "bips")
	for label, names := range limits {
		text, found := rows[label]
		if !found {
			t.Errorf("the table of times has no row %q", label)
			continue
		}
		for _, name := range names {
			if value := valueOf(t, code, name); value != "" && !regexp.MustCompile(`(^|[^\d,.])`+regexp.QuoteMeta(value)+`($|[^\d.])`).MatchString(text) {
				t.Errorf("%s: the document says %q, bips/ has %s = %s", label, text, name, value)
			}
		}
	}
}
