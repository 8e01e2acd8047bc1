package plugin

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
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

// A frame is dropped also when there is no pool yet, as there is none for sound before its first frame.
func TestFramesThatAreDroppedBeforeThereIsAPoolAreCounted(t *testing.T) {
	t.Parallel()
	d := drive(t, nil)
	d.do("make p filesrc location=/dev/zero blocksize=4097 num-buffers=3 ! audio/x-raw,format=S16LE,layout=non-interleaved,rate=8000,channels=2,channel-mask=(bitmask)3 ! "+
		"bipssink name=sink sync=false async=false pool="+poolName(t), "set p playing")
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		stats := strings.ReplaceAll(d.do("get p.sink stats"), `\`, "")
		if strings.Contains(stats, "malformed=(guint64)3") {
			if !strings.Contains(stats, " dropped=(guint64)3") {
				t.Errorf("three frames were malformed, and so dropped: %s", stats)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the frames do not come: %s", stats)
		}
	}
	d.do("drop p")
	d.quit()
}
