package elements

import (
	"fmt"
	"strings"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
	"github.com/bips-ipc/bips/internal/libbips"
)

// Caps implements gstglue.Source: it announces the caps of the frames to come to downstream.
func (s *source) Caps(caps string) gst.FlowReturn {
	pool := s.values.pool
	switch result, why := gstglue.SetCaps(s, caps); result {
	case gstglue.CapsSet:
		if !libbips.FramesStandAlone(caps) && bips.Mode(s.values.readMode) == bips.Latest {
			s.warnOfBrokenPictures(caps)
		}
		logf(gstglue.LevelInfo, s, "caps %s", caps)
		return gst.FlowOK
	case gstglue.CapsFlushing:
		return gst.FlowFlushing
	case gstglue.CapsInvalid:
		fail(s, stream(gst.StreamErrorFormat, fmt.Sprintf("pool %q has caps that are not valid: %q", pool, caps), "Start its producer anew."))
		return gst.FlowError
	case gstglue.CapsUnshareable:
		fail(s, unshareable(why))
		return gst.FlowNotNegotiated
	default:
		fail(s, core(gst.CoreErrorNegotiation, fmt.Sprintf("pool %q has %s, but downstream wants %s", pool, caps, why),
			"Put a converter behind bipssrc, or change the caps on one side."))
		return gst.FlowNotNegotiated
	}
}

// warnOfBrokenPictures is for who reads the newest only of frames that do not stand alone.
func (s *source) warnOfBrokenPictures(caps string) {
	if s.told.first("broken-pictures") {
		mediaType, _, _ := strings.Cut(caps, ",")
		warn(s, stream(gst.StreamErrorDecode, fmt.Sprintf("pool %q has frames that depend on those before them (%s), and read-mode=latest leaves some out: "+
			"a decoder will show broken pictures", s.values.pool, mediaType), "Set read-mode=auto or every."))
	}
}
