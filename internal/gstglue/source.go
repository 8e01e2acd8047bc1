package gstglue

// #include <stdlib.h>
// #include "source.h"
import "C"

import (
	"time"
	"unsafe"

	"github.com/go-gst/go-gst/pkg/gst"
	"github.com/go-gst/go-gst/pkg/gstbase"

	"github.com/bips-ipc/bips/internal/libbips"
)

// Source is bipssrc as C calls it, for what is out of the ordinary: a frame that follows the one before enters
// no Go. All methods but Ended are called on the streaming thread.
type Source interface {
	// Turned is told that the source begins to ask the reader that was set last. It returns for how long the first
	// frame may be waited for, before NoFrame is called.
	Turned() (wait time.Duration)
	// NoFrame decides what to do when a wait for a frame has ended without one, for a reason that is an error of
	// package bips. found: the reader has given a frame before. With gst.FlowOK the next wait is to last at most wait;
	// all else has to be returned downstream.
	NoFrame(reason error, found bool) (wait time.Duration, flow gst.FlowReturn)
	// Caps is told the caps of the frames to come, to be set with [SetCaps].
	Caps(caps string) gst.FlowReturn
	// Resumed is told of the first frame after a stall, which NoFrame was told of.
	Resumed()
	// Lost is told that frames are missing, or that the producer treats the reader in another way from now on.
	Lost(Loss)
	// QuotaReached is told of the first frame that is copied because downstream holds as many as the reader may hold.
	QuotaReached()
	// GivesWay is told that the producer waits for the reader no more, as the pipeline waits longer for each frame than
	// the pool keeps it.
	GivesWay(keeps time.Duration)
	// OtherClock is told, once in a run, that the producer's clock is ahead of this one by so much, or, less than 0, behind.
	OtherClock(ahead time.Duration)
	// NoKeyFrame is told that no key frame came for so long, and the stream begins without one.
	NoKeyFrame(waited time.Duration)
	// Ended is told when an end of stream goes downstream, whoever ends it, and when a flush takes it back: see
	// [HasEnded]. It is called from any thread.
	Ended()
	// MetaDropped is told of metadata in the pool that cannot be given to the elements behind the source,
	// by a name, and what of it was lost: [Fields], or "", if all.
	MetaDropped(name, detail string)
	// TagDropped is told of tags in the pool that are none here, likewise.
	TagDropped(name, detail string)
	// Gone is the last call: GStreamer has let go of the source.
	Gone()
}

// Loss is what is missing before a frame, and how the producer treats the reader from that frame on.
type Loss struct {
	Lost                uint64 // frames that were wanted and not given
	Blocking            bool   // the producer waits for the reader
	GivesWay            bool   // the reader wants it not to
	Timestamp, Duration uint64 // of the frame, of what is lost; nanoseconds, all bits set when unknown
}

// LookAround is how long the source waits for a frame at most before it asks NoFrame whether it has to return.
const LookAround = time.Duration(C.GST_BIPS_LOOK_AROUND)

var sources handles[Source]

// InstallSource sets the virtual methods of bipssrc's class that the bindings cannot set.
func InstallSource(class *gstbase.PushSrcClass) {
	C.gst_bips_source_install(C.gpointer(gstbase.UnsafePushSrcClassToGlibNone(class)))
}

// AttachSource connects a new instance with the object that implements it.
func AttachSource(instance gstbase.PushSrc, s Source) {
	C.gst_bips_source_attach(pointer(instance), C.guint64(sources.add(s)))
}

func pointer(source gstbase.PushSrc) C.gpointer {
	return C.gpointer(gstbase.UnsafePushSrcToGlibNone(source))
}

// BeginRun begins to count and to read anew. The source must not stream.
func BeginRun(source gstbase.PushSrc, processingDeadline uint64) {
	C.gst_bips_source_begin_run(pointer(source), C.guint64(processingDeadline))
}

// EndRun forgets all of the run but its counts. The source must not stream.
func EndRun(source gstbase.PushSrc) { C.gst_bips_source_end_run(pointer(source)) }

