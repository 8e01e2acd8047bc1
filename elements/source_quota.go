package elements

import (
	"fmt"

	"github.com/go-gst/go-gst/pkg/gst"
)

// QuotaReached implements gstglue.Source: it tells, once in a run, that frames are copied since downstream holds so many. It is a warning
// only where the reader got so few slots that this goes on: the second reader of a pool of the default size gets most of what it
// asks for, and copies a frame now and then.
func (s *source) QuotaReached() {
	quota, asked := s.asked.Quota(), int(s.values.maxHeld)
	pool, attached := s.asked.Pool()
	if quota >= asked || !attached {
		inform(s, resource(gst.ResourceErrorSettings, fmt.Sprintf("a frame was copied, because downstream holds %d others, and max-held is %d", quota-1, asked),
			"Nothing is lost; more for max-held saves the copies."))
		return
	}
	advice := "Nothing is lost; a lower max-held of the other readers saves the copies."
	if slots := s.asked.SlotsForMaxHeld(); slots > 0 {
		advice = fmt.Sprintf("Nothing is lost; slots=%d on the producer saves the copies.", slots)
	}
	tell := inform
	if 2*quota < asked {
		tell = warn
	}
	tell(s, resource(gst.ResourceErrorSettings, fmt.Sprintf("frames are copied: this reader may hold %d of the %d slots of pool %q, others may hold %d, and max-held asks for %d",
		quota, pool.Slots, s.values.pool, pool.Granted-quota, asked), advice))
}
