package elements

import (
	"fmt"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
)

// giveWay keeps a reader of every frame from holding the producer, and so all other readers,
// up for good: where the pipeline waits longer for each frame than the pool keeps it, and nothing
// downstream keeps it instead, so that the pool has filled up. Such a reader is not waited
// for until the pipeline decides on a shorter latency.
func (s *source) giveWay(consumer *bips.Consumer, behind uint64) {
	tooLong := s.latency.isTooLong()
	switch {
	case s.givesWay && !tooLong:
		s.givesWay, s.filled = false, false
		consumer.SetBlocking(true)
	case s.givesWay || !tooLong || !s.latency.fills(behind):
	case !s.filled: // the pipeline may be about to decide anew
		s.filled = true
	default:
		s.givesWay = true
		consumer.SetBlocking(false)
		if s.told.first("gives-way") {
			_, keeps := s.latency.query()
			warn(s, core(gst.CoreErrorClock, fmt.Sprintf("the pipeline waits longer for each frame than the pool keeps it, which is %v: frames are lost, as its producer does not wait for this reader", keeps),
				"Put a queue behind bipssrc, or set more slots on the producer."))
		}
	}
}
