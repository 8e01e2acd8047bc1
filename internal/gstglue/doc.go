// Package gstglue is the elements' C: what GStreamer's Go bindings (go-gst v0.0.2) cannot do, and the frames'
// paths.
//
//	C                                        Go
//	GstBaseSink and GstPushSrc methods  -->  Sink, Source     (sink.go, source.go)
//	GstBufferPool and GstAllocator                            (slotpool.c, slotmemory.c)
//
// An ordinary frame does not enter Go, whose runtime has to be woken up for that and takes longer than all the
// rest. The pool, the waits and the doors are libbips'.
//
// # The frames' path of bipssink
//
// Upstream fills a slot that C lent it (slotmemory.c); render looks at the buffer (sink_frame.c), and publishes it
// by libbips (sink_publish.c).
//
// Go is asked, by Sink.Render, about each frame that is not ordinary: the first of a pool, the first after a
// flush, one that is refused, that is larger than a slot, or whose publishing failed. It does what is to be done, and has C
// publish the frame. Go decides when C may go on by itself again (GoStraight). Caps, events, settings, messages, start and
// stop are Go's, too; what C counts Go reads (SinkCounts).
//
// # The frames' path of bipssrc
//
// create waits for a frame of libbips' (source_create.c), gives it its times (source_begin.c, timeline.c), and makes a
// buffer around its slot (source_buffer.c), which gives the frame back when it is freed, in whichever thread. What
// changes with each frame is C too: the latency (latency.c), the need of a key frame (keyneed.c), whether the reader
// gives way (giveway.c).
//
// Go is told of what is out of the ordinary (the methods of Source): the first wait, a wait without a frame, other caps,
// losses, the end of a stall. What to do then, and what to tell users, is Go's; what C counts Go reads (SourceCounts).
//
// Why not the bindings: their wrappers take a reference, which makes queries and
// buffers unwritable, they leave GstBuffers to the garbage collector, which keeps
// slots busy, and they have no GstBufferPool or GstAllocator subclasses at all.
//
// # Rules
//
// C never holds a Go pointer: a Go object is known to C by a number (handle.go), and the
// number 0 is nobody. Go holds borrowed C pointers for the length of a call only. Every
// exported function recovers from panics and turns them into an element error or, where
// there is no element, into a log line. Nothing on the frame path allocates.
//
// In a child that was forked without exec no exported function runs, here or in the bindings: it
// returns 0 (forked.c). C code for which 0 would be a success asks gst_bips_forked first.
//
// No function newer than GStreamer 1.18 and GLib 2.66 may be called from here.
package gstglue

// #cgo pkg-config: gstreamer-1.0 gstreamer-audio-1.0 gstreamer-base-1.0 gstreamer-video-1.0
// #cgo CFLAGS: -I${SRCDIR}/../../libbips/include -DBIPS_API= -Wall -Wextra -Wno-unused-parameter -DGLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_66 -DGLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_66
import "C"
