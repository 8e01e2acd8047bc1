package elements

import (
	"fmt"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"
)

// A reader of every frame that is too slow, and gives slots back in time all the same, is waited for again and again. Behind a
// live source each wait makes frames late, or makes the source lose some before they come here, where nobody counts them.

// A live source that waits for more than heldUpFor of heldUpWindow is held up. One reader that stalls once is no reason to say so: it is
// demoted before, or catches up.
const (
	heldUpWindow = 10 * time.Second
	heldUpFor    = 2 * time.Second
)

// heldUp is what a sink has waited for readers. The zero heldUp is none.
type heldUp struct {
	since  time.Time     // the window's begin
	before time.Duration // what had been waited by then
	seen   time.Duration // what has been waited by now
}

// add takes what has been waited in all, and returns what of it was within the window.
func (h *heldUp) add(waited time.Duration, now time.Time) time.Duration {
	if now.Sub(h.since) > heldUpWindow {
		h.since, h.before = now, h.seen
	}
	h.seen = waited
	return waited - h.before
}

// noteHeldUp tells, once in a run, that readers hold a live source up. It is called after whatever may have waited for them.
func (s *sink) noteHeldUp(pool *sinkPool) {
	if pool == nil {
		return
	}
	waited := pool.producer.Waited()
	if waited == s.heldUp.seen {
		return
	}
	if of := s.heldUp.add(waited, time.Now()); of < heldUpFor || !s.isLive() || !s.told.first("held-up") {
		return
	}
	warn(s, resource(gst.ResourceErrorBusy,
		fmt.Sprintf("a reader of every frame holds the live source up: for %v of the last %v no slot of pool %q was free, so that frames come late, or the source loses some",
			heldUpFor, heldUpWindow, pool.producer.Name()),
		"Make that reader faster, let it read the latest frames (read-mode=latest), or let it miss some (block-timeout=0 here)."))
}