// SetReader lets the frames from the next one on be those of a reader; nil: there are to be none. It may be called from
// any thread.
func SetReader(source gstbase.PushSrc, r *Reader) {
	if r == nil {
		C.gst_bips_source_set_reader(pointer(source), nil)
		return
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	C.gst_bips_source_set_reader(pointer(source), r.c)
}

// CountPlay notes that the source has gone to PLAYING once more.
func CountPlay(source gstbase.PushSrc) {
	C.gst_bips_source_count_play(pointer(source))
}

// HasEnded reports whether the stream has ended, and no flush has come since. It may be called from any thread.
func HasEnded(source gstbase.PushSrc) bool {
	return C.gst_bips_source_has_ended(pointer(source)) != 0
}

// MarkEnded ends the stream, for NoFrame to return gst.FlowEOS.
func MarkEnded(source gstbase.PushSrc) {
	C.gst_bips_source_mark_ended(pointer(source))
}

// SourceCounts are the frames of one run.
type SourceCounts struct {
	Early     uint64 // of before the reader's beginning
	Quota     uint64 // copied because one pin is never handed out
	Packed    uint64 // copied because downstream does not know GstVideoMeta
	KeyFrames uint64 // that the producer was asked for
}

// SourceCountsOf may be called from any thread.
func SourceCountsOf(source gstbase.PushSrc) SourceCounts {
	var c C.GstBipsSourceCounts
	C.gst_bips_source_get_counts(pointer(source), &c)
	return SourceCounts{uint64(c.early), uint64(c.quota), uint64(c.packed), uint64(c.key_frames)}
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
// would take, if they contradict, or what of the caps cannot be shared. For the streaming thread.
func SetCaps(source gstbase.PushSrc, caps string) (result CapsResult, why string) {
	text := C.CString(caps)
	defer C.free(unsafe.Pointer(text))
	var reason *C.gchar
	r := C.gst_bips_source_set_caps(pointer(source), text, &reason)
	if reason != nil {
		why = C.GoString(reason)
		C.g_free(C.gpointer(reason))
	}
	return CapsResult(r), why
}

// WaitPlaying, in NoFrame, waits while the source is paused. Anything but gst.FlowOK has to
// be returned at once: the source is being flushed or stopped.
func WaitPlaying(source gstbase.PushSrc) gst.FlowReturn {
	return gst.FlowReturn(C.gst_base_src_wait_playing((*C.GstBaseSrc)(gstbase.UnsafePushSrcToGlibNone(source))))
}

//export gstBipsSourceTurned
func gstBipsSourceTurned(handle C.guint64, source *C.GstPushSrc, wait *C.gint64) {
	defer rescue(unsafe.Pointer(source), "turn to a pool")
	if s, ok := sources.get(uint64(handle)); ok {
		*wait = C.gint64(s.Turned())
	}
}

//export gstBipsSourceNoFrame
func gstBipsSourceNoFrame(handle C.guint64, source *C.GstPushSrc, result C.int, found C.gboolean, wait *C.gint64) (flow C.GstFlowReturn) {
	flow = C.GST_FLOW_ERROR
	defer rescue(unsafe.Pointer(source), "wait for a frame")
	if s, ok := sources.get(uint64(handle)); ok {
		next, result := s.NoFrame(libbips.ErrorOf(int(result)), found != 0)
		*wait, flow = C.gint64(next), C.GstFlowReturn(result)
	}
	return flow
}

//export gstBipsSourceCaps
func gstBipsSourceCaps(handle C.guint64, source *C.GstPushSrc, caps *C.gchar) (flow C.GstFlowReturn) {
	flow = C.GST_FLOW_ERROR
	defer rescue(unsafe.Pointer(source), "change caps")
	if s, ok := sources.get(uint64(handle)); ok {
		flow = C.GstFlowReturn(s.Caps(C.GoString(caps)))
	}
	return flow
}

//export gstBipsSourceResumed
func gstBipsSourceResumed(handle C.guint64, source *C.GstPushSrc) {
	defer rescue(unsafe.Pointer(source), "note the end of a stall")
	if s, ok := sources.get(uint64(handle)); ok {
		s.Resumed()
	}
}

//export gstBipsSourceLost
func gstBipsSourceLost(handle C.guint64, source *C.GstPushSrc, loss *C.GstBipsLoss) {
	defer rescue(unsafe.Pointer(source), "note a loss")
	if s, ok := sources.get(uint64(handle)); ok {
		s.Lost(Loss{uint64(loss.lost), loss.blocking != 0, loss.gives_way != 0, uint64(loss.timestamp), uint64(loss.duration)})
	}
}

//export gstBipsSourceQuota
func gstBipsSourceQuota(handle C.guint64, source *C.GstPushSrc) {
	defer rescue(unsafe.Pointer(source), "explain a copy")
	if s, ok := sources.get(uint64(handle)); ok {
		s.QuotaReached()
	}
}

//export gstBipsSourceGivesWay
func gstBipsSourceGivesWay(handle C.guint64, source *C.GstPushSrc, keeps C.gint64) {
	defer rescue(unsafe.Pointer(source), "give way")
	if s, ok := sources.get(uint64(handle)); ok {
		s.GivesWay(time.Duration(keeps))
	}
}

//export gstBipsSourceOtherClock
func gstBipsSourceOtherClock(handle C.guint64, source *C.GstPushSrc, ahead C.gint64) {
	defer rescue(unsafe.Pointer(source), "compare clocks")
	if s, ok := sources.get(uint64(handle)); ok {
		s.OtherClock(time.Duration(ahead))
	}
}

//export gstBipsSourceNoKeyFrame
func gstBipsSourceNoKeyFrame(handle C.guint64, source *C.GstPushSrc, waited C.gint64) {
	defer rescue(unsafe.Pointer(source), "begin without a key frame")
	if s, ok := sources.get(uint64(handle)); ok {
		s.NoKeyFrame(time.Duration(waited))
	}
}

//export gstBipsSourceEnded
func gstBipsSourceEnded(handle C.guint64) {
	defer rescue(nil, "end the stream")
	if s, ok := sources.get(uint64(handle)); ok {
		s.Ended()
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

//export gstBipsSourceGone
func gstBipsSourceGone(handle C.guint64) {
	defer rescue(nil, "let go of a source")
	s, ok := sources.get(uint64(handle))
	sources.remove(uint64(handle))
	if ok {
		s.Gone()
	}
}
