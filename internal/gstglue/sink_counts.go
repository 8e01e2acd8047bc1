package gstglue

// #include "sink.h"
import "C"

import (
	"structs"
	"sync/atomic"
	"unsafe"

	"github.com/go-gst/go-gst/pkg/gstbase"
)

// SinkCounts are the frames that a sink published, as C counts them. They are C's GstBipsSinkCounts, which lives as long as
// the sink.
type SinkCounts struct {
	_ structs.HostLayout

	InPlace atomic.Uint64
	Copied  [CopyReasons]atomic.Uint64 // by reason
	dropped [C.GST_BIPS_DROPPED_KINDS]struct{ kind, count atomic.Uint64 }
}

var _ = [1]struct{}{}[unsafe.Sizeof(SinkCounts{})-C.sizeof_GstBipsSinkCounts]

// CountsOf returns those of a sink.
func CountsOf(sink gstbase.BaseSink) *SinkCounts {
	// SAFETY: the layouts are equal, as checked above; both sides access the numbers atomically.
	return (*SinkCounts)(unsafe.Pointer(C.gst_bips_sink_counts(C.gpointer(gstbase.UnsafeBaseSinkToGlibNone(sink)))))
}

// Reset begins to count anew. For a sink that does not stream.
func (c *SinkCounts) Reset() {
	c.InPlace.Store(0)
	for i := range c.Copied {
		c.Copied[i].Store(0)
	}
	for i := range c.dropped {
		c.dropped[i].kind.Store(0)
		c.dropped[i].count.Store(0)
	}
}

// Dropped is how often C has dropped metadata of a kind without telling of it ([Sink].MetaDropped).
func (c *SinkCounts) Dropped(kind uint64) uint64 {
	for i := range c.dropped {
		if kind != 0 && c.dropped[i].kind.Load() == kind {
			return c.dropped[i].count.Load()
		}
	}
	return 0
}
