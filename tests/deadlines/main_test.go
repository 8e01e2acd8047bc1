// Package deadlines measures how long BIPS takes to do what it promises to do in time,
// with processes that are killed and stopped, and prints the distribution. It is a
// measurement: a test fails only when the median is several times what is promised. BIPS_DEADLINES
// says how often each thing is done (make deadlines: 200 times).
package deadlines

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

func TestMain(m *testing.M) {
	testmain.Roles{
		"produce": produce,
		"consume": consume,
		"hold":    hold,
	}.Run(m)
}

const (
	poolName = "deadlines"
	patience = 20 * time.Second // a watchdog

	// toleranceFactor is how many times the promise a median may be before a test fails.
	toleranceFactor = 5
)

// times is how often a thing is done.
func times(t *testing.T) int {
	t.Helper()
	text := os.Getenv("BIPS_DEADLINES")
	if text == "" {
		return 5
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("BIPS_DEADLINES is %q: give a number", text)
	}
	return n
}
