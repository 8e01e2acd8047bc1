// Package elements is the GStreamer elements of BIPS: bipssink publishes what it is given
// into a pool, bipssrc reads a pool, in other processes, without a copy.
//
//	gst-launch-1.0 v4l2src ! videoconvert ! bipssink pool=camera0
//	gst-launch-1.0 bipssrc pool=camera0 ! videoconvert ! autovideosink
//
// # bipssink
//
// It offers the pool's slots to the elements before it, which then write their frames
// right into shared memory; such a frame is published as it is. A frame that lies
// elsewhere is copied, once, and counted with the reason.
//
//	acquire (upstream) --> lend --> filled --> render: seal, publish --> released: return
//	                        |                         |
//	                no slot: ordinary memory ------> pull, copy, push
//
// C does that by itself, by libbips (internal/gstglue). Here is what comes before the first frame, and what is done
// about a frame that is out of the ordinary.
//
// # bipssrc
//
// Each frame becomes a GstBuffer around the slot, read-only. The slot is pinned until the
// last reference to the buffer's memory is gone, in whichever thread and however long
// after the element. One pin is never handed out: the last of the quota is copied,
// so that a queue behind the source cannot stop it.
//
//	create --> pull (libbips) --> times, latency, key frames --> GstBuffer      all of it C
//	             |                        |
//	          no frame               something new                              events, in Go
//
// A frame that follows the one before does not enter Go: to enter the Go runtime from a thread of
// GStreamer's costs more than all else that is done for the frame. Go is told of what is out of the
// ordinary (the methods of gstglue.Source) and decides what to do about it: that no frame
// came in time, new caps, losses, stalls, an end.
//
// # In this package
//
// The methods of an element are spread over files by subject, each with the element's
// name in front: its lifecycle (sink.go, source.go), what a sink does about a frame that is not
// ordinary (sink_render.go), and a source without a frame (source_noframe.go), caps, stats. Properties
// are tables (sink_properties.go, source_properties.go). The frames' paths, and all else that needs C, are in
// internal/gstglue.
package elements
