package elements

import (
	"fmt"
	"strings"

	"github.com/go-gst/go-gst/pkg/gst"
)

// MetaDropped implements gstglue.Sink.
func (s *sink) MetaDropped(kind uint64) bool { return s.counts.metas.again(kind) }

// NewMeta implements gstglue.Sink.
func (s *sink) NewMeta(kind uint64, name string, quiet bool) {
	if first := s.counts.metas.count(kind, name); !first || quiet {
		return
	}
	warn(s, stream(gst.StreamErrorNotImplemented,
		fmt.Sprintf("frames have metadata that readers do not get: %s", strings.TrimSuffix(name, "API")),
		"The property \"stats\" counts it (metas-dropped)."))
}

// TagsDropped implements gstglue.Sink. Nearly every encoded stream has some, so that most are
// no reason to worry.
func (s *sink) TagsDropped(names []string, turned bool) {
	var fresh []string
	for _, name := range names {
		if s.counts.tags.count(0, name) {
			fresh = append(fresh, name)
		}
	}
	if len(fresh) > 0 {
		inform(s, stream(gst.StreamErrorNotImplemented,
			fmt.Sprintf("readers do not get the stream's tags: %s", strings.Join(fresh, ", ")),
			"The property \"stats\" counts them (tags-dropped)."))
	}
	if turned && s.told.first("turned") {
		warn(s, stream(gst.StreamErrorNotImplemented,
			"the tag image-orientation says that the picture is turned, and readers do not get it",
			"Put videoflip video-direction=auto before bipssink."))
	}
}
