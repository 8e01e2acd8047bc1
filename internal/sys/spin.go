package sys

import (
	"sync/atomic"
	"time"
)

// pause tells the processor that the caller is spinning (PAUSE, YIELD), so that it
// leaves the core to the other thread that shares it.
func pause()

// SpinUntil looks around with found until start+limit without sleeping, and reports whether that was ever true.
func SpinUntil(found func() bool, start time.Time, limit time.Duration) bool {
	for {
		for range 16 {
			if found() {
				return true
			}
			pause()
		}
		if time.Since(start) >= limit {
			return false
		}
	}
}

// Spin is SpinUntil for a change of word.
func Spin(word *atomic.Uint32, value uint32, start time.Time, limit time.Duration) bool {
	return SpinUntil(func() bool { return word.Load() != value }, start, limit)
}
