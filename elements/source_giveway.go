package elements

import (
	"fmt"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
)

// fullFor is how many frames in a row, over how long, have to find the pool full of others before a
// reader is not waited for any longer. One that has only been busy for a moment empties it again; so does
// one that nothing is wrong with while a burst of small frames lasts, such as the packets of a picture.
const (
	fullFor  = 5
	fullTime = 100 * time.Millisecond
)

// giveWay keeps a reader of every frame from holding the producer, and so all other readers,
// up for good: where the pipeline waits longer for each frame than the pool keeps it, and nothing
// downstream keeps it instead, so that the pool stays full. Such a reader is not waited
// for until the pipeline decides on a shorter latency.
func (s *source) giveWay(consumer *bips.Consumer, behind uint64) {
	tooLong := s.latency.isTooLong()
	switch {
	case s.givesWay && !tooLong:
		s.givesWay, s.full = false, 0
		consumer.SetBlocking(true)
	case s.givesWay:
	case !tooLong || !s.latency.fills(behind):
		s.full = 0
	default:
		if s.full++; s.full == 1 {
			s.fullSince = time.Now()
		}
		if s.full >= fullFor && time.Since(s.fullSince) >= fullTime {
			s.givesWay = true
			consumer.SetBlocking(false)
			s.warnOfLongWait()
		}
	}
}

func (s *source) warnOfLongWait() {
	if s.told.first("gives-way") {
		_, keeps := s.latency.query()
		warn(s, core(gst.CoreErrorClock, fmt.Sprintf("the pipeline waits longer for each frame than the pool keeps it, which is %v: frames are lost, as its producer does not wait for this reader", keeps),
			"Put a queue behind bipssrc that holds them for as long (max-size-time, with max-size-buffers=0 and max-size-bytes=0), or set more slots on the producer."))
	}
}
