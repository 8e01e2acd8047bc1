package bips

import (
	"math/bits"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
)

// seatView is what the producer knows of a seat, in private memory.
type seatView struct {
	// generation is whom quota was copied from.
	generation uint32
	// quota is how many pins the producer honours.
	quota int
	// verdict is layout.VerdictDemoted or layout.VerdictBanned, or 0. A demotion ends when the seat
	// no longer wants every entry (D6), a ban with the seat's reclaim and nowhere else.
	verdict uint32

	// What the last look showed, and of whom:
	seen   uint32
	state  uint32
	cursor uint64
}

// wantsEvery reports whether entries from cursor on must be kept.
func (v *seatView) wantsEvery() bool { return v.state == layout.SeatEvery && v.verdict == 0 }

// seated reports whether somebody reads from the seat.
func (v *seatView) seated() bool {
	return v.state == layout.SeatLatest || v.state == layout.SeatEvery
}

// lookAtSeats takes a view of each seat (P1) and returns the lowest sequence that
// a consumer still wants, and the sum of the quotas granted. Called with p.mu held.
func (p *Producer) lookAtSeats() (minCursor uint64, quotas int) {
	newcomers := p.viewSeats()
	for ; newcomers != 0; newcomers &= newcomers - 1 {
		p.grant(bits.TrailingZeros64(newcomers))
	}
	minCursor = ^uint64(0)
	for i := range p.views {
		v := &p.views[i]
		if v.wantsEvery() {
			minCursor = min(minCursor, v.cursor)
		}
		quotas += v.quota
	}
	return minCursor, quotas
}

// viewSeats looks at each seat once, ends the grants of those who left or are banned, and returns
// the set of seats whose holder has no grant yet.
func (p *Producer) viewSeats() (newcomers uint64) {
	for i, seat := range p.seats.seats {
		v := &p.views[i]
		generation := p.lookAtSeat(seat, v)
		if v.verdict == layout.VerdictDemoted && v.state != layout.SeatEvery {
			v.verdict = 0
			p.pool.words[i].Verdict.Store(0) // D6: its holder knows; or is gone, which is as well
			crashpoint.Hit("D6")
		}
		switch {
		case v.state == layout.SeatFree, v.verdict == layout.VerdictBanned:
			v.quota = 0
		case v.generation != generation:
			v.quota = 0
			newcomers |= 1 << i
		}
	}
	return newcomers
}

// lookAtSeat reads state and cursor of one and the same holder (P1a to P1e). A
// holder that changes its generation at will gets the benefit of the third look.
func (p *Producer) lookAtSeat(seat *layout.Seat, v *seatView) (generation uint32) {
	for range 3 {
		generation = seat.Generation.Load()
		crashpoint.Hit("P1a")
		v.state = seat.State.Load()
		crashpoint.Hit("P1b")
		v.cursor = seat.Cursor.Load()
		crashpoint.Hit("P1c")
		if seat.Generation.Load() == generation {
			crashpoint.Hit("P1e")
			break
		}
	}
	v.seen = generation
	return generation
}

// grant copies the quota of a seat's new holder, once (P1f): what it writes later
// changes nothing. Joiners refuse themselves when the pool has no room for them, so
// an honest one fits; who wrote a larger number gets what is left.
func (p *Producer) grant(i int) {
	seat, v := p.seats.seats[i], &p.views[i]
	generation, quota := seat.Generation.Load(), int(seat.Quota.Load()) // P1d
	crashpoint.Hit("P1d")
	if quota > p.room(i) && !mutant("grant-cut") {
		// One who was admitted before may have died or left since it was looked at, and
		// somebody who is just joining may have its seat, and not have cleaned it yet.
		p.reclaimDead()
		joining, err := p.files.seats.IsLocked(layout.AdmissionLock)
		p.viewSeats()
		if quota > p.room(i) && joining && err == nil {
			return // still a newcomer, whose pins are honoured, to be judged by no less than it asked for
		}
	}
	v.generation, v.quota = generation, max(0, min(quota, p.room(i)))
	p.pool.words[i].Granted.Store(layout.PackGrant(generation, uint32(v.quota)))
	crashpoint.Hit("P1f")
}

// room is how many pins the pool can grant to seat i beside the other seats.
func (p *Producer) room(i int) int {
	room := p.pool.pinnable()
	for j := range p.views {
		if j != i {
			room -= p.views[j].quota
		}
	}
	return room
}

// isPinned reports whether any consumer reads slot i (P2b). The slot's sequence is
// invalid when this is called: a pin that comes later finds that out. Called with p.mu held.
func (p *Producer) isPinned(slot int) bool {
	for i, seat := range p.seats.seats {
		before := seat.Generation.Load()
		pins := seat.Pins.Load()
		if pins == 0 {
			continue
		}
		v := &p.views[i]
		if v.verdict != layout.VerdictBanned && bits.OnesCount64(pins) > v.quota && seat.Generation.Load() == before {
			p.judgePins(i, seat, v, before, bits.OnesCount64(pins))
		}
		if v.verdict != layout.VerdictBanned && pins&(1<<slot) != 0 {
			return true
		}
	}
	return false
}

