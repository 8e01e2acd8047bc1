package elements

import (
	"fmt"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// standing is what a source has told of how its producer treats it.
type standing struct {
	blocking bool   // the producer waited for it when the last frame came
	behind   bool   // because it was demoted, it does not
	demoted  uint64 // how often that has happened
	qos      pacer
}

// noteLoss tells of frames that are missing before this one, and of a producer that no longer
// waits for this reader, or waits again.
func (s *source) noteLoss(out *gstglue.Frame, frame *bips.Frame, consumer *bips.Consumer, pool string) {
	if frame.Lost > 0 {
		s.keyFrame.lost()
	}
	stats := consumer.Stats()
	told := &s.standing
	switch {
	case stats.Demoted > told.demoted:
		told.behind = true
		warn(s, resource(gst.ResourceErrorBusy,
			fmt.Sprintf("the producer of pool %q has waited for this reader for its block-timeout, and waits no longer: frames are lost until the reader has caught up", pool),
			"Make what is behind bipssrc faster, put a queue between, or set read-mode=latest."))
	case frame.Lost > 0 && !told.behind && !s.givesWay && s.told.first("lost"):
		warn(s, resource(gst.ResourceErrorRead,
			fmt.Sprintf("%d frames of pool %q are lost, as its producer has dropped them", frame.Lost, pool),
			"Look at what bipssink warns of. The property \"stats\" counts such frames (lost)."))
	}
	if frame.Blocking && told.behind {
		told.behind = false
		inform(s, resource(gst.ResourceErrorFailed,
			fmt.Sprintf("the producer of pool %q waits for this reader again, which gets every frame from now on", pool), ""))
	}
	told.blocking, told.demoted = frame.Blocking, stats.Demoted
	if frame.Lost > 0 && told.qos.lets() {
		all := s.counts.total(stats)
		gstglue.PostSourceQoS(s, gstglue.QoS{Timestamp: out.PTS, Duration: s.durationOf(frame.Lost), Processed: all.Received, Dropped: all.Lost})
	}
}

// durationOf is how long so many frames last, all bits set if that is not known.
func (s *source) durationOf(frames uint64) uint64 {
	if s.frameDuration <= 0 {
		return forever
	}
	return frames * uint64(s.frameDuration)
}
