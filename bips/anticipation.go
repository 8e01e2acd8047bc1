package bips

import "time"

// Spinning is of use only while a frame is due, and most of the time none is: between two frames of
// a camera there are 33 ms. So a consumer that spins, and whose frames come at a steady pace, sleeps
// until shortly before the next one, and spins then. A consumer that does not spin gains nothing
// by waking early.
const (
	// anticipationLead is how long before a frame the consumer wakes. A timer may be late
	// by 50 us (prctl(2), PR_SET_TIMERSLACK), and Linux in a virtual machine keeps an idle
	// processor awake for 50 us and more (its governor haltpoll). 60 was the best of 30, 40,
	// 60, 80, 130 and 200.
	anticipationLead = 60 * time.Microsecond
	// Between frames that come closer than minPace the processor does not go to sleep, and
	// with one second between them one wake-up too late is no loss.
	minPace = 500 * time.Microsecond
	maxPace = time.Second
	// maxUnsteadiness is how far frames may come from when they were due, on average. Beyond
	// it, waking ahead of them would cost time and gain nothing.
	maxUnsteadiness = 100 * time.Microsecond
)

// pace guesses from the frames that came when the next one is due. The zero pace knows
// nothing. It is for one goroutine at a time.
type pace struct {
	sequence uint64
	at       time.Duration // when the frame sequence was published, on CLOCK_MONOTONIC
	// Moving averages over some eight frames; interval 0: unknown.
	interval     time.Duration
	unsteadiness time.Duration
}

// note takes a frame into account. What it is given comes from shared memory, and may be
// anything: the guess is then a bad one, and no more.
func (p *pace) note(sequence uint64, published time.Duration) {
	entries, since := sequence-p.sequence, published-p.at
	known := p.at != 0 && entries > 0 && entries < MaxSlots && since > 0
	p.sequence, p.at = sequence, published
	if !known {
		p.interval = 0
		return
	}
	interval := since / time.Duration(entries)
	switch {
	case interval < minPace || interval > maxPace:
		p.interval = 0
	case p.interval == 0:
		p.interval, p.unsteadiness = interval, maxUnsteadiness
	default:
		off := interval - p.interval
		p.interval += off / 8
		p.unsteadiness += (off.Abs() - p.unsteadiness) / 8
	}
}

// untilAnticipation is how long it is from now (CLOCK_MONOTONIC) to the moment to wake in;
// 0: there is none, because it is over or the pace is not steady.
func (p *pace) untilAnticipation(now time.Duration) time.Duration {
	if p.interval == 0 || p.unsteadiness >= maxUnsteadiness {
		return 0
	}
	return max(0, p.at+p.interval-anticipationLead-now)
}
