package elements

import (
	"fmt"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/internal/gstglue"
)

// standing is what a source has told of how its producer treats it.
type standing struct {
	behind  bool   // because it was demoted, the producer does not wait for it
	demoted uint64 // how often that has happened
	qos     pacer
}

// Lost implements gstglue.Source.
func (s *source) Lost(loss gstglue.Loss) {
	pool, stats := s.values.pool, s.asked.Stats()
	told := &s.standing
	switch {
	case stats.Demoted > told.demoted:
		told.behind = true
		warn(s, resource(gst.ResourceErrorBusy,
			fmt.Sprintf("the producer of pool %q has waited for this reader for its block-timeout, and waits no longer: frames are lost until the reader has caught up", pool),
			"Make what is behind bipssrc faster, put a queue between, or set read-mode=latest."))
	case loss.Lost > 0 && !told.behind && !loss.GivesWay && s.told.first("lost"):
		warn(s, resource(gst.ResourceErrorRead,
			fmt.Sprintf("%d frames of pool %q are lost, as its producer has dropped them", loss.Lost, pool),
			"Look at what bipssink warns of. The property \"stats\" counts such frames (lost)."))
	}
	if loss.Blocking && told.behind {
		told.behind = false
		inform(s, resource(gst.ResourceErrorFailed,
			fmt.Sprintf("the producer of pool %q waits for this reader again, which gets every frame from now on", pool), ""))
	}
	told.demoted = stats.Demoted
	if loss.Lost > 0 && told.qos.lets() {
		all := s.counts.total(stats)
		gstglue.PostSourceQoS(s, gstglue.QoS{Timestamp: loss.Timestamp, Duration: loss.Duration, Processed: all.Received, Dropped: all.Lost})
	}
}
