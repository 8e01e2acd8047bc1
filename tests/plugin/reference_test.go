package plugin

import (
	"regexp"
	"slices"
	"testing"
)

// checksumsink prints a frame's time and its checksum.
var checksumLine = regexp.MustCompile(`^\d+:\d\d:\d\d\.\d{9} ([0-9a-f]{64})$`)

const checksumSink = "checksumsink hash=sha256 sync=false"

// checksums returns what checksumsink printed.
func (p *pipeline) checksums() (sums []string) {
	lines, _ := p.lines()
	for _, line := range lines {
		if m := checksumLine.FindStringSubmatch(line); m != nil {
			sums = append(sums, m[1])
		}
	}
	return sums
}

// reference runs a pipeline's beginning without BIPS and returns its frames' checksums.
func reference(t *testing.T, beginning string) []string {
	t.Helper()
	needs(t, "checksumsink")
	p := launch(t, "%s ! %s", beginning, checksumSink)
	p.finish()
	sums := p.checksums()
	if len(sums) == 0 {
		t.Fatalf("no frames: %s", p.line)
	}
	return sums
}

// same compares the checksums of all frames.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	differ := 0
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			differ++
		}
	}
	t.Errorf("%s: got %d frames, want %d; of those that came, %d differ", what, len(got), len(want), differ)
}
