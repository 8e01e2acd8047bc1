package gstglue

// #include "slotmemory.h"
import "C"

import "github.com/bips-ipc/bips/internal/libbips"

// Slots are those of a producer that are lent to upstream, as GStreamer knows them: an allocator. Upstream may have some
// of them for longer than there is the sink.
type Slots struct{ allocator *C.GstAllocator }

// NewSlots makes the slots of a producer known to GStreamer. C closes the producer when nothing of it is in use any more.
// The caller calls Unref when it needs them no longer, after [libbips.Producer.Forget].
func NewSlots(p *libbips.Producer) *Slots {
	return &Slots{C.gst_bips_slot_allocator_new((*C.bips_producer)(p.Handle()))}
}

// Grow says that slots of a larger size are lent from now on.
func (s *Slots) Grow(slotSize int) {
	C.gst_bips_slot_allocator_grow(s.allocator, C.gsize(slotSize))
}

// Unref gives up the caller's part.
func (s *Slots) Unref() {
	C.gst_object_unref(C.gpointer(s.allocator))
	s.allocator = nil
}
