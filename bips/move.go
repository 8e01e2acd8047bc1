package bips

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
)

// A producer moves when it makes a new pool under the same name and goes on there: with larger slots, or because its
// names were deleted. Who reads every frame loses none: its place in the new pool is kept until it comes.

// place is a seat of the new pool that is reserved for who has it in the pool before.
type place struct {
	pending bool      // its holder has not come yet
	kept    bool      // and every frame from the new pool's first on is kept for it
	since   time.Time // since when it is pending and not kept
}

const (
	// placeLimit is how long a place is reserved that no frames are kept for.
	placeLimit = time.Second
	// followersLimit is how long Close waits for those who are on their way.
	followersLimit = time.Second
)

// Grow makes the pool's slots as large as slotSize bytes, unless they are as large already: the producer moves
// to a new pool. Consumers follow by themselves. Who reads every frame loses none; what consumers and upstream hold of the old
// pool stays valid, and keeps that pool's memory until it is given back. Slots are lent from the new pool from now on.
//
// Consumers of mode [Every] that are still on their way from the move before are waited for as a slot is: with [Drop]
// the error is [ErrDropped], and with [Block] they are demoted after BlockTimeout.
//
// Errors: [ErrOption], [ErrNoSpace] if there is no room for both pools while the old one is used, [ErrDropped], [ErrFlushing],
// [ErrClosed], [ErrDamaged], and those of the file system. The pool stays as it was then. But where another producer has the name
// ([ErrNamesDeleted] and [ErrPoolBusy]), and where the old pool had to go first and the new one could not be made even so, the producer
// has none any more.
func (p *Producer) Grow(slotSize int) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	if err := checkSlotSize(slotSize); err != nil {
		return fmt.Errorf("pool %q: %w", p.name, err)
	}
	p.moving.Lock()
	defer p.moving.Unlock()
	if slotSize <= p.SlotSize() {
		return nil
	}
	if p.current() != nil {
		if err := p.keepLock(); err != nil { // M0
			return err
		}
		crashpoint.Hit("M0")
	}
	if err := p.awaitKept(); err != nil { // M1
		return err
	}
	crashpoint.Hit("M1")
	return p.move(slotSize)
}

// keepNames is N1 to N3. Called with p.moving held.
func (p *Producer) keepNames() (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	own := p.current()
	if own == nil {
		return nil
	}
	if err := p.keepLock(); err != nil {
		return p.explainNames(err)
	}
	if own.backing.areNamed() {
		return nil
	}
	if done, err := own.backing.renew(); err != nil {
		return p.explainNames(p.named.explain(err))
	} else if !done {
		if !p.mayMove() {
			return nil // once those are there who are on their way: at the next look
		}
		if err := p.move(int(own.pool.slotSize)); err != nil {
			return p.explainNames(err)
		}
	}
	crashpoint.Hit("N3")
	return fmt.Errorf("pool %q: %w in %s while it was in use, and were made again (systemd does so at a logout: RemoveIPC=no in logind.conf, or run the producer as a system user)",
		p.name, ErrNamesDeleted, p.named.dir)
}

// explainNames says to whoever knows of no deleted names what it was that failed. It is not [ErrNamesDeleted], which is over when it is told.
func (p *Producer) explainNames(err error) error {
	if errors.Is(err, ErrNamesDeleted) || errors.Is(err, ErrClosed) {
		return err
	}
	return fmt.Errorf("%v in %s while it was in use, and cannot be made again yet, which is tried each second: %w", ErrNamesDeleted, p.named.dir, err)
}

// keepLock takes the lock of the name again if its file was deleted (N1, N2; M0). Where another producer has it, this one
// ends. Called with p.moving held.
func (p *Producer) keepLock() error {
	if p.named.lock.IsAt(p.named.paths.lock()) {
		return nil
	}
	crashpoint.Hit("N1")
	lock, err := p.named.takeLock(context.Background())
	switch {
	case errors.Is(err, ErrPoolBusy):
		return p.giveWay()
	case err != nil:
		return p.named.explain(err)
	}
	crashpoint.Hit("N2")
	closeLock(&p.named.lock)
	p.named.lock = lock
	return nil
}

// current is the pool that is published in; nil: there is none any more.
func (p *Producer) current() *ownPool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.usable() != nil {
		return nil
	}
	return p.own
}

// giveWay ends a producer whose name another one has.
func (p *Producer) giveWay() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failure = fmt.Errorf("pool %q: %w in %s, and another producer took them: %w", p.name, ErrNamesDeleted, p.named.dir, ErrPoolBusy)
	defer p.letGoOfNames(false)
	p.endPool()
	return p.failure
}

