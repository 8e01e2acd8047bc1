package bips

import "time"

// deadline is a timeout turned into a point in time; the zero deadline is for ever.
type deadline struct {
	at      time.Time
	limited bool
}

func deadlineAfter(timeout time.Duration) deadline {
	if timeout < 0 {
		return deadline{}
	}
	return deadline{at: time.Now().Add(timeout), limited: true}
}

// atLeast is the deadline, or so long from now if that is later.
func (d deadline) atLeast(wait time.Duration) deadline {
	if soon := time.Now().Add(wait); d.limited && d.at.Before(soon) {
		d.at = soon
	}
	return d
}

// left returns how long may be waited at once, at most limit, and false when the time is over.
func (d deadline) left(limit time.Duration) (time.Duration, bool) {
	if !d.limited {
		return limit, true
	}
	left := time.Until(d.at)
	return min(left, limit), left > 0
}

// stoppedFor is by how much a wait must be too long to say that the process was stopped.
const stoppedFor = doorLimit

// A blockade measures for how long consumers have kept every slot from coming free. Time in which
// the process was stopped (SIGSTOP, a frozen container) does not count: those it waits for were
// most likely stopped with it. The zero blockade is none.
type blockade struct {
	since  time.Time // zero: there is none
	looked time.Time
}

func newBlockade() blockade {
	now := time.Now()
	return blockade{since: now, looked: now}
}

// look is called now and again, limit or less after the look before unless the process was stopped.
func (b *blockade) look(limit time.Duration) {
	if b.since.IsZero() {
		return
	}
	now := time.Now()
	if overslept := now.Sub(b.looked) - limit; overslept > stoppedFor {
		b.since = b.since.Add(overslept)
	}
	b.looked = now
}

// lasted is how long it had lasted at the last look.
func (b *blockade) lasted() time.Duration { return b.looked.Sub(b.since) }

// left is how long it still is from the last look until the blockade has lasted for a time-out, and false
// if it has. Negative time-outs are for ever.
func (b *blockade) left(timeout time.Duration) (time.Duration, bool) {
	if timeout < 0 || b.since.IsZero() {
		return bellLimit, true
	}
	left := timeout - b.looked.Sub(b.since)
	return left, left > 0
}
