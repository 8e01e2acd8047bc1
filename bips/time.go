package bips

import "time"

// Time is a point in time or a span, in nanoseconds, that may be unknown. The
// zero Time is unknown, as GST_CLOCK_TIME_NONE is in GStreamer.
type Time struct {
	ns    int64
	known bool
}

// noTime is how an unknown Time lies in shared memory: GST_CLOCK_TIME_NONE.
const noTime = ^uint64(0)

// TimeOf returns the known Time d.
func TimeOf(d time.Duration) Time { return Time{ns: int64(d), known: true} }

// TimeFromNanoseconds reads a time the way GStreamer and the shared memory
// write it: nanoseconds, all bits set for unknown.
func TimeFromNanoseconds(ns uint64) Time {
	if ns == noTime {
		return Time{}
	}
	return Time{ns: int64(ns), known: true}
}

// Nanoseconds is the reverse of [TimeFromNanoseconds].
func (t Time) Nanoseconds() uint64 {
	if !t.known {
		return noTime
	}
	return uint64(t.ns)
}

// Duration returns the time and whether it is known.
func (t Time) Duration() (time.Duration, bool) { return time.Duration(t.ns), t.known }

// Known reports whether t has a value.
func (t Time) Known() bool { return t.known }

// String formats t as [time.Duration] does, or "unknown".
func (t Time) String() string {
	if !t.known {
		return "unknown"
	}
	return time.Duration(t.ns).String()
}
