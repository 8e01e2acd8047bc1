package elements

import (
	"fmt"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/internal/gstglue"
)

// MetaDropped implements gstglue.Source. The producer may be of a later version, or run on a later GStreamer.
func (s *source) MetaDropped(name, detail string) {
	if first := s.counts.metas.count(0, name+detail); !first {
		return
	}
	what := "frames have metadata that this reader cannot pass on: "
	if detail == gstglue.Fields {
		what = "frames have metadata of which this reader cannot pass on all: "
	}
	warn(s, stream(gst.StreamErrorNotImplemented, fmt.Sprintf("%s%s", what, name),
		"This BIPS or this GStreamer is older than the producer's, or lacks a plugin. The property \"stats\" counts it (metas-dropped)."))
}

// TagDropped implements gstglue.Source.
func (s *source) TagDropped(name, detail string) {
	if first := s.counts.tags.count(0, name+detail); !first {
		return
	}
	inform(s, stream(gst.StreamErrorNotImplemented, fmt.Sprintf("the pool has a tag that this GStreamer does not know, or of another type: %s", name),
		"The property \"stats\" counts such tags (tags-dropped)."))
}
