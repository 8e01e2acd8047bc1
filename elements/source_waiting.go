package elements

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/libbips"
)

// silentWait is for how long a source waits for its pool, in PLAYING, before it says so: start order
// does not matter, but a wait that does not end most often has a reason that can be told.
const silentWait = 5 * time.Second

// tellOfWaiting tells, once in a run, that the pool does not come, where it was looked for, and what
// usually is the matter. It is called with each wait that ends without a frame in time, by the streaming thread.
func (s *source) tellOfWaiting(timeout error) {
	if _, attached := s.asked.Pool(); attached {
		s.waits = false
		return
	}
	if !s.waits {
		s.waits, s.waitsSince, s.foundPool = true, s.played.total(), false
		return
	}
	if s.toldOfWait || s.played.total()-s.waitsSince < silentWait {
		return
	}
	if errors.Is(timeout, bips.ErrNoAnswer) {
		s.toldOfWait = true
		warn(s, noAnswer(&s.values, silentWait, timeout))
		return
	}
	why := libbips.WhyNoPool(s.values.pool)
	if why == nil && !s.foundPool { // it has just come, which shows in a moment, or gives no seat
		s.foundPool = true
		s.waitsSince += time.Second
		return
	}
	if why == nil {
		why = timeout
	}
	s.toldOfWait = true
	warn(s, resource(gst.ResourceErrorNotFound, why.Error(), ""))
}

// noAnswer is the error for a pool that is there, of a producer that does not say whether the source may read.
func noAnswer(values *sourceSettings, waited time.Duration, timeout error) error {
	return resource(gst.ResourceErrorBusy, fmt.Sprintf("the producer of pool %q has not answered for %v: it is stopped or hangs", values.pool, waited),
		"Let it go on (kill -CONT), or end it and start it anew. If it may open no more files (ulimit -n), it says so itself.").because(timeout)
}

// notConnected is the error for a pool that did not come in time.
func notConnected(values *sourceSettings, timeout error) error {
	if errors.Is(timeout, bips.ErrNoAnswer) {
		return noAnswer(values, time.Duration(values.connectTimeout), timeout)
	}
	within := time.Duration(values.connectTimeout)
	text := fmt.Sprintf("no seat came within %v (connect-timeout): %v", within, timeout)
	if why := libbips.WhyNoPool(values.pool); why != nil {
		named := fmt.Sprintf("pool %q: ", strings.TrimPrefix(values.pool, "/"))
		text = fmt.Sprintf("no pool %q appeared within %v (connect-timeout): %s", values.pool, within, strings.TrimPrefix(why.Error(), named))
	}
	return resource(gst.ResourceErrorNotFound, text, "").because(timeout)
}
