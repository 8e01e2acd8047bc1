package gstglue

// #include "frame.h"
import "C"

import (
	"structs"
	"unsafe"
)

// CopyReason says why a frame's bytes have to be copied; [CopyNone]: they need not be.
type CopyReason uint32

// The reasons. The first six and moved are found by the sink, quota by the source, layout by both.
const (
	CopyNone            CopyReason = C.GST_BIPS_COPY_NONE
	CopyPoolExhausted   CopyReason = C.GST_BIPS_COPY_POOL_EXHAUSTED
	CopyStillMapped     CopyReason = C.GST_BIPS_COPY_STILL_MAPPED
	CopyRepeated        CopyReason = C.GST_BIPS_COPY_REPEATED
	CopyForeignMemory   CopyReason = C.GST_BIPS_COPY_FOREIGN_MEMORY
	CopySeveralMemories CopyReason = C.GST_BIPS_COPY_SEVERAL_MEMORIES
	CopyPartialMemory   CopyReason = C.GST_BIPS_COPY_PARTIAL_MEMORY
	CopyQuota           CopyReason = C.GST_BIPS_COPY_QUOTA
	CopyLayout          CopyReason = C.GST_BIPS_COPY_LAYOUT
	CopyMoved           CopyReason = C.GST_BIPS_COPY_MOVED

	CopyReasons = int(CopyMoved) + 1
)

// Refusal says why a frame cannot be published at all; [RefuseNothing]: it can.
type Refusal uint32

// The refusals.
const (
	RefuseNothing   Refusal = C.GST_BIPS_REFUSE_NOTHING
	RefuseShort     Refusal = C.GST_BIPS_REFUSE_SHORT     // fewer bytes than its caps call for
	RefuseLayout    Refusal = C.GST_BIPS_REFUSE_LAYOUT    // its planes do not lie in its bytes
	RefuseMemories  Refusal = C.GST_BIPS_REFUSE_MEMORIES  // tensors in several memories, and no room to say where each ends
	RefuseCropped   Refusal = C.GST_BIPS_REFUSE_CROPPED   // a GstVideoCropMeta has no room: more is there than should be seen
	RefuseProtected Refusal = C.GST_BIPS_REFUSE_PROTECTED // a GstProtectionMeta has no room: nobody could decrypt it
)

// MaxPlanes is how many planes a raw video frame can have.
const MaxPlanes = C.GST_BIPS_MAX_PLANES

// Frame is what the sink's frame path needs to know of a buffer. It is C's GstBipsFrame, on C's
// stack: valid for the length of the call that gives it. Times are nanoseconds, all
// bits set when unknown.
type Frame struct {
	_ structs.HostLayout

	_         [2]unsafe.Pointer // for C
	Size      uint64
	PTS       uint64
	DTS       uint64
	Duration  uint64
	Offset    uint64
	OffsetEnd uint64
	Capture   uint64 // on CLOCK_MONOTONIC
	Flags     uint32 // of the GstBuffer, only those that another process may see
	Reason    CopyReason
	_         uint32 // for C
	Planes    uint32 // 0: the layout that follows from the caps
	Stride    [MaxPlanes]int32
	Start     [MaxPlanes]uint64 // of each plane, from the frame's first byte
	repack    uint32            // for C
	Refusal   Refusal           // sink
	_         unsafe.Pointer    // for C
	metaSize  uint32            // for C
	_         [4]uint32         // for C
	Whole     uint32            // sink: 1: what lies beyond the planes that the caps call for is to be seen, too
}

// The compiler checks that both sides agree on the layout.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(Frame{})-C.sizeof_GstBipsFrame]
	_ = [1]struct{}{}[unsafe.Offsetof(Frame{}.Flags)-unsafe.Offsetof(C.GstBipsFrame{}.flags)]
	_ = [1]struct{}{}[unsafe.Offsetof(Frame{}.Planes)-unsafe.Offsetof(C.GstBipsFrame{}.n_planes)]
	_ = [1]struct{}{}[unsafe.Offsetof(Frame{}.Start)-unsafe.Offsetof(C.GstBipsFrame{}.plane_offset)]
	_ = [1]struct{}{}[unsafe.Offsetof(Frame{}.Refusal)-unsafe.Offsetof(C.GstBipsFrame{}.refusal)]
	_ = [1]struct{}{}[unsafe.Offsetof(Frame{}.metaSize)-unsafe.Offsetof(C.GstBipsFrame{}.meta_length)]
	_ = [1]struct{}{}[unsafe.Offsetof(Frame{}.Whole)-unsafe.Offsetof(C.GstBipsFrame{}.whole)]
)

// frameOf sees C's frame as Go's.
func frameOf(f *C.GstBipsFrame) *Frame {
	// SAFETY: the layouts are equal, as checked above; C keeps f alive during the call.
	return (*Frame)(unsafe.Pointer(f))
}
