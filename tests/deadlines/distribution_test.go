package deadlines

import (
	"slices"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

// A distribution is how long something took, each time.
type distribution []time.Duration

func (d *distribution) add(took time.Duration) { *d = append(*d, max(0, took)) }

// at returns the time within which a part of them ended.
func (d distribution) at(part float64) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[min(len(sorted)-1, int(part*float64(len(sorted))))]
}

// log writes how long they took as a line that recordrun takes up.
func (d distribution) log(t *testing.T, what string) {
	t.Helper()
	in := func(part float64) float64 { return float64(d.at(part).Nanoseconds()) / 1e6 }
	what = testmain.Backend() + ": " + what
	t.Logf("run: %-65s | times %5d | min ms %10.4f | p50 ms %10.4f | p90 ms %10.4f | p99 ms %10.4f | max ms %10.4f",
		what, len(d), in(0), in(0.5), in(0.9), in(0.99), in(1))
}

// keeps checks what was promised, generously.
func (d distribution) keeps(t *testing.T, what string, promise time.Duration) {
	t.Helper()
	d.log(t, what)
	if d.at(0.5) > toleranceFactor*promise {
		t.Errorf("%s: half of them took more than %v, promised are %v", what, d.at(0.5), promise)
	}
}
