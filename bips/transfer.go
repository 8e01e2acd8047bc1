package bips

import (
	"fmt"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/wire"
)

// spares are seats of a pool that is about to be moved to, one for each reader that has to be told (X1). They are made before the
// move, without the mutex: all who sit are told in the hold that moves, before anybody can publish in the new pool.
type spares struct {
	seats []*seatMemory
	tried int // how many were to be there: there are fewer if memory or descriptors are short
}

// fill makes seats until there are n, or one cannot be made.
func (s *spares) fill(g *geometry, n int) {
	for ; s.tried < n; s.tried++ {
		if seat, err := makeSeatMemory(g); err == nil {
			s.seats = append(s.seats, seat)
		}
		crashpoint.Hit("X1")
	}
}

// take returns a seat; nil: there is none.
func (s *spares) take() (seat *seatMemory) {
	if last := len(s.seats) - 1; last >= 0 {
		seat, s.seats = s.seats[last], s.seats[:last]
	}
	return seat
}

// drop gives back what was not taken. Called without Producer.mu: to unmap memory may have to wait for another thread.
func (s *spares) drop() {
	for _, seat := range s.seats {
		seat.drop()
	}
	s.seats = nil
}

// seated counts the readers that were told that they sit. Called with Producer.mu held.
func (r *reception) seated() (n int) {
	if r == nil {
		return 0
	}
	for _, g := range r.guests {
		if g != nil && g.seated {
			n++
		}
	}
	return n
}

// tellGuests tells all readers that sit where the pool has moved to (X2). Called with Producer.mu held, in the hold that moves.
func (r *reception) tellGuests(seats *spares) {
	if r == nil {
		return
	}
	for _, g := range r.guests {
		if g != nil && g.isBehind() {
			g.tellMove(seats)
		}
	}
}

// isBehind reports whether the reader sits in the pool before, and was not told where to go. Called with Producer.mu held.
func (g *guest) isBehind() bool { return g.seated && g.own != g.reception.p.own && g.moveTo == nil }

// sendMove tells a reader that sat down in a pool which had been moved from by then where to go (X1, X2).
func (g *guest) sendMove() {
	p := g.reception.p
	target := p.current()
	if target == nil {
		return // it will be told that the pool has ended
	}
	var seats spares
	defer seats.drop()
	seats.fill(&target.pool.geometry, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.usable() == nil && target == p.own && g.isBehind() {
		g.tellMove(&seats)
	}
}

// tellMove hands the reader its seat in the pool that is published in (X2). Who has no place there, or does not read what it is sent, or has no
// seat since none could be made, is disconnected (X6): it comes back as a newcomer. Called with Producer.mu held.
func (g *guest) tellMove(seats *spares) {
	target, seat := g.reception.p.own, seats.take()
	if seat != nil && g.trySendMove(target, seat) {
		g.move, g.moveTo = seat, target
		crashpoint.Hit("X2")
		return
	}
	if seat != nil {
		seats.seats = append(seats.seats, seat)
	}
	g.unseat()
	g.conn.Shutdown()
	crashpoint.Hit("X6")
}

// trySendMove is called with Producer.mu held.
func (g *guest) trySendMove(target *ownPool, s *seatMemory) bool {
	if g.seat < 0 || !target.views[g.seat].place.pending {
		return false
	}
	s.seat.Generation.Store(g.generation)
	s.header.Magic.Store(layout.SeatMagic)
	pool := target.pool
	message := wire.Move{
		Instance: pool.instance, PoolSize: pool.segmentSize, SeatSize: seatMemorySize, Seat: uint32(g.seat), Generation: g.generation,
		Granted: uint32(target.views[g.seat].pins), Required: layout.KnownRequired, Left: pool.instance, First: pool.first,
	}.Append(nil)
	return g.send(target, s, message) == nil
}

// arrive seats a reader in the pool that it was told to go to (X5), and reports whether it was.
func (g *guest) arrive() bool {
	move, target := g.takeMove()
	if move == nil {
		return false
	}
	if !g.settle(move, target) {
		move.drop()
		return false
	}
	crashpoint.Hit("X5")
	return true
}

// takeMove makes the seat of the next pool the caller's, to seal it; nil: there is none that waits for that.
func (g *guest) takeMove() (move *seatMemory, target *ownPool) {
	g.reception.p.mu.Lock()
	defer g.reception.p.mu.Unlock()
	move, g.move = g.move, nil
	return move, g.moveTo
}

// findNext implements peer: the producer says where it has moved to (X3, X4). If it dies after that, the place is the reader's
// own all the same.
func (l *link) findNext(a *attachment, _ string, suspended bool) (next *attachment, found whereabouts, err error) {
	ended, err := l.readMoves(a)
	switch {
	case err != nil:
		return nil, gone, err
	case l.next == nil && ended:
		return nil, newcomer, nil // or the producer is lost, as its name will show
	case l.next == nil, !l.seated && !ended:
		return nil, notYet, nil
	}
	next = l.next
	l.next = nil
	if !next.takePlace(a, suspended) {
		next.peer.close()
		return nil, newcomer, nil
	}
	next.peer.(*link).connection.Store(l.connection.Swap(nil))
	next.populate()
	return next, taken, nil
}

// readMoves reads what has come, and reports whether nothing more will.
func (l *link) readMoves(a *attachment) (ended bool, err error) {
	for {
		letter, there, ended, err := l.connection.Load().take()
		if err != nil {
			return ended, explainBroken(err)
		}
		if !there {
			return ended, nil
		}
		if err := l.readMove(a, &letter); err != nil {
			return false, err
		}
	}
}

func (l *link) readMove(a *attachment, letter *letter) error {
	defer letter.received.Discard()
	head, err := wire.ParseHead(letter.message)
	switch {
	case err != nil:
		return explainMessage(err)
	case head.Magic == wire.SitsMagic && l.next != nil && l.next.isSeated(letter.message):
		l.seated = true
		crashpoint.Hit("X4")
		return nil
	case head.Magic != wire.MoveMagic || l.next != nil:
		return fmt.Errorf("%w: its producer sends %s to a reader that sits", ErrDamaged, letter.message[:8])
	}
	move, err := wire.ParseMove(letter.message)
	if err != nil {
		return explainMessage(err)
	}
	grant := move.Grant()
	c := l.connection.Load()
	next, err := c.accept(&grant, &letter.received, a.common)
	if err != nil {
		return err
	}
	if move.Left != a.pool.instance || next.pool.instance != a.pool.instance || next.pool.move != a.pool.move+1 || next.pool.first != move.First ||
		next.index != a.index || next.generation != a.generation || next.granted != a.granted {
		next.peer.close()
		return fmt.Errorf("%w: it moves to another pool, or to another one's seat", ErrDamaged)
	}
	next.peer.(*link).slots = l.slots
	l.next, l.seated = next, false
	crashpoint.Hit("X3")
	if c.ready(&grant) != nil {
		c.conn.Shutdown() // the end of the connection tells the rest
	}
	return nil
}