// mayMove reports whether the producer lives and nobody has to be waited for before a move. Called with p.moving held.
func (p *Producer) mayMove() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.usable() != nil {
		return false // the pool before may be unmapped by now
	}
	if p.own.pending == 0 {
		return true
	}
	return !p.lookAfterPlaces() && p.closePlaces()
}

// awaitKept waits for the places of the last move that are kept, as for a slot, and then closes the others (M1).
func (p *Producer) awaitKept() error {
	for blocked, door := newBlockade(), (doorWait{p: p}); ; {
		_, patient := blocked.left(p.patience())
		ready, looked, err := p.tryMove(patient)
		if err != nil || ready {
			return err
		}
		door.sleep(looked, doorLimit)
		blocked.look(doorLimit)
	}
}

func (p *Producer) tryMove(patient bool) (ready bool, looked doorLook, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.interrupted(); err != nil {
		return false, looked, err
	}
	if p.own.pending == 0 {
		return true, looked, nil
	}
	looked = doorLook{p.own, p.own.door.look()}
	p.reclaimDead()
	kept := p.lookAfterPlaces()
	if kept && !patient && p.overflow == Block {
		p.demoteKept()
		kept = false
	}
	switch {
	case !kept && p.closePlaces():
		return true, looked, nil
	case p.overflow == Drop:
		return false, looked, ErrDropped
	}
	return false, looked, nil
}

// awaitFollowers gives those who are on their way from the pool before a moment to come (Q0).
func (p *Producer) awaitFollowers() {
	for end, door := time.Now().Add(followersLimit), (doorWait{p: p}); time.Now().Before(end); {
		looked, pending := p.followers()
		if !pending {
			return
		}
		door.sleep(looked, doorLimit)
	}
}

func (p *Producer) followers() (looked doorLook, pending bool) {
	var err error // who does not find its place in a damaged pool is lost anyway
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.usable() != nil || p.own.pending == 0 {
		return looked, false
	}
	looked = doorLook{p.own, p.own.door.look()}
	p.reclaimDead()
	p.lookAfterPlaces()
	crashpoint.Hit("Q0")
	return looked, p.own.pending > 0
}

// makeTries is how often a pool is made again whose names are deleted while it is made.
const makeTries = 3

// move makes a pool with slots of a size, and goes on there (M2 to M6). Called with p.moving held, when no place is pending.
func (p *Producer) move(slotSize int) (err error) {
	for range makeTries {
		if err = p.tryMoveTo(slotSize); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := p.keepLock(); err != nil { // by who has the name now, maybe
			return err
		}
	}
	return err
}

// tryMoveTo is move. The error is fs.ErrNotExist, and the pool stays as it was, if the new one's names were deleted meanwhile.
func (p *Producer) tryMoveTo(slotSize int) error {
	g := p.own.pool.geometry.resized(slotSize)
	next, err := makePool(context.Background(), p.named, &g)
	if errors.Is(err, ErrNoSpace) {
		return p.moveWithoutRoom(&g, err)
	}
	if err != nil {
		return err
	}
	crashpoint.Hit("M2a")
	crashpoint.Hit("M2b")
	return p.moveTo(next)
}

// moveTo is M3 to M6, with X1 before and X2 after. A pool that is not moved to is removed.
func (p *Producer) moveTo(next *ownPool) (err error) {
	defer func() {
		if err != nil {
			next.backing.remove()
		}
	}()
	var seats spares
	defer seats.drop()
	for { // ends: there are more spares each time, and no more readers than seats
		moved, needed, err := p.tryReplace(next, &seats)
		if moved || err != nil {
			return err
		}
		seats.fill(&next.pool.geometry, needed)
	}
}

// tryReplace moves if there is a spare seat for each reader that sits.
func (p *Producer) tryReplace(next *ownPool, seats *spares) (moved bool, needed int, err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return false, 0, err
	}
	if needed := p.named.reception.seated(); needed > seats.tried {
		return false, needed, nil
	}
	p.readSeats() // grants and verdicts as of now
	err = p.replacePool(next, seats)
	switch {
	case err == nil:
	// Somebody deleted the new pool before it had its name, or cut its seats short: nothing of the old one was changed.
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrDamaged):
		p.own.pool.header.State.Store(layout.StateRunning)
		p.own.ringBell()
	default:
		err = p.fail(err)
	}
	return err == nil, 0, err
}

