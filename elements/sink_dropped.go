package elements

import (
	"fmt"
	"strings"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// MetaDropped implements gstglue.Sink.
func (s *sink) MetaDropped(kind uint64) bool { return s.counts.metas.again(kind) }

// NewMeta implements gstglue.Sink.
func (s *sink) NewMeta(kind uint64, name, detail string, quiet bool) {
	if first := s.counts.metas.count(kind, name+detail); !first || quiet {
		return
	}
	name = strings.TrimSuffix(name, "API")
	switch detail {
	case gstglue.NoRoom:
		warn(s, resource(gst.ResourceErrorNoSpaceLeft,
			fmt.Sprintf("frames have more metadata than the %d bytes that the pool has for that of a frame: of %s some was left out", s.metaRoom(), name),
			fmt.Sprintf("Set meta-size to more, at most %d. The property \"stats\" counts what was left out (metas-dropped).", bips.MaxMetaSize)))
	case gstglue.Fields:
		warn(s, stream(gst.StreamErrorNotImplemented,
			fmt.Sprintf("readers do not get all fields of %s: pointers, objects, ranges and what lies deeper than four structures in one another mean nothing to them, or cannot be written", name),
			"The property \"stats\" counts such metadata (metas-dropped)."))
	default:
		tell := warn
		if isSeldomMissed(name) {
			tell = inform
		}
		tell(s, stream(gst.StreamErrorNotImplemented,
			fmt.Sprintf("frames have metadata that readers do not get: %s%s", name, detail),
			"The property \"stats\" counts it (metas-dropped)."))
	}
}

// isSeldomMissed reports whether metadata comes with common streams, and nearly nobody looks at it: the text in which x264 names
// itself, which decoders attach to a picture, and how many samples at the ends of a piece of sound its encoder has made up.
func isSeldomMissed(meta string) bool {
	return meta == "GstVideoSEIUserDataUnregisteredMeta" || meta == "GstAudioClippingMeta"
}

// TagDropped implements gstglue.Sink. Nearly every encoded stream has some, so that most are
// no reason to worry.
func (s *sink) TagDropped(name, detail string, quiet bool) {
	if first := s.counts.tags.count(0, name+detail); !first || quiet {
		return
	}
	text := fmt.Sprintf("readers do not get the stream's tag %s", name)
	if detail == gstglue.NoRoom {
		text = fmt.Sprintf("readers do not get the stream's tag %s: all tags together have %d bytes", name, bips.MaxTagsSize)
	}
	inform(s, stream(gst.StreamErrorNotImplemented, text, "The property \"stats\" counts such tags (tags-dropped)."))
}
