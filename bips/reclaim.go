package bips

import (
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
)

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
	o := p.own
	for i, seat := range o.seats.seats {
		if !o.views[i].place.pending && !o.isClean(i) && o.reclaim(i, func() {
			seat.Waiting.Store(0)
			o.views[i] = seatView{keyFrames: o.views[i].keyFrames}
			o.pool.words[i].Granted.Store(0) // R4
			crashpoint.Hit("R4")
			o.pool.words[i].Verdict.Store(0) // R5
			crashpoint.Hit("R5")
		}) {
			p.stats.Reclaimed++
			reclaimed = true
		}
	}
	if old := o.before; old != nil {
		for i, seat := range old.seats.seats { // grants and verdicts are those of the seats in the new pool
			if seat.State.Load() != layout.SeatFree {
				old.reclaim(i, func() {})
			}
		}
	}
	if reclaimed {
		o.door.ring() // other threads of ours may wait for what became free
	}
	return reclaimed
}

// reclaim takes back one seat, and reports whether it could: its holder is dead (R1).
func (o *ownPool) reclaim(i int, forget func()) bool {
	release, dead := o.backing.seizeDead(i)
	if !dead {
		return false
	}
	defer func() { // also after a fault: nobody could sit there any more
		release() // R6
		crashpoint.Hit("R6")
	}()
	crashpoint.Hit("R1")
	seat := o.seats.seats[i]
	seat.State.Store(layout.SeatFree) // R2
	crashpoint.Hit("R2")
	seat.Pins.Store(0) // R3
	crashpoint.Hit("R3")
	forget()
	return true
}

// isClean reports whether a seat shows nothing that would have to be reclaimed.
func (o *ownPool) isClean(i int) bool {
	seat := o.seats.seats[i]
	return seat.State.Load() == layout.SeatFree && seat.Pins.Load() == 0 && seat.Waiting.Load() == 0 && !o.views[i].demoted
}
