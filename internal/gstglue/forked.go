package gstglue

// #cgo LDFLAGS: -Wl,--wrap=crosscall2
// #include "forked.h"
import "C"

import "github.com/go-gst/go-glib/pkg/gobject/v2"

// Entered is how often C has entered Go in this process. It is for tests: an ordinary frame does not.
func Entered() uint { return uint(C.gst_bips_entered()) }

// GuardClass has elements of a class refuse to work in a process that was forked from this one.
// Call it once for each class.
func GuardClass(t gobject.Type) { C.gst_bips_forked_guard(C.GType(t)) }
