package bips

import (
	"errors"
	"fmt"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
)

// followPause is how long a reader waits before it looks again for the pool that its producer goes on in.
const followPause = time.Millisecond

// namelessLimit is how long nothing may have the pool's name before a reader takes a living producer that moves for lost. Where
// the names were deleted, a producer that moves names only its next pool again (M5a).
const namelessLimit = 100 * time.Millisecond

// whereabouts is what a reader found that follows a move.
type whereabouts int

const (
	notYet   whereabouts = iota // the producer has not come there yet, or somebody is just at the seat: look again
	taken                       // the reader has its place
	newcomer                    // there is none for it: it has to ask for a seat, as anybody
	gone                        // the producer is lost
)

// follow goes to the pool that the producer of the present one has moved to (V). Where it has a place there, the consumer is
// attached to that when follow returns; where it has none, to nothing, and search goes on. What is held of the old pool stays
// valid, and keeps it. Called with pulling held.
func (c *Consumer) follow() error {
	a := c.attachment
	// Before it looks for its place, where it may join anew (V3.4) and then find that the place was closed (V3.5).
	counted := a.standing.counted
	next, found, err := a.peer.findNext(a, c.name, c.suspended.Load())
	if err != nil {
		c.detach()
		return fmt.Errorf("pool %q: %w", c.name, adviseOn(err))
	}
	switch found {
	case taken:
		c.replace(next) // V5
		crashpoint.Hit("V5")
	case newcomer:
		// The producer closes the place of who is counted on only when it waits for its reader no more (K4), or when it dies: which of
		// the two, the name shows. Who is not waited for any more has seen the verdict.
		a.displaced = counted && a.standing.blocking.Load()
		c.before, c.beforeInstance = a.reading, a.pool.instance
		c.detach()
	case gone:
		c.detach()
		return fmt.Errorf("pool %q: its producer died while it moved: %w", c.name, ErrProducerLost)
	}
	return nil
}

// replace goes on in another pool of the instance.
func (c *Consumer) replace(next *attachment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.attachment
	c.attachment = next
	c.stats.Moves++
	c.quietSince = time.Time{}
	before.letGo()
}

// findNext implements peer: it opens the pool under the name, and takes the reader's place in it.
func (f *peerFiles) findNext(a *attachment, name string, suspended bool) (next *attachment, found whereabouts, err error) {
	alive, err := f.producerAlive() // V1: before the name, else its last pool could be missed
	if err != nil {
		return nil, gone, err
	}
	files, pool, seats, err := openFiles(name, func(*peerFiles) error { return nil })
	crashpoint.Hit("V1")
	switch {
	case errors.Is(err, errMoving):
		return nil, notYet, nil // once more just now
	case errors.Is(err, ErrNoPool) && alive && (a.pool.header.State.Load() == layout.StateRunning || a.mayGetName()):
		return nil, notYet, nil // it could not move, or has not named its next pool yet
	case errors.Is(err, ErrNoPool):
		return nil, gone, nil
	case err != nil:
		return nil, gone, err
	}
	defer func() {
		if found != taken {
			files.close()
		}
	}()
	switch {
	case pool.instance != a.pool.instance:
		return nil, gone, nil
	case pool.move == a.pool.move && (alive || a.pool.header.State.Load() == layout.StateRunning):
		return nil, notYet, nil
	case pool.move == a.pool.move:
		return nil, gone, nil
	case pool.move != a.pool.move+1 || a.index >= len(pool.words):
		return nil, newcomer, nil
	}
	if reserved, _ := pool.isReserved(a.index, a.generation); !reserved {
		return nil, newcomer, nil
	}
	if ours, err := files.seats.TryLock(layout.SeatLockBase + int64(a.index)); err != nil || !ours {
		return nil, notYet, err
	}
	crashpoint.Hit("V2")
	next = newAttachment(files, pool, seats, a.common)
	next.sit(a.index, seats.seats[a.index], false)
	if !next.takePlace(a, suspended) {
		return nil, newcomer, nil
	}
	return next, taken, nil
}

// mayGetName tells whether a pool without a name may still get one from its producer, which lives.
func (a *attachment) mayGetName() bool {
	if a.namelessSince.IsZero() {
		a.namelessSince = time.Now()
	}
	return time.Since(a.namelessSince) < namelessLimit
}

// isReserved reports whether a seat is reserved for a generation, and whether frames are kept for it.
func (s *poolSegment) isReserved(seat int, generation uint32) (reserved, kept bool) {
	owner, kept := layout.UnpackReserved(s.words[seat].Reserved.Load())
	return owner == generation, kept
}

// takePlace goes on in the seat that the reader sits in now, if it is reserved for who had it in the pool before (V3, V4), and reports
// whether it is. Nobody takes it back from now on.
func (a *attachment) takePlace(before *attachment, suspended bool) bool {
	kept, ours := a.inspectPlace(before)
	return ours && a.occupyPlace(before, kept, suspended)
}

// inspectPlace looks whether the seat is the reader's place, and whether frames are kept for it.
func (a *attachment) inspectPlace(before *attachment) (kept, ours bool) {
	a.reading, a.generation = before.reading, before.generation
	reserved, kept := a.pool.isReserved(a.index, a.generation)
	generation, pins := layout.UnpackGrant(a.pool.words[a.index].Granted.Load())
	a.granted = int(min(pins, MaxSlots-1))
	return kept, reserved && generation == a.generation && pins > 0
}

// occupyPlace sits down in the place that inspectPlace found, and reports whether it is the reader's still.
func (a *attachment) occupyPlace(before *attachment, kept, suspended bool) bool {
	a.seat.PID.Store(before.seat.PID.Load())
	a.seat.Received.Store(before.seat.Received.Load())
	a.seat.Skipped.Store(before.seat.Skipped.Load())
	a.seat.Lost.Store(before.seat.Lost.Load())
	a.takeState(kept, suspended)
	a.standing.counted = a.standing.blocking.Load() && !suspended // the producer moves on when it has seen us here (M1)
	crashpoint.Hit("V3")
	// Where no lock keeps the place: the producer takes the grant back first, and looks whether we are there then.
	if again, _ := layout.UnpackGrant(a.pool.words[a.index].Granted.Load()); a.bell.alone && again != a.generation {
		a.seat.State.Store(layout.SeatFree)
		return false
	}
	a.door.ring() // V4
	crashpoint.Hit("V4")
	return true
}

// takeState goes on in the new pool as in the one before (V3). Who was waited for, and finds neither a verdict nor its frames kept, joins again.
func (a *attachment) takeState(kept, suspended bool) {
	state, blocking := layout.SeatEvery, a.standing.blocking.Load()
	judged := blocking && a.isJudged()
	if judged {
		a.standing.demote(a.pool.slots)
	}
	switch {
	case suspended:
		state = layout.SeatSuspended
	case judged:
		state = layout.SeatLatest
	case !blocking || !kept:
		a.begin(following)
		return
	}
	a.setCursor(a.cursor)
	a.seat.State.Store(state)
}

// heedClosedPlace does what a demoted reader has to do, if a place was kept for it and closed by a producer that lives, in a pool
// with so many slots.
func (r *reading) heedClosedPlace(slots int) {
	if r.displaced {
		r.displaced = false
		r.standing.demote(slots)
	}
}
