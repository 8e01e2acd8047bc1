package bips

import (
	"runtime/debug"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// demand is what an empty slot is wanted for.
type demand int

const (
	// forUpstream keeps one slot back besides the newest entry's and the consumers'
	// quotas, and never applies the overflow policy.
	forUpstream demand = iota
	// forFrame may take the last slot and applies the overflow policy.
	forFrame
	// forEnd is forFrame for the end of the stream, which is never dropped.
	forEnd
	// forReserve is forUpstream with the policy Block: the caller has time to wait.
	forReserve
)

// scanResult is what a scan found.
type scanResult struct {
	slot   int    // -1: none
	oldest uint64 // lowest sequence that nothing but some consumer's wish keeps; ^0: none
	full   bool   // upstream has all the slots that it may have
}

// acquire finds an empty slot and lends it (P1 to P4).
func (p *Producer) acquire(d demand, timeout time.Duration) (_ Slot, err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	slot, remembered, err := p.tryAcquire(d, p.blockTimeout.Load() != 0)
	if err != errNothingFree {
		return slot, err
	}
	if err := p.enter(); err != nil {
		return Slot{}, err
	}
	defer p.leave()
	limit, blocked := deadlineAfter(timeout), newBlockade()
	for {
		wait, ok := limit.left(doorLimit)
		if !ok {
			return Slot{}, p.errTimeout
		}
		if left, ok := blocked.left(p.patience()); ok {
			wait = min(wait, left)
		}
		p.door.wait(remembered, wait)
		blocked.look(wait)
		_, patient := blocked.left(p.patience())
		if slot, remembered, err = p.tryAcquire(d, patient); err != errNothingFree {
			return slot, err
		}
	}
}

// tryAcquire is one round: it scans, reclaims and applies the policy until there is
// a slot or nothing but waiting is left (errNothingFree).
func (p *Producer) tryAcquire(d demand, patient bool) (_ Slot, remembered uint32, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.judgements = 0
	for round := 0; ; round++ {
		if err := p.interrupted(); err != nil {
			return Slot{}, 0, err
		}
		if slot := p.reserved; slot.Data != nil && d != forReserve {
			p.reserved = Slot{}
			return slot, 0, nil
		}
		remembered = p.door.look() // P4a
		crashpoint.Hit("P4a")
		found := p.scan(d)
		switch {
		case found.slot >= 0:
			return p.lend(found.slot), 0, nil
		case found.full && d == forReserve:
			return Slot{}, 0, errAllUpstream
		case found.full:
			p.watched = true
			return Slot{}, remembered, errNothingFree
		// P4b, P4c. Seats that show something again and again although nobody holds them are
		// being written to by somebody hostile: then we wait like for anything else.
		case round <= len(p.views) && p.reclaimIfDue():
			crashpoint.Hit("P4c")
		case d == forFrame && p.overflow == Drop:
			if p.droppedForTooLong() && p.demoteBlockers(found.oldest) { // P4d
				continue
			}
			p.countDropped()
			crashpoint.Hit("P4d")
			return Slot{}, 0, ErrDropped
		case d != forUpstream && !patient && p.demoteBlockers(found.oldest): // P4d
		default:
			p.watched = true
			return Slot{}, remembered, errNothingFree
		}
	}
}

// patience is BlockTimeout as it is now.
func (p *Producer) patience() time.Duration { return time.Duration(p.blockTimeout.Load()) }

// droppedForTooLong reports whether consumers have kept slots from coming free for BlockTimeout,
// with the policy Drop. Called with p.mu held, when no slot is free.
func (p *Producer) droppedForTooLong() bool {
	if p.dropping.since.IsZero() {
		p.dropping = newBlockade()
	}
	p.dropping.look(houseLimit) // the housekeeper looks, too
	_, patient := p.dropping.left(p.patience())
	return !patient
}

// interrupted says why no wait may go on. Called with p.mu held.
func (p *Producer) interrupted() error {
	switch {
	case p.closed:
		return ErrClosed
	case p.flushing:
		return ErrFlushing
	}
	return nil
}

// scan looks for a slot that nobody needs, oldest entry first (P1, P2). The one it
// finds is invalid and the producer's. Called with p.mu held.
func (p *Producer) scan(d demand) scanResult {
	found := scanResult{slot: -1, oldest: ^uint64(0)}
	minCursor, quotas := p.lookAtSeats()
	if d == forUpstream || d == forReserve {
		if p.upstreamIsFull(quotas) {
			found.full = true
			return found
		}
	}
	tried := p.lent
	if mutant("unlend-early") {
		tried &^= p.pushed
	}
	for {
		candidate, oldest := p.candidate(tried, minCursor)
		if candidate < 0 {
			found.oldest = oldest
			return found
		}
		sequence := &p.pool.records[candidate].Sequence
		if !mutant("no-invalidate") {
			sequence.Store(0) // P2a: invalidate before the look at the pins. Dekker pair with C7.
		}
		crashpoint.Hit("P2a")
		pinned := p.isPinned(candidate)
		crashpoint.Hit("P2b")
		if !pinned {
			p.sequences[candidate] = 0
			found.slot = candidate
			return found
		}
		sequence.Store(p.sequences[candidate]) // P2c
		crashpoint.Hit("P2c")
		tried |= 1 << candidate
	}
}

// candidate picks the slot with the lowest sequence that is not in tried, not the
// newest entry, and not wanted any more; empty slots first. oldest is the lowest
// sequence that is still wanted, of the slots not in tried: when there is no
// candidate left, those are neither lent nor pinned.
func (p *Producer) candidate(tried, minCursor uint64) (slot int, oldest uint64) {
	slot, oldest = -1, ^uint64(0)
	best := ^uint64(0)
	for i, sequence := range p.sequences[:p.pool.slots] {
		if tried&(1<<i) != 0 || (sequence != 0 && sequence == p.head && !mutant("take-newest")) {
			continue
		}
		switch {
		case sequence != 0 && sequence >= minCursor:
			oldest = min(oldest, sequence)
		case sequence < best:
			slot, best = i, sequence
		}
	}
	return slot, oldest
}

// lend gives a slot that scan found to the caller. Called with p.mu held.
func (p *Producer) lend(slot int) Slot {
	if !p.dropping.since.IsZero() {
		p.dropping = blockade{}
	}
	p.lent |= 1 << slot
	p.pushed &^= 1 << slot
	p.loans[slot]++
	return Slot{Data: p.pool.slot(slot), index: slot, loan: p.loans[slot]}
}

// publish makes a lent slot the newest entry (P3). Called with p.mu held.
func (p *Producer) publish(slot int, kind uint32, f *FrameInfo) uint64 {
	sequence := p.head + 1
	record := p.pool.records[slot]
	if mutant("sequence-early") {
		record.Sequence.Swap(sequence)
		crashpoint.Pause()
	}
	record.Kind = kind
	record.CapsIndex, record.CapsVersion = uint32(p.capsIndex), p.capsVersion
	record.Size = uint64(f.Size)
	record.PTS, record.DTS = f.PTS.Nanoseconds(), f.DTS.Nanoseconds()
	record.Duration = f.Duration.Nanoseconds()
	record.CaptureTime = f.CaptureTime.Nanoseconds()
	record.Offset, record.OffsetEnd, record.Flags = f.Offset, f.OffsetEnd, f.Flags
	record.MetaLength = uint32(copy(p.pool.meta(slot), f.Meta))
	record.PlaneCount = uint32(f.Planes.Count)
	if f.Planes.Count > 0 { // else nobody reads them, and they would cost a cache line
		record.PlaneStride, record.PlaneOffset = f.Planes.Stride, f.Planes.Offset
	}
	record.Dropped = p.stats.Dropped
	record.PublishTime.Store(uint64(sys.Monotonic()))
	p.slotCaps[slot] = p.capsIndex
	crashpoint.Hit("P3a")
	if mutant("head-early") {
		p.pool.header.Head.Store(sequence)
		crashpoint.Pause()
	}

	// P3b: an exchange, which orders the payload's stores before it even if they were
	// non-temporal ones.
	record.Sequence.Swap(sequence)
	crashpoint.Hit("P3b")
	p.pool.entry(sequence).Store(layout.PackRing(sequence, slot, kind)) // P3c
	crashpoint.Hit("P3c")
	p.pool.header.Head.Store(sequence) // P3d
	crashpoint.Hit("P3d")
	p.head, p.sequences[slot] = sequence, sequence
	p.pushed |= 1 << slot
	p.stats.Published++
	ringBell(p.pool.header, p.seats.seats) // P3e, P3f
	return sequence
}

// setState tells consumers that the pool's state changed.
func (p *Producer) setState(state uint32) {
	p.pool.header.State.Store(state)
	crashpoint.Hit("Q1")
	ringBell(p.pool.header, p.seats.seats)
}
