package bips

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// Who is suspended sleeps at no bell, and may not even be in Pull: so nothing tells it that its
// producer is dead. Yet its mapping keeps the dead pool's memory, for which the next producer
// may have to wait. So it looks now and then, and lets go (U6).

// startWatch begins to look after the producer of a consumer that was just suspended. Called with
// pulling held.
func (c *Consumer) startWatch() {
	if c.attachment != nil && c.watch == nil {
		c.watch = make(chan struct{})
		go c.watchProducer(c.watch)
	}
}

// stopWatch ends that. Called with pulling held.
func (c *Consumer) stopWatch() {
	if c.watch != nil {
		close(c.watch)
		c.watch = nil
	}
}

// tryLetGoOfDead is letGoOfDead, unless somebody pulls, who will do it.
func (c *Consumer) tryLetGoOfDead() {
	defer c.turn.pass() // when pulling is unlocked
	if c.pulling.TryLock() {
		defer c.pulling.Unlock()
		c.letGoOfDead()
	}
}

// watchProducer lets a suspended consumer notice what became of its producer (U6, U7).
func (c *Consumer) watchProducer(done <-chan struct{}) {
	// It is the one user of a timer of the Go runtime's here (pause.go): nobody waits for it, and a
	// sleep of its own would keep a thread for each consumer.
	ticker := time.NewTicker(bellLimit)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			c.tryLetGoOfDead()
		}
	}
}

// followIfMoved is what a consumer does that is suspended or resumes, when its producer has moved (U7), and reports whether
// that has. Called with pulling held.
func (c *Consumer) followIfMoved() (moved bool) {
	if !c.attachment.hasMoved() {
		c.attachment.namelessSince = time.Time{}
		return false
	}
	if err := c.follow(); err != nil {
		c.owed = err
	}
	crashpoint.Hit("U7")
	return true
}

// catchUp follows a producer that has moved, any number of times, to where it publishes now. What a reader needs for that may be
// on its way, and comes until end where the producer runs. Called with pulling held.
func (c *Consumer) catchUp(end time.Time) {
	for c.attachment != nil && (c.suspended.Load() || c.attachment.mayBeOverlooked()) {
		before := c.attachment
		if !c.followIfMoved() {
			return
		}
		if c.attachment == before {
			if time.Now().After(end) {
				return
			}
			sys.Sleep(followPause)
		}
	}
}

// lookAgain is what a reader does that has resumed, before anybody is told so: it looks once more whether its producer has moved (U7), which
// may have begun before it was seen to be back. Where there is no place for it, it asks for a seat; again before end only.
// Called with pulling held.
func (c *Consumer) lookAgain(end time.Time) {
	for c.rejoin(); c.attachment != nil; c.rejoin() {
		c.catchUp(end)
		if c.before == nil || time.Now().After(end) {
			return
		}
	}
}

// rejoin has a reader that its producer has no place for any more ask for a seat, and join there, for as long as that takes where the
// producer runs. Pull goes on with what has not come by then. Called with pulling held, by who is not suspended any more.
func (c *Consumer) rejoin() {
	var err error
	for limit := deadlineAfter(answerGrace); c.before != nil && err == nil; {
		err = c.search(c.waiter.look(), limit)
	}
	if errors.Is(err, ErrProducerLost) { // which is told once
		c.owed = err
	}
}

// letGoOfDead detaches a suspended consumer whose producer is dead, and remembers what Pull has to
// say of it (U6). It follows one that has moved (U7). What is held stays valid; the last frame given back frees the memory. Called with
// pulling held.
func (c *Consumer) letGoOfDead() {
	a := c.attachment
	if a == nil || !c.suspended.Load() {
		return
	}
	var fault error // nobody pulls whom it could be reported to now
	defer func() {
		if fault != nil {
			c.owed = fault
			c.detach()
		}
	}()
	defer recoverFaultOf(c.name, &fault, debug.SetPanicOnFault(true))
	alive, err := a.peer.producerAlive()
	switch {
	case err != nil:
	case c.followIfMoved():
	case !alive:
		if c.owed, err = a.lastWord(); err != nil {
			c.owed = err // its memory is gone, too
		}
		if c.owed != nil {
			c.owed = fmt.Errorf("pool %q: %w", c.name, c.owed)
		}
		c.detach()
		crashpoint.Hit("U6")
	}
}

// tellOwed returns, once, what is still to be said of an instance that was let go. Called with
// pulling held.
func (c *Consumer) tellOwed() error {
	owed := c.owed
	c.owed = nil
	return owed
}

// lastWord is what a reader that resumed would be told of an instance whose producer is dead, or
// nil: all was said.
func (a *attachment) lastWord() (word, err error) {
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	seen := a.look()
	switch {
	case a.owesEnd(seen.ended):
		return ErrEndOfStream, nil
	case seen.ended == seen.head+1:
		return nil, nil
	case seen.state == layout.StateClosed:
		return fmt.Errorf("it closed without an end of stream: %w", ErrProducerLost), nil
	default:
		return fmt.Errorf("its producer died: %w", ErrProducerLost), nil
	}
}

// hasMoved reports whether the producer goes on elsewhere.
func (a *attachment) hasMoved() (moved bool) {
	var err error // whoever cut the pool short did not move it
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	return a.pool.header.State.Load() == layout.StateMoved
}

// mayBeOverlooked reports whether the producer has moved, perhaps before it could see that a reader which it is to wait for has joined (M4a):
// it then keeps nothing for that reader. Who has something to read or to be told here follows after that, as ever.
func (a *attachment) mayBeOverlooked() bool {
	seen := a.look()
	return a.standing.blocking.Load() && seen.state == layout.StateMoved && seen.head < a.cursor && !a.owesEnd(seen.ended)
}

// suspend makes the seat need nothing while it keeps its pins (U1, U2). To resume is
// to join again (U3).
func (a *attachment) suspend() {
	a.rested, a.standing.counted = true, false
	a.seat.State.Store(layout.SeatSuspended)
	crashpoint.Hit("U1")
	a.door.ring()
	crashpoint.Hit("U2")
}

// resume is U3. An end that came meanwhile is told before any later frame.
func (a *attachment) resume() {
	a.stall = stall{} // who does not read misses no frames
	a.begin(resuming)
}
