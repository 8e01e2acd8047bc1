package elements

import (
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/internal/gstglue"
	"github.com/bips-ipc/bips/internal/libbips"
)

// After a flush, as of a seek, the frames to come do not follow those before. Where frames depend on one another
// nobody can decode them before the next key frame. A seek into the middle of a group of pictures makes a demuxer send
// that group from its key frame on; but the frames from before the seek's position lie outside of the segment, and
// GStreamer's base class drops them. What is left of the group is of no use.

// keyFrameLimit is how long a sink waits for a frame that does not depend on others: there are streams without any. A
// source waits as long (internal/gstglue/source_begin.c).
const keyFrameLimit = 10 * time.Second

// flushed is what a sink has to do after a flush. It is for the streaming thread.
type flushed struct {
	pending bool      // no frame was published since
	since   time.Time // when the first was passed by; zero: none was
}

// Flushed implements gstglue.Sink.
func (s *sink) Flushed() {
	s.flushed = flushed{pending: true}
	gstglue.GoStraight(s, false)
}

// beginsAnew reports whether the stream can begin anew, after a flush, with this frame, which it then flags as
// one that does not follow the one before. There are streams without key frames: after keyFrameLimit any frame will do.
func (s *sink) beginsAnew(f *gstglue.Frame) bool {
	if delta := f.Flags&uint32(gst.BufferFlagDeltaUnit) != 0; delta && !libbips.FramesStandAlone(s.caps) {
		if s.flushed.since.IsZero() {
			s.flushed.since = time.Now()
		}
		if time.Since(s.flushed.since) < keyFrameLimit {
			s.counts.undecodable.Add(1)
			return false
		}
	}
	f.Flags |= uint32(gst.BufferFlagDiscont)
	s.flushed = flushed{}
	return true
}
