package gstglue

// #include "slotmemory.h"
import "C"

import "unsafe"

// Lender lends slots to the buffer pools that upstream elements fill. Its methods are
// called from any thread, also when the element that made it is gone.
type Lender interface {
	// Lend returns an empty slot's memory and a number for it, or ok = false: upstream gets ordinary
	// memory instead. It waits for a short time only, and not at all unless wait. No other slot has
	// the number until Return.
	Lend(wait bool) (loan int, data []byte, ok bool)
	// Return takes a slot back that upstream no longer sees.
	Return(loan int)
	// Gone is the last call: nothing of the lender is in use any more.
	Gone()
}

var lenders handles[Lender]

// Slots is a lender as GStreamer knows it: an allocator.
type Slots struct{ allocator *C.GstAllocator }

// NewSlots makes a lender of slots of the given size known to GStreamer. The caller
// calls Unref when it needs them no longer; upstream may keep them for longer.
func NewSlots(l Lender, slotSize int) *Slots {
	return &Slots{C.gst_bips_slot_allocator_new(C.guint64(lenders.add(l)), C.gsize(slotSize))}
}

// Grow says that the lender lends slots of a larger size from now on.
func (s *Slots) Grow(slotSize int) {
	C.gst_bips_slot_allocator_grow(s.allocator, C.gsize(slotSize))
}

// Unref gives up the caller's part.
func (s *Slots) Unref() {
	C.gst_object_unref(C.gpointer(s.allocator))
	s.allocator = nil
}

//export gstBipsSlotLend
func gstBipsSlotLend(lender C.guint64, wait C.gboolean, data **C.guint8) (loan C.gint) {
	defer rescue(nil, "lend a slot")
	loan = -1
	l, ok := lenders.get(uint64(lender))
	if !ok {
		return -1
	}
	number, bytes, ok := l.Lend(wait != 0)
	if !ok {
		return -1
	}
	// SAFETY: the slot's memory is not Go's, and stays mapped while the slot is lent.
	*data = (*C.guint8)(unsafe.Pointer(unsafe.SliceData(bytes)))
	return C.gint(number)
}

//export gstBipsSlotReturn
func gstBipsSlotReturn(lender C.guint64, loan C.guint) {
	defer rescue(nil, "return a slot")
	if l, ok := lenders.get(uint64(lender)); ok {
		l.Return(int(loan))
	}
}

//export gstBipsLenderGone
func gstBipsLenderGone(lender C.guint64) {
	defer rescue(nil, "forget a lender")
	l, ok := lenders.get(uint64(lender))
	lenders.remove(uint64(lender))
	if ok {
		l.Gone()
	}
}
