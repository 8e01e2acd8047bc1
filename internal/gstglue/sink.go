package gstglue

// #include "keyframe.h"
// #include "sink.h"
// #include "slotmemory.h"
import "C"

import (
	"errors"
	"unsafe"

	"github.com/go-gst/go-gst/pkg/gst"
	"github.com/go-gst/go-gst/pkg/gstbase"

	"github.com/bips-ipc/bips/internal/libbips"
)

// Sink is bipssink as C calls it. Its methods are called on the streaming thread,
// Render and EndOfStream with GStreamer's preroll lock held.
type Sink interface {
	// SetCaps is called with new caps; false refuses them. unshareable names what of them cannot
	// be shared, such as "memory:NVMM", if anything.
	SetCaps(caps string, sizes FrameSizes, unshareable string) bool
	// ForeignOnly is told when upstream offers nothing but a memory that is not system
	// memory. It is called from any thread.
	ForeignOnly(memory string)
	// UpstreamLatency tells what the part of the pipeline before the sink adds, all bits
	// set when it is not live.
	UpstreamLatency(ns uint64)
	// MetaDropped is told of a meta that readers will not get, or not all of, by the number of its kind. true: the kind is
	// known, and C counts the next ones by itself ([SinkCounts].Dropped). false: NewMeta is called with the name of the kind
	// in GStreamer, and what of it was lost ([NoRoom], [Fields], or a part of its own), "" if all. quiet: it is no loss,
	// since it means nothing to another process.
	MetaDropped(kind uint64) bool
	NewMeta(kind uint64, name, detail string, quiet bool)
	// SetTags is told of the stream's tags when they change, as records: C's own memory, valid for the length
	// of the call.
	SetTags(records []byte)
	// TagDropped is told of each tag that readers will not get, and [NoRoom] or "". quiet: it is no loss.
	TagDropped(name, detail string, quiet bool)
	// Render publishes a frame that C does not publish by itself: that is not ordinary, or for which that failed with an
	// error. Its buffer stays alive until Render returns.
	Render(f *Frame, b Buffer, failed error) gst.FlowReturn
	// Copied is told of the first frame that was copied for a reason.
	Copied(CopyReason)
	// Waited is told that readers were demoted, or waited for.
	Waited()
	// Hold is called with the size of the first frame before the sink sees it, if HoldFirst asked for
	// that, and again until it returns HoldOver. No lock is held.
	Hold(size uint64) HoldResult
	// EndAsked is told when an application wants the stream to end, by an event that it sent to
	// the pipeline, and false when a flush takes that back, before Flushed. It is called from any thread.
	EndAsked(bool)
	// Flushed is told of the end of a flush: what comes has nothing to do with what came before.
	Flushed()
	// EndOfStream is called before the sink itself handles the end of the stream.
	EndOfStream()
}

// What of a frame's metadata may be lost.
const (
	NoRoom = "/no-room" // there was no room for it behind the other metadata
	Fields = "/fields"  // some of it is of a type that does not cross
)

// HoldResult is what becomes of a frame that was held.
type HoldResult int

// The results of Hold.
const (
	HoldOver     HoldResult = C.GST_BIPS_HOLD_OVER     // the sink gets it, and Hold is not called again
	HoldFlushing HoldResult = C.GST_BIPS_HOLD_FLUSHING // the sink is flushing
	HoldDrop     HoldResult = C.GST_BIPS_HOLD_DROP     // the sink does not get it
)

// FrameSizes is what caps tell of the sizes of frames, in bytes. 0: they do not tell.
type FrameSizes struct {
	Frame    uint64 // of each frame, laid out as the caps say
	Least    uint64 // what is shorter is no whole frame
	Slot     uint64 // what a slot needs for that, with rows that are padded
	Guess    uint64 // without Slot: hardly any frame is larger
	Constant bool   // without Slot: all frames are as large as the first
}

// Buffer is a GstBuffer, borrowed for the length of a call.
type Buffer struct {
	sink   unsafe.Pointer
	buffer *C.GstBuffer
	frame  *C.GstBipsFrame
}

var sinks handles[Sink]

// InstallSink sets the virtual methods of bipssink's class that the bindings cannot set.
func InstallSink(class *gstbase.BaseSinkClass) {
	C.gst_bips_sink_install(C.gpointer(gstbase.UnsafeBaseSinkClassToGlibNone(class)))
}

// AttachSink connects a new instance with the object that implements it.
func AttachSink(instance gstbase.BaseSink, s Sink) {
	C.gst_bips_sink_attach(C.gpointer(gstbase.UnsafeBaseSinkToGlibNone(instance)), C.guint64(sinks.add(s)))
}

// OfferSlots makes the sink offer slots to upstream, nil none.
func OfferSlots(sink gstbase.BaseSink, s *Slots) {
	var allocator *C.GstAllocator
	if s != nil {
		allocator = s.allocator
	}
	C.gst_bips_sink_offer(C.gpointer(gstbase.UnsafeBaseSinkToGlibNone(sink)), allocator)
}

