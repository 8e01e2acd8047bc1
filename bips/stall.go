package bips

import (
	"fmt"
	"time"
)

// A stall is a producer that lives and publishes nothing. Consumers look for it only where they have
// found nothing to read and are about to sleep, so that frames pay nothing for it.

// stall is what a reader knows of the time in which there was nothing to read. It belongs to the
// thread that pulls, and begins anew with each attachment and at a resume. The zero stall is none.
type stall struct {
	last  uint64    // the sequence delivered last, as of since
	since time.Time // when nothing was found behind it for the first time; zero: that has not happened
	told  bool      // Pull has told of it
}

// look is called when there is nothing to read. It returns how long may be slept until a stall has to
// be told, at most limit, and whether that is now. A stream that has ended is not stalled.
func (s *stall) look(a *attachment, timeout, limit time.Duration) (left time.Duration, due bool) {
	if timeout <= 0 || a.owed == endTold {
		return limit, false
	}
	if s.since.IsZero() || s.last != a.last {
		*s = stall{last: a.last, since: time.Now()}
	}
	if s.told {
		return limit, false
	}
	left = timeout - time.Since(s.since)
	return min(left, limit), left <= 0
}

// slept is told of a sleep that should have taken so long and began at start. If it took much longer, the process
// was stopped (SIGSTOP, a frozen container), and its producer most likely with it: that is no stall.
func (s *stall) slept(start time.Time, limit time.Duration) {
	if s.since.IsZero() {
		return
	}
	if overslept := time.Since(start) - limit; overslept > stoppedFor {
		s.since = s.since.Add(overslept)
	}
}

// tell returns the error that tells of the stall, once.
func (s *stall) tell() error {
	s.told = true
	return fmt.Errorf("no frame for %v, and its producer lives: %w", time.Since(s.since).Round(time.Millisecond), ErrStalled)
}
