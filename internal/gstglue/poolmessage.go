package gstglue

// #include <gst/gst.h>
// #include <stdlib.h>
// static void post_of_pool (gpointer element, const gchar *name, const gchar *pool, guint64 duration) {
//   gst_element_post_message (element, gst_message_new_element (element, gst_structure_new (name,
//       "pool", G_TYPE_STRING, pool, "duration", G_TYPE_UINT64, duration, NULL)));
// }
import "C"

import (
	"time"
	"unsafe"

	"github.com/go-gst/go-gst/pkg/gst"
)

// PostOfPool posts an element message that tells of a pool and of a length of time: a structure of the name with
// the fields pool (a string) and duration (nanoseconds, an unsigned 64-bit number). It may be called from any thread.
func PostOfPool(element gst.Element, name, pool string, duration time.Duration) {
	cName, cPool := C.CString(name), C.CString(pool)
	defer C.free(unsafe.Pointer(cName))
	defer C.free(unsafe.Pointer(cPool))
	C.post_of_pool(C.gpointer(gst.UnsafeElementToGlibNone(element)), cName, cPool, C.guint64(max(0, duration)))
}
