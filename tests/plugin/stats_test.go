package plugin

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// counts are an element's counters, as the property "stats" has them.
type counts map[string]uint64

var countPattern = regexp.MustCompile(`\{([a-z-]+) (\d+)\}`)

// stats returns the counters of an element that stopped. It writes them to the debug log
// when it does: gst-launch-1.0 cannot print a property at the end.
func (p *pipeline) stats(element string) counts {
	p.t.Helper()
	all := parseCounts(p.t, countPattern, p.closingLine(element))
	if len(all) == 0 {
		p.t.Fatalf("the debug log has no counters of %s: %s", element, p.line)
	}
	return all
}

// closingLine is the line of the debug log with an element's counters.
func (p *pipeline) closingLine(element string) (last string) {
	p.t.Helper()
	log, err := os.ReadFile(p.debug)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, line := range strings.Split(string(log), "\n") {
		if strings.Contains(line, "<"+element+">") && strings.Contains(line, "closed: [") {
			last = line
		}
	}
	return last
}

func parseCounts(t *testing.T, pattern *regexp.Regexp, text string) counts {
	t.Helper()
	all := counts{}
	for _, pair := range pattern.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseUint(pair[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all[pair[1]] = n
	}
	return all
}

// want compares some of the counters.
func (c counts) want(t *testing.T, wanted counts) {
	t.Helper()
	for name, want := range wanted {
		got, known := c[name]
		if !known {
			t.Errorf("there is no counter %q in %v", name, c)
		} else if got != want {
			t.Errorf("%s: got %d, want %d (all: %v)", name, got, want, c)
		}
	}
}

// allInPlace says that n frames were published, and none copied.
func allInPlace(n int) counts {
	return counts{"in-place": uint64(n), "copied": 0, "dropped": 0}
}