// replacePool is M3 to M6 and X2, but for what follows from an error. Called with p.mu held.
func (p *Producer) replacePool(next *ownPool, seats *spares) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	old := p.own
	if !old.unmapped { // as it is in moveWithoutRoom
		old.pool.header.State.Store(layout.StateMoved)
		crashpoint.Hit("M3")
		next.reservePlaces(old)
	}
	if err := next.takeOver(p); err != nil {
		return err
	}
	crashpoint.Hit("M4b")
	if err := next.backing.publish(); err != nil {
		return p.named.explain(err)
	}
	crashpoint.Hit("M5a")
	p.dropReserved()
	p.own = next
	p.stats.Moves++
	if old.unmapped {
		p.named.reception.tellGuests(seats)
		return nil
	}
	p.old = append(p.old, old)
	old.tellMoved()
	p.named.reception.tellGuests(seats)
	p.unmapIdle()
	return nil
}

// tellMoved wakes all who sleep at the pool that was moved from (M5b, M6).
func (o *ownPool) tellMoved() {
	var err error // whoever cut it short sleeps to its limit
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	o.backing.unlinkSeats()
	crashpoint.Hit("M5b")
	o.ringBell()
	crashpoint.Hit("M6a")
	o.door.ring()
	crashpoint.Hit("M6b")
	knock(o.seats.header) // the housekeeper sleeps there
}

// fail ends a producer that has no pool any more. Called with p.mu held.
func (p *Producer) fail(err error) error {
	p.failure = err
	if !p.own.unmapped {
		p.endPool()
		p.letGoOfNames(true)
	} else {
		p.named.giveUp()
	}
	return err
}

// reservePlaces gives each reader of the old pool its place in the new one (M4).
func (o *ownPool) reservePlaces(old *ownPool) {
	for i, seat := range old.seats.seats {
		generation := old.generations[i].Load() // M4a: before the state
		state := seat.State.Load()
		crashpoint.Hit("M4a")
		o.generations[i].Store(generation)
		was := &old.views[i]
		switch {
		case state == layout.SeatFree, state == layout.SeatDraining:
			continue
		case was.generation != generation || was.pins == 0:
			continue // without a grant nobody has a place; who asks and has one will join the old pool
		}
		v, word := &o.views[i], o.pool.words[i]
		v.generation, v.pins, v.demoted = generation, was.pins, was.demoted
		kept := (state == layout.SeatEvery || state == layout.SeatJoining) && !was.demoted
		v.place = place{pending: true, kept: kept, since: time.Now()}
		o.pending++
		word.Granted.Store(layout.PackGrant(generation, uint32(was.pins)))
		if was.demoted {
			word.Verdict.Store(layout.PackVerdict(generation, layout.VerdictDemoted))
		}
		word.Reserved.Store(layout.PackReserved(generation, kept))
	}
	if o.pending > 0 {
		o.before = old
	}
}

// takeOver copies what goes on from one pool to the next (M4b).
func (o *ownPool) takeOver(p *Producer) error {
	h := o.pool.header
	h.First, o.pool.first = p.head+1, p.head+1
	h.Head.Store(p.head)
	h.Ended.Store(p.ended)
	h.Dropped.Store(p.stats.Dropped)
	h.Latency.Store(p.latency.Nanoseconds())
	return o.storeCaps(p.capsText, p.tags)
}

// moveWithoutRoom makes the next pool where there is no room for two, and goes on there, if nobody uses the old one. Failed:
// the error that there was before, with what both need.
//
// Other threads see the old pool or the next one: between the two is memory that is not mapped.
func (p *Producer) moveWithoutRoom(g *geometry, noRoom error) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return err
	}
	old := p.own
	p.reclaimDead()
	p.dropReserved()
	if old.isUsed() || !p.named.mayHaveRoom(g.bytes(), old.pool.geometry.bytes()) {
		return p.noRoomForBoth(g, noRoom)
	}
	old.pool.header.State.Store(layout.StateMoved)
	if old.isUsed() { // by somebody who came just now
		old.pool.header.State.Store(layout.StateRunning)
		old.ringBell()
		return p.noRoomForBoth(g, noRoom)
	}
	old.backing.unlink()
	old.unmap()
	next, err := makePool(context.Background(), p.named, g)
	if err != nil {
		return p.fail(err)
	}
	if err := p.replacePool(next, &spares{}); err != nil { // nobody has a place there
		next.backing.remove()
		return p.fail(err)
	}
	return nil
}

