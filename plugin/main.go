// Command plugin is the GStreamer plugin, built as a shared library:
//
//	go build -buildmode=c-shared -o libgstbips.so ./plugin
//
// It registers the elements and does nothing else. GStreamer wants the file to be named
// after the plugin.
package main

// #cgo pkg-config: gstreamer-1.0
// #include <gst/gst.h>
import "C"

import (
	"unsafe"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/elements"
	_ "github.com/bips-ipc/bips/internal/gststubs" // what older GStreamers lack
)

//export gstBipsRegister
func gstBipsRegister(plugin *C.GstPlugin) C.gboolean {
	// SAFETY: GStreamer keeps the plugin for the life of the process.
	if elements.Register(gst.UnsafePluginFromGlibNone(unsafe.Pointer(plugin))) {
		return 1
	}
	return 0
}

func main() {}