// SetMetaSize says how much room, in bytes, the metadata of a frame may take. For a sink that is in READY.
func SetMetaSize(sink gstbase.BaseSink, size int) {
	C.gst_bips_sink_set_meta_size(C.gpointer(gstbase.UnsafeBaseSinkToGlibNone(sink)), C.gsize(size))
}

// Renegotiate has upstream ask anew what the sink offers. For the streaming thread.
func Renegotiate(sink gstbase.BaseSink) {
	C.gst_bips_sink_renegotiate((*C.GstBaseSink)(gstbase.UnsafeBaseSinkToGlibNone(sink)))
}

// AskForKeyFrame asks the elements before the sink for a key frame, and for the headers that a decoder needs with
// it; false: none of them takes such a request. It may be called from any thread.
func AskForKeyFrame(sink gstbase.BaseSink) bool {
	return C.gst_bips_ask_for_key_frame((*C.GstBaseSink)(gstbase.UnsafeBaseSinkToGlibNone(sink)).sinkpad) != 0
}

// HoldFirst has Hold called with the first frame. For a sink that is in READY.
func HoldFirst(sink gstbase.BaseSink, on bool) {
	C.gst_bips_sink_hold((*C.GstBaseSink)(gstbase.UnsafeBaseSinkToGlibNone(sink)), boolean(on))
}

// HearOfEnd has EndAsked called. For a sink that is in READY.
func HearOfEnd(sink gstbase.BaseSink, on bool) {
	C.gst_bips_sink_hear_of_end((*C.GstElement)(gstbase.UnsafeBaseSinkToGlibNone(sink)), boolean(on))
}

// IsFlushing reports, in Hold, whether the sink's pad is flushing.
func IsFlushing(sink gstbase.BaseSink) bool {
	return C.gst_bips_sink_is_flushing((*C.GstBaseSink)(gstbase.UnsafeBaseSinkToGlibNone(sink))) != 0
}

// UpstreamIsLive reports whether the elements before the sink are live. For the streaming thread.
func UpstreamIsLive(sink gstbase.BaseSink) bool {
	return C.gst_bips_sink_upstream_is_live((*C.GstBaseSink)(gstbase.UnsafeBaseSinkToGlibNone(sink))) != 0
}

func boolean(on bool) C.gboolean {
	if on {
		return 1
	}
	return 0
}

// WaitPreroll waits, in Render or EndOfStream, after an unlock until the sink plays again.
// Anything but gst.FlowOK has to be returned at once.
func WaitPreroll(sink gstbase.BaseSink) gst.FlowReturn {
	return gst.FlowReturn(C.gst_base_sink_wait_preroll((*C.GstBaseSink)(gstbase.UnsafeBaseSinkToGlibNone(sink))))
}

// Errors of a frame that cannot be copied into a slot.
var (
	ErrCannotMap     = errors.New("the CPU cannot map the frame's memory")
	ErrCannotArrange = errors.New("the frame cannot be laid out as its caps say")
)

// Publish publishes the frame in the pool whose slots are offered, in place or by a copy. Errors are those above, and of
// package bips.
func (b Buffer) Publish() error {
	return publishError(C.gst_bips_sink_publish((*C.GstBaseSink)(b.sink), C.gst_bips_sink_state(C.gpointer(b.sink)), b.buffer, b.frame))
}

// Room is how many bytes of a slot the frame needs.
func (b Buffer) Room() uint64 {
	return uint64(C.gst_bips_sink_room(C.gst_bips_sink_state(C.gpointer(b.sink)), b.frame))
}

// GoStraight has C publish the next frames by itself, as long as they are ordinary, in the pool whose slots are
// offered; or not. For the streaming thread.
func GoStraight(sink gstbase.BaseSink, on bool) {
	C.gst_bips_sink_set_straight(C.gpointer(gstbase.UnsafeBaseSinkToGlibNone(sink)), boolean(on))
}

// publishError is the error that a call of C's returned in this thread; nil for 0 and more.
func publishError(result C.int) error {
	switch result {
	case C.GST_BIPS_PUBLISH_CANNOT_MAP:
		return ErrCannotMap
	case C.GST_BIPS_PUBLISH_CANNOT_ARRANGE:
		return ErrCannotArrange
	default:
		return libbips.ErrorOf(int(result))
	}
}

//export gstBipsSinkSetCaps
func gstBipsSinkSetCaps(handle C.guint64, sink *C.GstBaseSink, caps *C.gchar, format *C.GstBipsFormat, unshareable *C.gchar) (accepted C.gboolean) {
	defer rescue(unsafe.Pointer(sink), "set caps")
	s, ok := sinks.get(uint64(handle))
	sizes := FrameSizes{
		Frame:    uint64(format.size),
		Least:    uint64(format.least),
		Slot:     uint64(format.room),
		Guess:    uint64(format.guess),
		Constant: format.constant != 0,
	}
	if ok && s.SetCaps(C.GoString(caps), sizes, C.GoString(unshareable)) {
		return 1
	}
	return 0
}