func (p *Producer) noRoomForBoth(g *geometry, noRoom error) error {
	return fmt.Errorf("%w; the pool of %s that is in use stays until the new one of %s is there: make it larger from the start (slot-size)",
		noRoom, megabytes(p.own.pool.geometry.bytes()), megabytes(g.bytes()))
}

// isUsed reports whether anybody reads from the pool, has a slot of it, or waits for it.
func (o *ownPool) isUsed() bool {
	for _, seat := range o.seats.seats {
		if seat.State.Load() != layout.SeatFree {
			return true
		}
	}
	return o.lent != 0 || o.inside != 0 || o.pending != 0
}

// lookAfterPlaces closes the places of those who have come or will not (K1 to K5), and reports whether any
// is still kept. Called with p.mu held.
func (p *Producer) lookAfterPlaces() (kept bool) {
	o := p.own
	for i := range o.views {
		v := &o.views[i]
		if !v.place.pending {
			continue
		}
		if o.seats.seats[i].State.Load() != layout.SeatFree { // K1: it has come
			o.closePlace(i)
			crashpoint.Hit("K1")
			continue
		}
		if !v.place.kept {
			if time.Since(v.place.since) >= placeLimit {
				o.cancelPlace(i)
			}
			continue
		}
		old := o.before.seats.seats[i]
		state := old.State.Load()
		if gone := o.before.generations[i].Load() != v.generation; gone || state == layout.SeatFree || state == layout.SeatDraining {
			o.closePlace(i) // K2: it has left, or died
			crashpoint.Hit("K2")
			continue
		}
		kept = true
	}
	crashpoint.Hit("K3")
	p.letGoOfBefore()
	crashpoint.Hit("H3")
	return kept
}

// letGoOfBefore unmaps the pool before when nobody is on the way any more. Called with p.mu held.
func (p *Producer) letGoOfBefore() {
	if p.own.pending == 0 && p.own.before != nil {
		p.own.before = nil
		p.unmapIdle()
	}
}

// closePlace opens a seat to all.
func (o *ownPool) closePlace(i int) {
	o.pool.words[i].Reserved.Store(0)
	o.views[i].place = place{}
	o.pending--
}

// cancelPlace takes a place back whose holder has not come (K5), and reports whether it could.
func (o *ownPool) cancelPlace(i int) bool {
	release, ok := o.backing.seizeAbsent(i)
	if !ok {
		return false // it is just coming
	}
	defer release()
	// First the grant goes, and then comes the look. Who needs no lock to come shows itself, and looks at its grant then.
	granted := o.pool.words[i].Granted.Swap(0)
	if o.seats.seats[i].State.Load() != layout.SeatFree {
		o.pool.words[i].Granted.Store(granted)
		return false // it has come, and may have died: the next look finds that
	}
	o.views[i].forgetGrant()
	o.views[i].demoted = false
	o.pool.words[i].Verdict.Store(0)
	o.closePlace(i)
	o.backing.dismiss(i)
	crashpoint.Hit("K5")
	return true
}

// closePlaces cancels all places that are pending and not kept, and reports whether the next move may begin: none is left, or only
// such whose seats somebody has had locked for placeLimit. That is a reader which was stopped just when it came, or a hostile one. Its grant
// stays, and no slot of this pool is reused once it is moved from, so that its pins harm nobody. Called with p.mu held.
func (p *Producer) closePlaces() (mayMove bool) {
	mayMove = true
	for i := range p.own.views {
		v := &p.own.views[i]
		if !v.place.pending {
			continue
		}
		if v.place.kept || !p.own.cancelPlace(i) && time.Since(v.place.since) < placeLimit {
			mayMove = false
		}
	}
	p.letGoOfBefore()
	return mayMove
}

// demoteKept demotes all who have a place that is kept (K4): the frames are no longer kept for them. Called with p.mu held.
func (p *Producer) demoteKept() (demoted bool) {
	o := p.own
	for i := range o.views {
		v := &o.views[i]
		if !v.place.pending || !v.place.kept {
			continue
		}
		v.demoted = true
		o.pool.words[i].Verdict.Store(layout.PackVerdict(v.generation, layout.VerdictDemoted))
		o.pool.words[i].Reserved.Store(layout.PackReserved(v.generation, false))
		v.place = place{pending: true, since: time.Now()}
		crashpoint.Hit("K4")
		p.tellDemotion(int(o.before.seats.seats[i].PID.Load()))
		demoted = true
	}
	return demoted
}
