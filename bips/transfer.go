package bips

import (
	"fmt"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/wire"
)

// tellGuests tells all readers that are connected where the pool has moved to (X1, X2). Called without p.mu.
func (p *Producer) tellGuests() {
	if p.named.reception == nil {
		return
	}
	for _, g := range p.guestsToTell() {
		g.sendMove()
	}
}

func (p *Producer) guestsToTell() (guests []*guest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range p.named.reception.guests {
		if g != nil && g.seated && g.own != p.own && g.moveTo == nil {
			guests = append(guests, g)
		}
	}
	return guests
}

// sendMove hands the reader its seat in the pool that was moved to (X1, X2). Who has no place there, or does not read what it is sent, is
// disconnected (X6): it comes back as a newcomer.
func (g *guest) sendMove() {
	p := g.reception.p
	target := p.current()
	if target == nil {
		return // it will be told that the pool has ended
	}
	seat, err := makeSeatMemory(&target.pool.geometry) // X1
	crashpoint.Hit("X1")
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case g.moveTo == target, g.own == target: // it was told already, by another thread, and may even have come
		seat.drop()
	case err == nil && g.trySendMove(target, seat):
		crashpoint.Hit("X2")
	default:
		seat.drop()
		g.unseat()
		g.conn.Shutdown()
		crashpoint.Hit("X6")
	}
}

// trySendMove is called with Producer.mu held.
func (g *guest) trySendMove(target *ownPool, s *seatMemory) bool {
	p := g.reception.p
	if p.usable() != nil || target != p.own || g.seat < 0 || !target.views[g.seat].place.pending {
		return false
	}
	s.seat.Generation.Store(g.generation)
	s.header.Magic.Store(layout.SeatMagic)
	pool := target.pool
	message := wire.Move{
		Instance: pool.instance, PoolSize: pool.segmentSize, SeatSize: seatMemorySize, Seat: uint32(g.seat), Generation: g.generation,
		Granted: uint32(target.views[g.seat].pins), Required: layout.KnownRequired, Left: pool.instance, First: pool.first,
	}.Append(nil)
	if g.send(target, s, message) != nil {
		return false
	}
	g.move, g.moveTo = s, target
	return true
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
