package gstglue

// #include <gst/gst.h>
// #include <stdlib.h>
// static void set_count (GstStructure *s, const gchar *name, guint64 n) {
//   gst_structure_set (s, name, G_TYPE_UINT64, n, NULL);
// }
// static void post_stats (gpointer element, GstStructure *s) {
//   gst_element_post_message (element, gst_message_new_element (element, s));
// }
// static void post_latency (gpointer element) {
//   gst_element_post_message (element, gst_message_new_latency (element));
// }
import "C"

import (
	"unsafe"

	"github.com/go-gst/go-gst/pkg/gst"
)

// Count is a named counter.
type Count struct {
	Name  string
	Value uint64
}

// PostCounts posts an element message with the counters.
func PostCounts(element gst.Element, name string, counts []Count) {
	cName := C.CString(name)
	defer C.free(unsafe.Pointer(cName))
	structure := C.gst_structure_new_empty(cName)
	for _, c := range counts {
		field := C.CString(c.Name)
		C.set_count(structure, field, C.guint64(c.Value))
		C.free(unsafe.Pointer(field))
	}
	C.post_stats(C.gpointer(gst.UnsafeElementToGlibNone(element)), structure)
}

// PostLatency tells the pipeline that the element's latency changed.
func PostLatency(element gst.Element) {
	C.post_latency(C.gpointer(gst.UnsafeElementToGlibNone(element)))
}
