package gstglue

// #include "debug.h"
// #include "fault.h"
// #include "forked.h"
// #include "slotmemory.h"
// #include "slotpool.h"
// static void reference_class (GType t) { g_type_class_ref (t); }
import "C"

import (
	"github.com/go-gst/go-glib/pkg/gobject/v2"

	_ "github.com/bips-ipc/bips/internal/libbips" // what C calls
)

// Init makes the debug category, the classes and the fork handler. Call it first, once.
func Init() {
	C.gst_bips_debug_init()
	C.gst_bips_forked_init()
	C.gst_bips_fault_init()
	for _, t := range []C.GType{C.gst_bips_slot_allocator_get_type(), C.gst_bips_slot_pool_get_type()} {
		C.reference_class(t)
	}
}

// KeepClass makes the class of a type now, and for good. The bindings keep virtual
// methods in a plain map: a class made while another element streams would write to it
// while it is read, which ends the process.
func KeepClass(t gobject.Type) { C.reference_class(C.GType(t)) }
