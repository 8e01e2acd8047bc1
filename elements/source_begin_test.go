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
	s.playsSince(0, 1)
	if !s.waitsForKey(delta, "p") {
		t.Error("a stream begins with a frame that depends on others")
	}
	delta.PublishTime += keyFrameLimit
	s.playsSince(time.Second, 2)
	if !s.waitsForKey(delta, "p") {
		t.Error("after a pause of ten seconds the stream begins with a frame that depends on others")
	}
}

// GStreamer changes the time at which an element began to play when the pause begins. A key frame that was asked for with
// a last frame at that moment is published while nobody reads: it has to be asked for again at once.
func TestAReaderThatWasPausedAsksForAKeyFrameAnew(t *testing.T) {
	var s source
	delta := &bips.Frame{FrameInfo: bips.FrameInfo{Flags: uint32(gst.BufferFlagDeltaUnit)}, PublishTime: time.Hour}
	for i, c := range []struct {
		start time.Duration
		plays uint32
		asks  bool
	}{{0, 1, true}, {0, 1, false}, {time.Second, 1, true}, {time.Second, 2, true}, {time.Second, 2, false}} {
		s.playsSince(c.start, c.plays)
		s.waitsForKey(delta, "p")
		if got := s.keyFrame.wants(true, delta.PublishTime); got != c.asks {
			t.Errorf("frame %d: asks: %v, want %v", i, got, c.asks)
		}
		delta.PublishTime += ms
	}
}
