package bips

import (
	"errors"
	"math/bits"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// What a round of looking for a slot can end with, besides a slot.
var (
	// errNothingFree: no slot now; wait for the door.
	errNothingFree = errors.New("no slot is free")
	// errAllUpstream: upstream has all it may have; waiting for consumers is no use.
	errAllUpstream = errors.New("all slots are upstream")
)

// demand is what an empty slot is wanted for.
type demand int

const (
	// forUpstream keeps one slot back besides the newest entry's and the consumers'
	// quotas, and never applies the overflow policy.
	forUpstream demand = iota
	// forFrame may take the last slot and applies the overflow policy.
	forFrame
	// forReserve is forUpstream with the policy Block: the caller has time to wait.
	forReserve
)

// scanResult is what a scan found.
type scanResult struct {
	slot   int    // -1: none
	oldest uint64 // lowest sequence that nothing but some consumer's wish keeps; ^0: none
	full   bool   // upstream has all the slots that it may have
}

// doorLook is the value that a pool's doors had before a look that found nothing.
type doorLook struct {
	own   *ownPool
	value uint64
}

// acquire finds an empty slot and lends it (P1 to P4).
func (p *Producer) acquire(d demand, timeout time.Duration) (_ Slot, err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	slot, looked, err := p.tryAcquire(d, p.blockTimeout.Load() != 0)
	if err != errNothingFree {
		return slot, err
	}
	limit, w, door := deadlineAfter(timeout), p.resumeWait(), doorWait{p: p}
	forConsumers := d != forUpstream // which waits for its own slots, too
	if forConsumers {
		defer func() { p.waited.Add(int64(w.lasted())) }()
	}
	if _, patient := w.blocked.left(p.patience()); !patient && w.before > 0 {
		if slot, looked, err = p.tryAcquire(d, false); err != errNothingFree {
			return slot, err
		}
	}
	for {
		wait, ok := limit.left(doorLimit)
		if !ok {
			if forConsumers {
				p.leaveWait(&w)
			}
			return Slot{}, p.errTimeout
		}
		if left, ok := w.blocked.left(p.patience()); ok {
			wait = min(wait, left)
		}
		door.sleep(looked, wait)
		p.lookAtWait(&w, wait)
		_, patient := w.blocked.left(p.patience())
		if slot, looked, err = p.tryAcquire(d, patient); err != errNothingFree {
			return slot, err
		}
	}
}

// slotWait is one call's wait for a slot. The blockade may have begun in calls before it: whoever waits in many short calls, or only looks,
// waits for no longer than who waits in one. Of more than 100 ms between two calls 50 ms count.
type slotWait struct {
	blocked blockade
	turns   uint64        // p.turns when it began
	before  time.Duration // how long it had lasted when this call began
	over    time.Duration // for how long this call waited in blockades before it
}

// lasted is for how long this call has waited.
func (w *slotWait) lasted() time.Duration { return w.over + w.blocked.lasted() - w.before }

// resumeWait begins a call's wait, with the blockade that the last one left.
func (p *Producer) resumeWait() slotWait {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := slotWait{blocked: p.blocked, turns: p.turns}
	if w.blocked.since.IsZero() {
		w.blocked = newBlockade()
	}
	w.blocked.look(doorLimit)
	w.before = w.blocked.lasted()
	return w
}

// lookAtWait is the blockade's look, at most limit after the one before. It begins anew where consumers did not keep all slots meanwhile: also
// when another thread got the one that came free.
func (p *Producer) lookAtWait(w *slotWait, limit time.Duration) {
	w.blocked.look(limit)
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.turns != p.turns {
		*w = slotWait{blocked: newBlockade(), turns: p.turns, over: w.lasted()}
	}
}

// leaveWait keeps the blockade for the call that follows.
func (p *Producer) leaveWait(w *slotWait) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.turns == p.turns {
		p.blocked = w.blocked
	}
}

// endBlockade notes that consumers do not keep all slots from coming free. Called with p.mu held.
func (p *Producer) endBlockade() {
	p.turns++
	if !p.blocked.since.IsZero() {
		p.blocked = blockade{}
	}
}

// doorWait is one wait for something that consumers can bring about.
type doorWait struct {
	p     *Producer
	rings int // that came within ringPause, one behind the other, and brought nothing about
}

const (
	// freeRings is how often consumers may ring for nothing, each time within ringPause. After that the producer looks twice in
	// ringPause at most: where each consumer has a door of its own, none of them has to be trusted.
	freeRings = 8
	ringPause = time.Millisecond
)

