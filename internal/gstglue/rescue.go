package gstglue

// #include "debug.h"
import "C"

import (
	"fmt"
	"runtime/debug"
	"unsafe"

	"github.com/go-gst/go-gst/pkg/gst"
)

// rescue, deferred by every function that C calls, keeps a panic from ending the host
// process: the element reports it as an error; without an element it is logged.
func rescue(element unsafe.Pointer, doing string) {
	if cause := recover(); cause != nil {
		reportPanic(element, doing, cause)
	}
}

// Rescue is the same for methods that the bindings call. Defer it.
func Rescue(element gst.Element, doing string) {
	if cause := recover(); cause != nil {
		reportPanic(gst.UnsafeElementToGlibNone(element), doing, cause)
	}
}

func reportPanic(element unsafe.Pointer, doing string, cause any) {
	text := C.CString(fmt.Sprintf("Internal error in BIPS (%s): %v. Please report it with the details.", doing, cause))
	details := C.CString(string(debug.Stack()))
	C.gst_bips_report_panic(C.gpointer(element), text, details)
	C.free(unsafe.Pointer(text))
	C.free(unsafe.Pointer(details))
}
