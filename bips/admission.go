package bips

import (
	"fmt"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/wire"
)

// unseatedLimit is how old a grant may be whose reader has not said that it is ready, before somebody else gets it who
// would find nothing.
const unseatedLimit = 50 * time.Millisecond

// seatGuest finds a seat and grants pins (O2), as G does. The seat is not the reader's yet: it is shown as asking by private
// memory.
func (p *Producer) seatGuest(g *guest, hello *wire.Hello) (wire.Grant, *ownPool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.usable() != nil {
		return wire.Grant{}, nil, &refusal{wire.Closing, 100 * time.Millisecond, "the producer ends"}
	}
	p.readSeats() // who has left needs its pins no more
	for {
		err := p.trySeat(g, hello)
		if err == nil {
			break
		}
		if !g.reception.dismissSlow() {
			return wire.Grant{}, nil, err
		}
	}
	o, v := p.own, &p.own.views[g.seat]
	grant := wire.Grant{
		Instance: o.pool.instance, PoolSize: o.pool.segmentSize, SeatSize: seatMemorySize, Seat: uint32(g.seat),
		Generation: g.generation, Granted: uint32(v.pins), Required: layout.KnownRequired,
	}
	if most, least := int(hello.Wanted), int(hello.Least); v.pins < most {
		if slots := slotsFor(o.pool.slots+1, o.requests(g.seat), request{most, least}, most); slots <= MaxSlots {
			grant.SlotsForMost = uint32(slots)
		}
	}
	return grant, o, nil
}

// trySeat is one try.
func (p *Producer) trySeat(g *guest, hello *wire.Hello) error {
	o, r := p.own, g.reception
	i := 0
	for i < len(o.views) && (r.guests[i] != nil || o.views[i].place.pending) {
		i++
	}
	if i == len(o.views) {
		return &refusal{wire.SeatsTaken, 0, fmt.Sprintf("all its %d seats are taken: raise max-consumers on the producer", len(o.views))}
	}
	seat, most, least := o.seats.seats[i], int(hello.Wanted), int(hello.Least)
	generation := max(o.generations[i].Load()+1, 1) // 0 is nobody's
	o.generations[i].Store(generation)
	seat.Asked.Store(layout.PackAsked(most, least))
	seat.PID.Store(hello.PID)
	seat.State.Store(layout.SeatAsking)
	v := &o.views[i]
	*v = seatView{}
	v.look(seat, o.generations[i])
	p.grant(i)
	if v.pins == 0 {
		seat.State.Store(layout.SeatFree)
		v.forgetGrant()
		o.pool.words[i].Granted.Store(0)
		return &refusal{wire.SlotsTaken, 0, refusalText(o.pool.slots, o.pool.pinnable(), o.granted(), o.requests(i), request{most, least})}
	}
	g.seat, g.generation, g.own, g.granted = i, generation, o, time.Now()
	r.guests[i] = g
	return nil
}

// requests are what the readers of a pool asked for and were granted, but for one of them.
func (o *ownPool) requests(but int) (others []request) {
	for i, v := range o.views {
		if v.pins > 0 && i != but {
			others = append(others, requestOf(o.seats.seats[i]))
		}
	}
	return others
}

// dismissSlow ends the connection whose grant is oldest of those that have not got ready in time, and reports whether there was
// one. Called with p.mu held.
func (r *reception) dismissSlow() bool {
	var slow *guest
	for _, g := range r.guests {
		if g != nil && !g.seated && time.Since(g.granted) > unseatedLimit && (slow == nil || g.granted.Before(slow.granted)) {
			slow = g
		}
	}
	if slow == nil {
		return false
	}
	slow.unseat()
	slow.conn.Shutdown()
	return true
}
