package plugin

import (
	"regexp"
	"strconv"
	"testing"
	"time"
)

// passed fits the line that "identity silent=false" makes gst-launch-1.0 -v print of
// each buffer.
const passed = `last-message = chain `

var passedLine = regexp.MustCompile(`\((\d+) bytes, dts: (\S+), pts: (\S+), duration: (\S+), offset: (-?\d+), offset_end: +(-?\d+), flags: ([0-9a-f]{8})`)

// A buffer as such a line tells of it.
type buffer struct {
	size               int
	dts, pts, duration time.Duration // -1: none
	offset, offsetEnd  int64
	flags              uint64
	line               string
}

// buffers returns those that passed an "identity silent=false" so far.
func (p *pipeline) buffers() (all []buffer) {
	p.t.Helper()
	for _, line := range p.matches(passed) {
		m := passedLine.FindStringSubmatch(line)
		if m == nil {
			p.t.Fatalf("a line that is not understood: %s", line)
		}
		b := buffer{line: line, dts: clockTime(p.t, m[2]), pts: clockTime(p.t, m[3]), duration: clockTime(p.t, m[4])}
		b.size, _ = strconv.Atoi(m[1])
		b.offset, _ = strconv.ParseInt(m[5], 10, 64)
		b.offsetEnd, _ = strconv.ParseInt(m[6], 10, 64)
		b.flags, _ = strconv.ParseUint(m[7], 16, 64)
		all = append(all, b)
	}
	return all
}

// clockTime reads a time as GStreamer writes it, 0:00:01.234567891 or "none".
func clockTime(t *testing.T, text string) time.Duration {
	t.Helper()
	if text == "none" {
		return -1
	}
	m := regexp.MustCompile(`^(\d+):(\d\d):(\d\d)\.(\d{9})$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("a time that is not understood: %q", text)
	}
	var n [4]time.Duration
	for i := range n {
		v, _ := strconv.ParseInt(m[i+1], 10, 64)
		n[i] = time.Duration(v)
	}
	return n[0]*time.Hour + n[1]*time.Minute + n[2]*time.Second + n[3]
}
