package sys

import (
	"time"

	"golang.org/x/sys/unix"
)

// The Go runtime reads CLOCK_MONOTONIC without a system call but shows only
// differences. One pair of readings, taken as close together as a few tries
// allow, turns these into the clock's own value.
var monotonicStart, goStart = pairClocks()

func pairClocks() (time.Duration, time.Time) {
	var best time.Duration
	var at time.Time
	narrowest := time.Duration(1<<63 - 1)
	for range 8 {
		before := time.Now()
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			panic("clock_gettime(CLOCK_MONOTONIC): " + err.Error())
		}
		if width := time.Since(before); width < narrowest {
			narrowest = width
			best, at = time.Duration(ts.Nano()), before.Add(width/2)
		}
	}
	return best, at
}

// Monotonic reads CLOCK_MONOTONIC, which all processes of a machine share.
func Monotonic() time.Duration { return monotonicStart + time.Since(goStart) }

// MonotonicAt is what CLOCK_MONOTONIC was at a time that Go read.
func MonotonicAt(t time.Time) time.Duration { return monotonicStart + t.Sub(goStart) }
