package gstglue

// #include <stdlib.h>
// #include "source.h"
import "C"

import (
	"unsafe"

	"github.com/go-gst/go-gst/pkg/gst"
	"github.com/go-gst/go-gst/pkg/gstbase"
)

// Source is bipssrc as C calls it.
type Source interface {
	// Create waits for a frame and fills in what it is given. It is called on the
	// streaming thread.
	Create(*Frame) gst.FlowReturn
	// Latency returns the least and the greatest latency in nanoseconds; all bits set in
	// the greatest: no limit. It is called from any thread.
	Latency() (least, greatest uint64)
	// Configured is told the latency in nanoseconds that the pipeline decided on. It is
	// called from any thread.
	Configured(latency uint64)
	// Ended is told when an end of stream goes downstream, whoever ends it, and false when a
	// flush takes it back. It is called from any thread.
	Ended(bool)
	// KeyFrameWanted is told when downstream wants a key frame at a running time in nanoseconds that
	// is still to come, all bits set: at once. It is called from any thread.
	KeyFrameWanted(at uint64)
	// MetaDropped is told of metadata in the pool that cannot be given to the elements behind the source,
	// by a name, and what of it was lost: [Fields], or "", if all.
	MetaDropped(name, detail string)
	// TagDropped is told of tags in the pool that are none here, likewise.
	TagDropped(name, detail string)
	// Packed is told of each frame that was copied because downstream knows only the
	// layout that follows from the caps.
	Packed()
}

var sources handles[Source]

// InstallSource sets the virtual methods of bipssrc's class that the bindings cannot set.
func InstallSource(class *gstbase.PushSrcClass) {
	C.gst_bips_source_install(C.gpointer(gstbase.UnsafePushSrcClassToGlibNone(class)))
}

// AttachSource connects a new instance with the object that implements it.
func AttachSource(instance gstbase.PushSrc, s Source) {
	C.gst_bips_source_attach(C.gpointer(gstbase.UnsafePushSrcToGlibNone(instance)), C.guint64(sources.add(s)))
}

// CapsResult is what became of caps that a source was to set.
type CapsResult int

// The results of SetCaps.
const (
	CapsSet          CapsResult = C.GST_BIPS_CAPS_SET
	CapsInvalid      CapsResult = C.GST_BIPS_CAPS_INVALID // not caps, or not fixed
	CapsUnshareable  CapsResult = C.GST_BIPS_CAPS_UNSHAREABLE
	CapsContradicted CapsResult = C.GST_BIPS_CAPS_CONTRADICTED
	CapsFlushing     CapsResult = C.GST_BIPS_CAPS_FLUSHING
)

// SetCaps sets the caps of the frames to come. why is what the elements behind the source
// would take, if they contradict, or what of the caps cannot be shared; frameDuration is that of the caps in
// nanoseconds, all bits set when unknown. For the streaming thread.
func SetCaps(source gstbase.PushSrc, caps string) (result CapsResult, why string, frameDuration uint64) {
	text := C.CString(caps)
	defer C.free(unsafe.Pointer(text))
	var reason *C.gchar
	var duration C.GstClockTime
	r := C.gst_bips_source_set_caps(C.gpointer(gstbase.UnsafePushSrcToGlibNone(source)), text, &reason, &duration)
	if reason != nil {
		why = C.GoString(reason)
		C.g_free(C.gpointer(reason))
	}
	return CapsResult(r), why, uint64(duration)
}

// SetTags sends tags, as records, downstream before the next frame. For the streaming thread.
func SetTags(source gstbase.PushSrc, records []byte) {
	// SAFETY: C reads so many bytes, during the call.
	C.gst_bips_source_set_tags(C.gpointer(gstbase.UnsafePushSrcToGlibNone(source)),
		(*C.guint8)(unsafe.Pointer(unsafe.SliceData(records))), C.gsize(len(records)))
}

// ForgetTags forgets which tags were sent. The source must not stream.
func ForgetTags(source gstbase.PushSrc) {
	C.gst_bips_source_forget_tags(C.gpointer(gstbase.UnsafePushSrcToGlibNone(source)))
}

// DropHeader forgets the buffers of a header that are still to be pushed. The source must not
// stream.
func DropHeader(source gstbase.PushSrc) {
	C.gst_bips_source_drop_header(C.gpointer(gstbase.UnsafePushSrcToGlibNone(source)))
}

// WaitPlaying, in Create, waits while the source is paused. Anything but gst.FlowOK has to
// be returned at once: the source is being flushed or stopped.
func WaitPlaying(source gstbase.PushSrc) gst.FlowReturn {
	return gst.FlowReturn(C.gst_base_src_wait_playing((*C.GstBaseSrc)(gstbase.UnsafePushSrcToGlibNone(source))))
}

//export gstBipsSourceCreate
func gstBipsSourceCreate(handle C.guint64, source *C.GstPushSrc, frame *C.GstBipsFrame) (flow C.GstFlowReturn) {
	flow = C.GST_FLOW_ERROR
	defer rescue(unsafe.Pointer(source), "get a frame")
	if s, ok := sources.get(uint64(handle)); ok {
		flow = C.GstFlowReturn(s.Create(frameOf(frame)))
	}
	return flow
}

//export gstBipsSourceConfigured
func gstBipsSourceConfigured(handle C.guint64, latency C.GstClockTime) {
	defer rescue(nil, "note the latency")
	if s, ok := sources.get(uint64(handle)); ok {
		s.Configured(uint64(latency))
	}
}

//export gstBipsSourceEnded
func gstBipsSourceEnded(handle C.guint64, ended C.gboolean) {
	defer rescue(nil, "end the stream")
	if s, ok := sources.get(uint64(handle)); ok {
		s.Ended(ended != 0)
	}
}

//export gstBipsSourceKeyFrameWanted
func gstBipsSourceKeyFrameWanted(handle C.guint64, at C.GstClockTime) {
	defer rescue(nil, "ask for a key frame")
	if s, ok := sources.get(uint64(handle)); ok {
		s.KeyFrameWanted(uint64(at))
	}
}

//export gstBipsSourceLatency
func gstBipsSourceLatency(handle C.guint64, least, greatest *C.GstClockTime) {
	defer rescue(nil, "tell the latency")
	if s, ok := sources.get(uint64(handle)); ok {
		l, g := s.Latency()
		*least, *greatest = C.GstClockTime(l), C.GstClockTime(g)
	}
}

//export gstBipsSourceMetaDropped
func gstBipsSourceMetaDropped(handle C.guint64, source *C.GstBaseSrc, name, detail *C.gchar) {
	defer rescue(unsafe.Pointer(source), "look at metadata")
	if s, ok := sources.get(uint64(handle)); ok {
		s.MetaDropped(C.GoString(name), C.GoString(detail))
	}
}

//export gstBipsSourceTagDropped
func gstBipsSourceTagDropped(handle C.guint64, source unsafe.Pointer, name, detail *C.gchar) {
	defer rescue(source, "look at tags")
	if s, ok := sources.get(uint64(handle)); ok {
		s.TagDropped(C.GoString(name), C.GoString(detail))
	}
}

//export gstBipsSourcePacked
func gstBipsSourcePacked(handle C.guint64) {
	defer rescue(nil, "count a copy")
	if s, ok := sources.get(uint64(handle)); ok {
		s.Packed()
	}
}

//export gstBipsSourceGone
func gstBipsSourceGone(handle C.guint64) { sources.remove(uint64(handle)) }
