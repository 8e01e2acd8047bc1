package gstglue

// #cgo LDFLAGS: -Wl,--wrap=crosscall2
// #include "forked.h"
import "C"

import "github.com/go-gst/go-glib/pkg/gobject/v2"

// GuardClass has elements of a class refuse to work in a process that was forked from this one.
// Call it once for each class.
func GuardClass(t gobject.Type) { C.gst_bips_forked_guard(C.GType(t)) }
