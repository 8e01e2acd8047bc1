package gstglue

// #include "debug.h"
import "C"

import (
	"path"
	"runtime"
	"unsafe"

	"github.com/go-gst/go-gst/pkg/gst"
)

// Level is how important a line of the debug log is.
type Level int

// The levels of GST_DEBUG that are used here.
const (
	LevelError   Level = C.GST_LEVEL_ERROR
	LevelWarning Level = C.GST_LEVEL_WARNING
	LevelInfo    Level = C.GST_LEVEL_INFO
	LevelDebug   Level = C.GST_LEVEL_DEBUG
	LevelLog     Level = C.GST_LEVEL_LOG
)

// LogEnabled reports whether lines of the level are wanted.
func LogEnabled(level Level) bool {
	return C.gst_bips_debug_enabled(C.GstDebugLevel(level)) != 0
}

// Log writes a line to the debug category "bips", as of the caller of its caller.
func Log(level Level, object gst.Object, text string) {
	pc, file, line, _ := runtime.Caller(2)
	function := "?"
	if f := runtime.FuncForPC(pc); f != nil {
		function = path.Base(f.Name())
	}
	cFile, cFunction, cText := C.CString(path.Base(file)), C.CString(function), C.CString(text)
	C.gst_bips_debug_log(C.GstDebugLevel(level), cFile, cFunction, C.gint(line),
		C.gpointer(gst.UnsafeObjectToGlibNone(object)), cText)
	C.free(unsafe.Pointer(cFile))
	C.free(unsafe.Pointer(cFunction))
	C.free(unsafe.Pointer(cText))
}
