package elements

import (
	"fmt"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"
)

// GivesWay implements gstglue.Source.
func (s *source) GivesWay(keeps time.Duration) {
	if s.told.first("gives-way") {
		warn(s, core(gst.CoreErrorClock, fmt.Sprintf("the pipeline waits longer for each frame than the pool keeps it, which is %v: frames are lost, as its producer does not wait for this reader", keeps),
			"Put a queue behind bipssrc that holds them for as long (max-size-time, with max-size-buffers=0 and max-size-bytes=0), or set more slots on the producer."))
	}
}
