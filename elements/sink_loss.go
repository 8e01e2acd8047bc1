package elements

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// qosInterval is how often an element tells at most, by a QoS message, that frames are missing.
const qosInterval = time.Second

// A pacer lets one thing through each qosInterval. The zero pacer lets the first one through. It is for
// one thread.
type pacer struct{ last time.Time }

func (p *pacer) lets() bool {
	now := time.Now()
	if !p.last.IsZero() && now.Sub(p.last) < qosInterval {
		return false
	}
	p.last = now
	return true
}

// noteNoSlot tells of the first frame that was dropped because no slot was free.
func (s *sink) noteNoSlot(pool *sinkPool, err error) {
	if pool != nil && errors.Is(err, bips.ErrDropped) && s.told.first("no-slot") {
		warn(s, resource(gst.ResourceErrorBusy,
			fmt.Sprintf("a frame was dropped, as no slot of pool %q was free: a reader of every frame keeps them", pool.producer.Name()),
			"Make that reader faster, let it read the latest frames (read-mode=latest), or set more slots. The property \"stats\" counts such frames (dropped)."))
	}
}

// postQoS tells, now and then, of frames that no reader gets. The producer has counted them.
func (s *sink) postQoS(f *gstglue.Frame) {
	pool := s.currentPool()
	if pool == nil || !s.qos.lets() {
		return
	}
	stats := pool.producer.Stats()
	gstglue.PostSinkQoS(s, s.isLive(), gstglue.QoS{Timestamp: f.PTS, Duration: f.Duration, Processed: stats.Published, Dropped: stats.Dropped})
}

// noteDemotions tells of each reader that the pool was not waited for any longer. It is called after
// whatever may demote one.
func (s *sink) noteDemotions(pool *sinkPool) {
	if pool == nil {
		return
	}
	n := pool.producer.Demotions()
	if n == s.demotions {
		return
	}
	s.demotions = n
	who := "a reader"
	if pid := pool.producer.Stats().LastDemoted; pid != 0 {
		who = fmt.Sprintf("a reader (process %d)", pid)
	}
	warn(s, resource(gst.ResourceErrorBusy,
		fmt.Sprintf("%s of every frame kept the slots of pool %q from coming free for longer than block-timeout: it misses frames until it has caught up", who, pool.producer.Name()),
		"Make it faster, let it read the latest frames (read-mode=latest), or set more slots or a longer block-timeout."))
}
