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
		return s.noRoomFor("a GstVideoCropMeta, without which readers would see what was cut off")
	case gstglue.RefuseProtected:
		return s.noRoomFor("a GstProtectionMeta, without which nobody can decrypt them")
	default:
		return s.noRoomFor("several tensors, each in a memory of its own, of sizes that only the metadata tell")
	}
}

// noRoomFor is the error for frames that mean nothing without what has no room.
func (s *sink) noRoomFor(what string) error {
	return resource(gst.ResourceErrorNoSpaceLeft,
		fmt.Sprintf("frames have %s; with what comes before it, it does not fit into the %d bytes that the pool has for the metadata of a frame", what, s.metaRoom()),
		fmt.Sprintf("Set meta-size to more, at most %d.", bips.MaxMetaSize))
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
