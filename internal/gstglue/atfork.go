package gstglue

// #include "atfork.h"
import "C"

// TrackLockDescriptor notes a descriptor that holds a lock or is a connection, or that it is about to be
// closed. After a fork the child closes those that are open: it must not keep a dead
// parent's locks and connections.
func TrackLockDescriptor(fd int, opened bool) {
	if opened {
		C.gst_bips_atfork_track(C.int(fd))
	} else {
		C.gst_bips_atfork_forget(C.int(fd))
	}
}
