package bips

import (
	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
)

// grant answers a seat that asks (G1 to G4): its holder may show so many pins, for as long as it has the
// seat. A seat's pins beyond its grant are nobody's (P2b), so what a hostile one asks or
// shows costs the others no more than the grant. Called with p.mu held.
func (p *Producer) grant(i int) {
	o, v := p.own, &p.own.views[i]
	most, least := layout.UnpackAsked(o.seats.seats[i].Asked.Load())
	if o.generations[i].Load() != v.seen {
		return // somebody else sits there now: at the next look
	}
	crashpoint.Hit("G1")
	pins := 0
	if 1 <= least && least <= most && most < MaxSlots {
		room := o.room(i)
		crashpoint.Hit("G2")
		if room < least {
			p.reclaimDead()
			if v.state != layout.SeatAsking {
				return // who asks is dead itself
			}
			o.forgetLeft()
			room = o.room(i)
			crashpoint.Hit("G3")
		}
		pins = share(room, most, least)
	}
	v.generation, v.pins, v.overdrawn = v.seen, pins, false
	o.pool.words[i].Granted.Store(layout.PackGrant(v.seen, uint32(pins)))
	crashpoint.Hit("G4a")
	o.ringBell()
	crashpoint.Hit("G4b")
}

// share is how many of the pins that are left a reader gets; 0: too few are left. Who is content with
// less than it asks for gets a third of them, so that those who come later find some too.
func share(room, most, least int) int {
	if room < least {
		return 0
	}
	return max(least, min(most, (room+2)/3))
}

// request is how many pins a reader asks for, at most and at least.
type request struct{ most, least int }

// requestOf is what the holder of a seat asked for, or says so.
func requestOf(seat *layout.Seat) request {
	most, least := layout.UnpackAsked(seat.Asked.Load())
	return request{min(most, MaxSlots), min(least, most, MaxSlots)}
}

// slotsFor is how many slots a pool needs, at least from, so that a reader is granted wanted pins when it comes after others; more than MaxSlots:
// no pool has so many. Those others share anew what the larger pool has, so that to add what is missing is not enough.
func slotsFor(from int, others []request, own request, wanted int) int {
	for slots := from; slots <= MaxSlots; slots++ {
		g := geometry{slots: slots}
		room := g.pinnable()
		for _, other := range others {
			room -= share(room, other.most, other.least)
		}
		if share(room, own.most, own.least) >= wanted {
			return slots
		}
	}
	return MaxSlots + 1
}

// room is how many pins can be granted to seat i beside the other seats (G2).
func (o *ownPool) room(i int) int {
	return o.pool.pinnable() - o.granted() + o.views[i].pins
}

// granted is the sum of all grants.
func (o *ownPool) granted() (sum int) {
	for i := range o.views {
		sum += o.views[i].pins
	}
	return sum
}

// forgetLeft ends the grants of those who have left since the last look.
func (o *ownPool) forgetLeft() {
	for i, seat := range o.seats.seats {
		if v := &o.views[i]; !v.place.pending && seat.State.Load() == layout.SeatFree {
			v.forgetGrant()
		}
	}
}

func (v *seatView) forgetGrant() { v.generation, v.pins, v.overdrawn = 0, 0, false }
