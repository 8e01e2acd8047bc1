package gstglue

// #include "source.h"
import "C"

import (
	"time"

	"github.com/go-gst/go-gst/pkg/gstbase"
)

// Clock relates a pipeline's running time to CLOCK_MONOTONIC, as of one moment.
type Clock struct {
	// Offset is what has to be added to the running time to get CLOCK_MONOTONIC.
	Offset time.Duration
	// Start is the running time at which the pipeline began to play last.
	Start time.Duration
	// Now is that moment on CLOCK_MONOTONIC.
	Now time.Duration
}

// ReadClock reads the clock of a source's pipeline; ok is false if it has none. For the
// streaming thread.
func ReadClock(source gstbase.PushSrc) (c Clock, ok bool) {
	e := (*C.GstElement)(gstbase.UnsafePushSrcToGlibNone(source))
	var offset C.gint64
	clocks := &C.gst_bips_source_state(C.gpointer(e)).clocks
	if C.gst_bips_running_to_monotonic(e, clocks, &offset) == 0 {
		return Clock{}, false
	}
	return Clock{Offset: time.Duration(offset), Start: time.Duration(C.gst_bips_start_time(e)), Now: time.Duration(clocks.now)}, true
}

// Running is the running time at a point of CLOCK_MONOTONIC. It is negative before the
// pipeline's base time.
func (c Clock) Running(monotonic time.Duration) time.Duration { return monotonic - c.Offset }

// StampsItself reports whether the source's property do-timestamp is set: whoever set it wants the
// time at which a buffer leaves the source in place of that of its frame. For any thread.
func StampsItself(source gstbase.PushSrc) bool {
	return C.gst_base_src_get_do_timestamp((*C.GstBaseSrc)(gstbase.UnsafePushSrcToGlibNone(source))) != 0
}
