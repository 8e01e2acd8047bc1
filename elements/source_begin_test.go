package elements

import (
	"testing"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
)

// A pause is no time in which a stream sent no key frame.
func TestAReaderThatWasPausedWaitsForAKeyFrameAnew(t *testing.T) {
	var s source
	delta := &bips.Frame{FrameInfo: bips.FrameInfo{Flags: uint32(gst.BufferFlagDeltaUnit)}, PublishTime: time.Hour}
	s.playsSince(0)
	if !s.waitsForKey(delta, "p") {
		t.Error("a stream begins with a frame that depends on others")
	}
	delta.PublishTime += keyFrameLimit
	s.playsSince(time.Second)
	if !s.waitsForKey(delta, "p") {
		t.Error("after a pause of ten seconds the stream begins with a frame that depends on others")
	}
}