// judgePins bans a seat that shows more pins than it was granted (D1). Somebody
// may have sat down since the last look: then the quota is not the holder's, and its
// pins are honoured.
func (p *Producer) judgePins(i int, seat *layout.Seat, v *seatView, generation uint32, pins int) {
	known := generation == v.generation && v.state != layout.SeatFree
	if known || pins > p.pool.pinnable() { // more than anybody may have
		if p.judge(i, seat, v, generation, layout.VerdictBanned) {
			p.stats.Banned++
		}
	}
}

// judge puts a verdict on a seat (D2 to D5), and takes it back when somebody else
// turns out to sit there. It reports whether the verdict stands.
func (p *Producer) judge(i int, seat *layout.Seat, v *seatView, generation, verdict uint32) bool {
	if p.judgements >= 3 { // a holder that changes its generation at will must not keep us
		return false
	}
	word := &p.pool.words[i].Verdict
	crashpoint.Hit("D1")
	v.verdict = verdict                                 // from here on: after a fault the reclaim has to find what is in the word
	word.Store(layout.PackVerdict(generation, verdict)) // D2
	crashpoint.Hit("D2")
	if seat.Generation.Load() != generation { // D3
		word.Store(0)
		v.verdict = 0
		p.judgements++
		return false
	}
	crashpoint.Hit("D3")
	ringBell(p.pool.header, p.seats.seats) // D4
	ringDoor(p.seats.header)               // as in reclaimDead
	crashpoint.Hit("D4")
	if verdict == layout.VerdictBanned { // D5: its pins hold nobody up, so it takes no room
		v.quota = 0
		p.pool.words[i].Granted.Store(0)
	}
	return true
}

// demoteBlockers demotes each consumer that still wants the oldest entry (D1), and
// reports whether there was any. Called with p.mu held.
func (p *Producer) demoteBlockers(oldest uint64) (demoted bool) {
	if oldest == ^uint64(0) {
		return false // what is not free is lent or pinned: nobody's wish keeps it
	}
	for i, seat := range p.seats.seats {
		v := &p.views[i]
		if v.wantsEvery() && v.cursor <= oldest &&
			p.judge(i, seat, v, v.seen, layout.VerdictDemoted) {
			p.stats.Demoted = p.demotions.Add(1)
			p.stats.LastDemoted = int(seat.PID.Load())
			demoted = true
		}
	}
	return demoted
}

// reclaimIfDue is reclaimDead, unless that was done just now: it takes a system call
// for each seat that is taken, and under back-pressure no slot is free most of the time.
func (p *Producer) reclaimIfDue() (reclaimed bool) {
	if time.Since(p.lastReclaim) < reclaimPause {
		return false
	}
	reclaimed = p.reclaimDead()
	if !reclaimed {
		p.lastReclaim = time.Now()
	}
	crashpoint.Hit("P4b")
	return reclaimed
}

// reclaimDead takes back the seats of dead consumers, and reports whether there
// was any: then the scan must start again, because nobody else will ring. Called
// with p.mu held.
func (p *Producer) reclaimDead() (reclaimed bool) {
	for i, seat := range p.seats.seats {
		if !p.isClean(i, seat) && p.reclaimSeat(i, seat) {
			reclaimed = true
		}
	}
	if reclaimed {
		ringDoor(p.seats.header) // other threads of ours may wait for what became free
	}
	return reclaimed
}

// reclaimSeat takes back one seat, and reports whether it could: its holder is dead.
func (p *Producer) reclaimSeat(i int, seat *layout.Seat) bool {
	lock := layout.SeatLockBase + int64(i)
	if dead, err := p.claimDead(lock); err != nil || !dead {
		return false
	}
	defer func() { // also after a fault: nobody could sit there any more
		_ = p.files.seats.Unlock(lock) // R6
		crashpoint.Hit("R6")
	}()
	crashpoint.Hit("R1")
	seat.State.Store(layout.SeatFree) // R2
	crashpoint.Hit("R2")
	if !mutant("keep-pins") {
		seat.Pins.Store(0) // R3
	}
	crashpoint.Hit("R3")
	seat.Waiting.Store(0) // R4a
	crashpoint.Hit("R4a")
	seat.Quota.Store(0) // R4b
	crashpoint.Hit("R4b")
	p.views[i] = seatView{generation: seat.Generation.Load()}
	p.pool.words[i].Granted.Store(0)
	p.pool.words[i].Verdict.Store(0) // R5
	crashpoint.Hit("R5")
	p.stats.Reclaimed++
	return true
}

// claimDead takes the lock of a seat whose holder is dead (R1): that is both the test
// and the claim. A probe would not do: between it and the cleaning a new consumer
// could sit down, and would lose its pins.
func (p *Producer) claimDead(lock int64) (bool, error) {
	if mutant("reclaim-by-probe") {
		locked, err := p.files.seats.IsLocked(lock)
		for range 200 { // joiners are few
			crashpoint.Pause()
		}
		return !locked, err
	}
	return p.files.seats.TryLock(lock)
}

// isClean reports whether a seat shows nothing that would have to be reclaimed.
func (p *Producer) isClean(i int, seat *layout.Seat) bool {
	return seat.State.Load() == layout.SeatFree && seat.Pins.Load() == 0 && seat.Waiting.Load() == 0 &&
		seat.Quota.Load() == 0 && p.views[i].verdict == 0
}

// seatedCount is how many seats are read from now. Called with p.mu held.
func (p *Producer) seatedCount() (n int) {
	p.lookAtSeats()
	for i := range p.views {
		if p.views[i].seated() {
			n++
		}
	}
	return n
}
