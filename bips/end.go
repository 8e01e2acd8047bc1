package bips

import (
	"runtime/debug"

	"github.com/bips-ipc/bips/internal/crashpoint"
)

// The end of a stream is a place between two frames: the sequence that the next stream begins with. It needs no
// slot, and never waits.

// EndOfStream tells consumers that no frame follows. Frames may follow all the same: they are a new
// stream. It never waits.
//
// Errors: [ErrClosed], [ErrDamaged].
func (p *Producer) EndOfStream() (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return err
	}
	next := p.head + 1
	if p.ended == next {
		return nil // E1: an end without a frame since the last one is the same end
	}
	crashpoint.Hit("E1")
	p.ended = next
	p.own.pool.header.Ended.Store(next) // E2
	crashpoint.Hit("E2")
	p.own.ringBell() // E3
	crashpoint.Hit("E3")
	return nil
}

// endTold is the owed of a reader that was told the last end, and has not had a frame since.
const endTold = ^uint64(0)

// owesEnd reports whether the end of a stream has come that the reader was not told yet.
func (r *reading) owesEnd(ended uint64) bool { return r.owed != endTold && ended > r.owed }
