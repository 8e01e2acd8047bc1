package elements

import (
	"sync"
	"time"
)

// A stopwatch tells how long it has run in all. The zero stopwatch has not run yet. Its
// methods may be called from any thread.
type stopwatch struct {
	mu     sync.Mutex
	since  time.Time // zero: it does not run
	before time.Duration
}

func (w *stopwatch) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		w.since = time.Now()
	}
}

func (w *stopwatch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.since.IsZero() {
		w.before += time.Since(w.since)
		w.since = time.Time{}
	}
}

func (w *stopwatch) runs() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.since.IsZero()
}

func (w *stopwatch) total() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		return w.before
	}
	return w.before + time.Since(w.since)
}
