package sys

import (
	"sync/atomic"
	"time"
)

// Sleep sleeps for d, at least a nanosecond, unless a signal ends it before. Nobody can wake it:
// it is for microseconds. What may last longer sleeps in [FutexWait], on a word of its own.
//
// Both sleep on the caller's own thread, and as precisely as that thread does (prctl(2),
// PR_SET_TIMERSLACK). time.Sleep does not: another thread of the Go runtime has to wake up for it,
// find a processor, and run the caller again.
func Sleep(d time.Duration) {
	var never atomic.Uint32
	FutexWait(&never, 0, max(d, 1))
}
