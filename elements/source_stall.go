package elements

import (
	"time"

	"github.com/bips-ipc/bips/internal/gstglue"
)

// The element messages of a stall. Each of the first kind is followed by one of the second when a frame
// comes, of whichever producer, unless the source is stopped before.
const (
	stalledName = "bips-stalled"
	resumedName = "bips-resumed"
)

// tellStall tells that no frame has come for stall-timeout though the producer lives. A source that has told
// so, and got no frame since, does not tell it again, whatever else has happened meanwhile.
func (s *source) tellStall() {
	if !s.stalledSince.IsZero() {
		return
	}
	timeout := time.Duration(s.values.stallTimeout)
	s.stalledSince = time.Now().Add(-timeout)
	s.counts.stalls.Add(1)
	logf(gstglue.LevelWarning, s, "pool %q: no frame for %v, and its producer lives", s.values.pool, timeout)
	gstglue.PostOfPool(s, stalledName, s.values.pool, timeout)
}

// Resumed implements gstglue.Source: it tells that frames come again after a stall.
func (s *source) Resumed() {
	took := time.Since(s.stalledSince)
	s.stalledSince = time.Time{}
	logf(gstglue.LevelInfo, s, "pool %q: frames come again after %v", s.values.pool, took)
	gstglue.PostOfPool(s, resumedName, s.values.pool, took)
}
