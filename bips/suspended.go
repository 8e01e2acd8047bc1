package bips

import (
	"fmt"
	"runtime/debug"

	"github.com/bips-ipc/bips/internal/crashpoint"
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

// letGoOfDead detaches a suspended consumer whose producer is dead, and remembers what Pull has to
// say of it. What is held stays valid; the last frame given back frees the memory. Called with pulling held.
func (c *Consumer) letGoOfDead() {
	a := c.attachment
	if a == nil || !c.suspended.Load() {
		return
	}
	if alive, err := a.files.producerAlive(); err != nil || alive {
		return
	}
	var err error
	if c.owed, err = a.lastWord(); err != nil {
		c.owed = err // its memory is gone, too
	}
	if c.owed != nil {
		c.owed = fmt.Errorf("pool %q: %w", c.name, c.owed)
	}
	c.detach()
	crashpoint.Hit("U6")
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
	head := a.head()
	switch {
	case a.unreadEnd || head >= a.cursor && a.isEndOfStream(head):
		return ErrEndOfStream, nil
	case a.ended && head < a.cursor:
		return nil, nil
	case a.hasEnded():
		return fmt.Errorf("it closed without an end of stream: %w", ErrProducerLost), nil
	default:
		return fmt.Errorf("its producer died: %w", ErrProducerLost), nil
	}
}
