package gstglue

// #include <gst/gst.h>
// #include <stdlib.h>
// static void set_count (GstStructure *s, const gchar *name, guint64 n) {
//   gst_structure_set (s, name, G_TYPE_UINT64, n, NULL);
// }
// static void set_counts (GstStructure *s, const gchar *name, GstStructure *of) {
//   gst_structure_set (s, name, GST_TYPE_STRUCTURE, of, NULL);
//   gst_structure_free (of);
// }
// static void post_stats (gpointer element, GstStructure *s) {
//   gst_element_post_message (element, gst_message_new_element (element, s));
// }
// static void post_latency (gpointer element) {
//   gst_element_post_message (element, gst_message_new_latency (element));
// }
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/go-gst/go-gst/pkg/gst"
)

// Count is a named counter, or several.
type Count struct {
	Name  string
	Value uint64
	Of    []Count // if not nil, these, and no value
}

// String is a counter as the debug log has it.
func (c Count) String() string {
	if c.Of != nil {
		return fmt.Sprintf("{%s %v}", c.Name, c.Of)
	}
	return fmt.Sprintf("{%s %d}", c.Name, c.Value)
}

// NewStructure returns the counters as GStreamer has them: each is a field, several under one name
// are a structure in it.
func NewStructure(name string, counts []Count) *gst.Structure {
	return gst.UnsafeStructureFromGlibFull(unsafe.Pointer(newStructure(name, counts)))
}

func newStructure(name string, counts []Count) *C.GstStructure {
	cName := C.CString(name)
	defer C.free(unsafe.Pointer(cName))
	structure := C.gst_structure_new_empty(cName)
	for _, c := range counts {
		field := C.CString(c.Name)
		if c.Of != nil {
			C.set_counts(structure, field, newStructure(c.Name, c.Of))
		} else {
			C.set_count(structure, field, C.guint64(c.Value))
		}
		C.free(unsafe.Pointer(field))
	}
	return structure
}

// PostCounts posts an element message with the counters.
func PostCounts(element gst.Element, name string, counts []Count) {
	C.post_stats(C.gpointer(gst.UnsafeElementToGlibNone(element)), newStructure(name, counts))
}

// PostLatency tells the pipeline that the element's latency changed.
func PostLatency(element gst.Element) {
	C.post_latency(C.gpointer(gst.UnsafeElementToGlibNone(element)))
}
