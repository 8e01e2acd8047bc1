package elements

import (
	"fmt"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// refuse does not publish a frame. Those that do not hold what their caps tell of, as cameras send
// them whose driver or cable is faulty, are dropped: the next one may be whole. Those of a kind that
// cannot cross are an error, as all of the stream will be.
func (s *sink) refuse(f *gstglue.Frame) error {
	switch f.Refusal {
	case gstglue.RefuseShort:
		return s.dropMalformed(fmt.Sprintf("it has %d bytes, and its caps call for %d", f.Size, s.sizes.Least))
	case gstglue.RefuseLayout:
		return s.dropMalformed(fmt.Sprintf("its metadata (GstVideoMeta, GstAudioMeta) tells of planes that do not lie in its %d bytes", f.Size))
	case gstglue.RefuseCropped:
		return stream(gst.StreamErrorFormat, "frames are cropped by a GstVideoCropMeta, which readers do not get: they would see what was cut off",
			"Put an element that crops before bipssink, such as vapostproc or v4l2convert.")
	case gstglue.RefuseProtected:
		return stream(gst.StreamErrorDecrypt, "frames are encrypted, and readers do not get the GstProtectionMeta that is needed to decrypt them",
			"Decrypt them before bipssink.")
	default:
		return stream(gst.StreamErrorFormat, "a frame has several tensors, each in a memory of its own, of other sizes than its caps tell of: in one memory nobody could tell them apart",
			"Make the stream format=static with as many dimensions as tensors, or put tensor_demux before a bipssink for each.")
	}
}

func (s *sink) dropMalformed(what string) error {
	s.counts.malformed.Add(1)
	if s.told.first("malformed") {
		warn(s, stream(gst.StreamErrorFormat, "a frame was dropped: "+what,
			"Look at the element that made it. The property \"stats\" counts such frames (malformed)."))
	}
	return s.drop(s.currentPool())
}

// dropTooLarge drops a frame for which no slot is large enough. why is why the pool does not grow; nil: slot-size
// is set. What follows may fit again.
func (s *sink) dropTooLarge(pool *sinkPool, size uint64, why error) error {
	s.counts.tooLarge.Add(1)
	if s.told.first("too-large") {
		text := fmt.Sprintf("a frame of %d bytes was dropped: the slots of pool %q have room for %d", size, pool.producer.Name(), pool.producer.SlotSize())
		if why != nil {
			text += fmt.Sprintf(", and larger ones cannot be made: %v", why)
		}
		warn(s, resource(gst.ResourceErrorSettings, text,
			fmt.Sprintf("Set slot-size to at least %d, and start anew. The property \"stats\" counts such frames (too-large).", size)).because(why))
	}
	return s.drop(pool)
}

// drop tells the readers that a frame is missing. It returns bips.ErrDropped.
func (s *sink) drop(pool *sinkPool) error {
	if pool == nil { // nobody reads yet
		s.counts.beforePool.Add(1)
		return nil
	}
	if err := pool.producer.Drop(); err != nil {
		return err
	}
	return bips.ErrDropped
}