//export gstBipsSinkForeignOnly
func gstBipsSinkForeignOnly(handle C.guint64, sink *C.GstBaseSink, memory *C.gchar) {
	defer rescue(unsafe.Pointer(sink), "compare caps")
	if s, ok := sinks.get(uint64(handle)); ok {
		s.ForeignOnly(C.GoString(memory))
	}
}

//export gstBipsSinkMetaDropped
func gstBipsSinkMetaDropped(handle C.guint64, sink *C.GstBaseSink, kind C.guint64, name, detail *C.gchar, quiet C.gboolean) (known C.gboolean) {
	defer rescue(unsafe.Pointer(sink), "look at metadata")
	s, ok := sinks.get(uint64(handle))
	if !ok {
		return 0
	}
	if s.MetaDropped(uint64(kind)) {
		return 1
	}
	s.NewMeta(uint64(kind), C.GoString(name), C.GoString(detail), quiet != 0)
	return 0
}

//export gstBipsSinkTags
func gstBipsSinkTags(handle C.guint64, sink *C.GstBaseSink, records *C.guint8, size C.gsize) {
	defer rescue(unsafe.Pointer(sink), "take tags")
	if s, ok := sinks.get(uint64(handle)); ok {
		// SAFETY: C has so many bytes there until this returns.
		s.SetTags(unsafe.Slice((*byte)(unsafe.Pointer(records)), size))
	}
}

//export gstBipsSinkTagDropped
func gstBipsSinkTagDropped(handle C.guint64, sink *C.GstBaseSink, name, detail *C.gchar, quiet C.gboolean) {
	defer rescue(unsafe.Pointer(sink), "look at tags")
	if s, ok := sinks.get(uint64(handle)); ok {
		s.TagDropped(C.GoString(name), C.GoString(detail), quiet != 0)
	}
}

//export gstBipsSinkLatency
func gstBipsSinkLatency(handle C.guint64, latency C.guint64) {
	defer rescue(nil, "note the latency")
	if s, ok := sinks.get(uint64(handle)); ok {
		s.UpstreamLatency(uint64(latency))
	}
}

//export gstBipsSinkRender
func gstBipsSinkRender(handle C.guint64, sink *C.GstBaseSink, frame *C.GstBipsFrame, buffer *C.GstBuffer, result C.int) (flow C.GstFlowReturn) {
	flow = C.GST_FLOW_ERROR
	defer rescue(unsafe.Pointer(sink), "render")
	if s, ok := sinks.get(uint64(handle)); ok {
		flow = C.GstFlowReturn(s.Render(frameOf(frame), Buffer{unsafe.Pointer(sink), buffer, frame}, publishError(result)))
	}
	return flow
}

//export gstBipsSinkCopied
func gstBipsSinkCopied(handle C.guint64, sink *C.GstBaseSink, reason C.GstBipsCopyReason) {
	defer rescue(unsafe.Pointer(sink), "count a copy")
	if s, ok := sinks.get(uint64(handle)); ok {
		s.Copied(CopyReason(reason))
	}
}

//export gstBipsSinkWaited
func gstBipsSinkWaited(handle C.guint64, sink *C.GstBaseSink) {
	defer rescue(unsafe.Pointer(sink), "note a wait")
	if s, ok := sinks.get(uint64(handle)); ok {
		s.Waited()
	}
}

//export gstBipsSinkHold
func gstBipsSinkHold(handle C.guint64, sink *C.GstBaseSink, size C.gsize) (result C.GstBipsHold) {
	result = C.GST_BIPS_HOLD_OVER
	defer rescue(unsafe.Pointer(sink), "wait for readers")
	if s, ok := sinks.get(uint64(handle)); ok {
		result = C.GstBipsHold(s.Hold(uint64(size)))
	}
	return result
}

//export gstBipsSinkEndAsked
func gstBipsSinkEndAsked(handle C.guint64, sink unsafe.Pointer, asked C.gboolean) {
	defer rescue(sink, "note that the end is asked for")
	if s, ok := sinks.get(uint64(handle)); ok {
		s.EndAsked(asked != 0)
	}
}

//export gstBipsSinkFlushed
func gstBipsSinkFlushed(handle C.guint64, sink *C.GstBaseSink) {
	defer rescue(unsafe.Pointer(sink), "begin anew")
	if s, ok := sinks.get(uint64(handle)); ok {
		s.EndAsked(false)
		s.Flushed()
	}
}

//export gstBipsSinkEndOfStream
func gstBipsSinkEndOfStream(handle C.guint64, sink *C.GstBaseSink) {
	defer rescue(unsafe.Pointer(sink), "end the stream")
	if s, ok := sinks.get(uint64(handle)); ok {
		s.EndOfStream()
	}
}

//export gstBipsSinkGone
func gstBipsSinkGone(handle C.guint64) { sinks.remove(uint64(handle)) }