// sleep sleeps until a door rings after the look, unless the pool is over by then.
func (w *doorWait) sleep(looked doorLook, limit time.Duration) {
	var words doorWords
	if !w.p.enter(looked.own, &words) {
		return
	}
	defer w.p.leave(looked.own)
	if w.rings == freeRings && looked.own.backing.alone() {
		w.rings--
		sys.Sleep(min(limit, ringPause))
		return
	}
	start := time.Now()
	looked.own.door.wait(&words, looked.value, limit)
	if time.Since(start) < min(limit, ringPause) {
		w.rings = min(w.rings+1, freeRings)
	} else {
		w.rings = 0
	}
}

// tryAcquire is one round: it scans, reclaims and applies the policy until there is
// a slot or nothing but waiting is left (errNothingFree).
func (p *Producer) tryAcquire(d demand, patient bool) (_ Slot, looked doorLook, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.judgements = 0
	for round := 0; ; round++ {
		if err := p.interrupted(); err != nil {
			return Slot{}, looked, err
		}
		if slot := p.reserved; slot.Data != nil && d != forReserve {
			p.reserved = Slot{}
			return slot, looked, nil
		}
		looked = doorLook{p.own, p.own.door.look()} // P4a
		crashpoint.Hit("P4a")
		found := p.scan(d)
		switch {
		case found.slot >= 0:
			return p.lend(found.slot), looked, nil
		case found.full && d == forReserve:
			return Slot{}, looked, errAllUpstream
		case found.full:
			p.watched = true
			return Slot{}, looked, errNothingFree
		// P4b, P4c. Seats that show something again and again although nobody holds them are
		// being written to by somebody hostile: then we wait like for anything else.
		case round <= len(p.own.views) && p.reclaimIfDue():
			crashpoint.Hit("P4c")
		case d == forFrame && p.overflow == Drop:
			if p.droppedForTooLong() && p.demoteBlockers(found.oldest) { // P4d
				continue
			}
			p.countDropped()
			crashpoint.Hit("P4d")
			return Slot{}, looked, ErrDropped
		case d != forUpstream && !patient && p.demoteBlockers(found.oldest): // P4d
		default:
			if found.oldest == ^uint64(0) { // nobody is behind
				p.endBlockade()
			}
			p.watched = true
			return Slot{}, looked, errNothingFree
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

// usable says why the pool is over. Called with p.mu held.
func (p *Producer) usable() error {
	if p.closed {
		return ErrClosed
	}
	return p.failure
}

// interrupted says why no wait may go on. Called with p.mu held.
func (p *Producer) interrupted() error {
	if err := p.usable(); err != nil {
		return err
	}
	if p.flushing {
		return ErrFlushing
	}
	return nil
}

// scan looks for a slot that nobody needs, oldest frame first (P1, P2). The one it
// finds is invalid and the producer's. Called with p.mu held.
func (p *Producer) scan(d demand) scanResult {
	o := p.own
	found := scanResult{slot: -1, oldest: ^uint64(0)}
	minCursor := p.readSeats()
	if (d == forUpstream || d == forReserve) && o.upstreamIsFull() {
		found.full = true
		return found
	}
	tried := o.lent
	for {
		candidate, oldest := p.candidate(tried, minCursor)
		if candidate < 0 {
			found.oldest = oldest
			return found
		}
		sequence := &o.pool.records[candidate].Sequence
		sequence.Store(0) // P2a: invalidate before the look at the pins. Dekker pair with C7.
		crashpoint.Hit("P2a")
		pinned := p.isPinned(candidate)
		crashpoint.Hit("P2b")
		if !pinned {
			o.sequences[candidate] = 0
			found.slot = candidate
			return found
		}
		sequence.Store(o.sequences[candidate]) // P2c
		crashpoint.Hit("P2c")
		tried |= 1 << candidate
	}
}

// readSeats takes a view of each seat (P1), answers those that ask, and returns the lowest
// sequence that a consumer still needs. Called with p.mu held.
func (p *Producer) readSeats() (minCursor uint64) {
	o := p.own
	minCursor = ^uint64(0)
	if o.pending > 0 && p.lookAfterPlaces() {
		minCursor = o.pool.first // K3
	}
	var asking uint64
	for i, seat := range o.seats.seats {
		v := &o.views[i]
		v.look(seat, o.generations[i])
		if v.state == layout.SeatFree && v.generation == 0 && !v.demoted {
			continue
		}
		if !v.place.pending {
			if v.demoted && v.state != layout.SeatEvery && v.state != layout.SeatJoining {
				o.endDemotion(i) // D5
			}
			switch {
			case v.state == layout.SeatFree:
				v.forgetGrant()
			case v.state == layout.SeatAsking && v.generation != v.seen && !o.backing.alone(): // else it asks over its connection
				asking |= 1 << i
			}
		}
		if v.wantsEvery() {
			minCursor = min(minCursor, v.cursor)
		}
	}
	for ; asking != 0; asking &= asking - 1 {
		p.grant(bits.TrailingZeros64(asking))
	}
	return minCursor
}

// look reads state and cursor of one and the same holder (P1a to P1d). A
// holder that changes its generation at will gets the benefit of the third look.
func (v *seatView) look(seat *layout.Seat, generation *atomic.Uint32) {
	for range 3 {
		v.seen = generation.Load()
		crashpoint.Hit("P1a")
		v.state = seat.State.Load()
		crashpoint.Hit("P1b")
		if v.state == layout.SeatFree {
			return // it has no cursor
		}
		v.cursor = seat.Cursor.Load()
		crashpoint.Hit("P1c")
		if generation.Load() == v.seen {
			crashpoint.Hit("P1d")
			return
		}
	}
}

// candidate picks the slot with the lowest sequence that is not in tried, not the
// newest frame's, and not needed any more; empty slots first. oldest is the lowest
// sequence that is still needed, of the slots not in tried: when there is no
// candidate left, those are neither lent nor pinned.
func (p *Producer) candidate(tried, minCursor uint64) (slot int, oldest uint64) {
	slot, oldest = -1, ^uint64(0)
	best := ^uint64(0)
	for i, sequence := range p.own.sequences[:p.own.pool.slots] {
		if tried&(1<<i) != 0 || (sequence != 0 && sequence == p.head) {
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

// isPinned reports whether any consumer reads a slot (P2b). The slot's sequence is
// invalid when this is called: a pin that comes later finds that out. A seat that shows more pins than it
// was granted is not a reader's that keeps to the protocol, and none of them counts. Called with p.mu held.
func (p *Producer) isPinned(slot int) bool {
	for i, seat := range p.own.seats.seats {
		pins := seat.Pins.Load()
		switch v := &p.own.views[i]; {
		case pins == 0:
		case onesCount(pins) > v.pins:
			if !v.overdrawn {
				v.overdrawn = true
				p.stats.Overdrawn++
			}
		case pins&(1<<slot) != 0:
			return true
		}
	}
	return false
}

// upstreamIsFull reports whether all slots are lent but those that stay back: the
// newest frame's, one for a frame that must be copied, and what is granted.
func (o *ownPool) upstreamIsFull() bool { return onesCount(o.lent) >= o.pool.slots-2-o.granted() }

// lend gives a slot that scan found to the caller. Called with p.mu held.
func (p *Producer) lend(slot int) Slot {
	if !p.dropping.since.IsZero() {
		p.dropping = blockade{}
	}
	p.endBlockade()
	o := p.own
	o.lent |= 1 << slot
	o.published &^= 1 << slot
	o.loans[slot]++
	return Slot{Data: o.pool.slot(slot), index: slot, loan: o.loans[slot], own: o}
}

// publish makes a lent slot the newest frame (P3). Called with p.mu held.
func (p *Producer) publish(slot int, f *FrameInfo) uint64 {
	o := p.own
	sequence := p.head + 1
	record := o.pool.records[slot]
	record.Stream = p.ended
	record.CapsIndex, record.CapsVersion = uint32(o.capsIndex), o.capsVersion
	record.Size = uint64(f.Size)
	record.PTS, record.DTS = f.PTS.Nanoseconds(), f.DTS.Nanoseconds()
	record.Duration = f.Duration.Nanoseconds()
	record.CaptureTime = f.CaptureTime.Nanoseconds()
	record.Offset, record.OffsetEnd, record.Flags = f.Offset, f.OffsetEnd, f.Flags
	record.MetaLength = uint32(copy(o.pool.meta(slot), f.Meta))
	record.PlaneCount = uint32(f.Planes.Count)
	if f.Planes.Count > 0 { // else nobody reads them, and they would cost a cache line
		record.PlaneStride, record.PlaneOffset = f.Planes.Stride, f.Planes.Offset
	}
	record.Dropped = p.stats.Dropped
	record.PublishTime.Store(uint64(sys.Monotonic()))
	o.slotCaps[slot] = o.capsIndex
	crashpoint.Hit("P3a")

	// P3b: an exchange, which orders the payload's stores before it even if they were
	// non-temporal ones.
	record.Sequence.Swap(sequence)
	crashpoint.Hit("P3b")
	o.pool.entry(sequence).Store(layout.PackRing(sequence, slot)) // P3c
	crashpoint.Hit("P3c")
	o.pool.header.Head.Store(sequence) // P3d
	crashpoint.Hit("P3d")
	p.head, o.sequences[slot] = sequence, sequence
	o.published |= 1 << slot
	p.stats.Published++
	o.ringBell() // P3e, P3f
	return sequence
}
