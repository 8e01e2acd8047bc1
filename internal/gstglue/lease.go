package gstglue

// #include <glib.h>
import "C"

import "sync/atomic"

// leaseFreer is called for each lease of which the last buffer is gone.
var leaseFreer atomic.Pointer[func(lease uint32)]

// OnLeaseFreed sets the function that ends leases. It is called from any thread, also
// when the element that handed the frame out is gone.
func OnLeaseFreed(free func(lease uint32)) { leaseFreer.Store(&free) }

//export gstBipsLeaseFreed
func gstBipsLeaseFreed(lease C.guint32) {
	defer rescue(nil, "give a frame back")
	if free := leaseFreer.Load(); free != nil {
		(*free)(uint32(lease))
	}
}
