package bips

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/internal/sys"
)

// No wait of this package uses a timer of the Go runtime. Each sleeps in a futex on the caller's
// own thread, on a word that whoever may end the wait changes.

// pause sleeps for limit, or until the context ends, and then returns why that did.
func pause(ctx context.Context, limit time.Duration) error {
	var ended atomic.Uint32
	stop := context.AfterFunc(ctx, func() {
		ended.Store(1)
		sys.FutexWakeAll(&ended)
	})
	defer stop()
	sys.FutexWait(&ended, 0, limit)
	return context.Cause(ctx)
}

// baton tells threads that wait for others to be done with something that these are.
// The zero baton is ready for use.
type baton struct {
	waiting atomic.Int32  // threads in await
	passed  atomic.Uint32 // futex word: counts the passes that somebody waited for
}

// await calls try until that reports true. Between two calls it sleeps until pass is called,
// for batonLimit at most.
func (b *baton) await(try func() bool) { b.awaitUntil(deadline{}, try) }

// awaitUntil does so until the limit; false: try never reported true. It calls try once at least.
func (b *baton) awaitUntil(limit deadline, try func() bool) bool {
	b.waiting.Add(1) // before the try that fails: pass looks after what would let it succeed
	defer b.waiting.Add(-1)
	for {
		passed := b.passed.Load()
		if try() {
			return true
		}
		wait, ok := limit.left(batonLimit)
		if !ok {
			return false
		}
		sys.FutexWait(&b.passed, passed, wait)
	}
}

// batonLimit is how long a try of [baton.await] is not repeated when nobody passes: what a fault in
// passing would cost. Tests change it.
var batonLimit = 10 * time.Millisecond

// pass wakes all who wait. Without any it is one load.
func (b *baton) pass() {
	if b.waiting.Load() != 0 {
		b.passed.Add(1)
		sys.FutexWakeAll(&b.passed)
	}
}
