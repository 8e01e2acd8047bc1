package bips

import (
	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
)

// drain makes the seat need nothing any more (L1, L2); its last pin leaves.
func (a *attachment) drain() {
	a.seat.State.Store(layout.SeatDraining)
	crashpoint.Hit("L1")
	a.door.ring()
	crashpoint.Hit("L2")
}

// leave gives up the seat (L3 to L6). Nothing is pinned.
func (a *attachment) leave() {
	a.seat.Pins.Store(0)
	crashpoint.Hit("L3")
	a.seat.State.Store(layout.SeatFree)
	crashpoint.Hit("L4a")
	a.seat.Waiting.Store(0)
	crashpoint.Hit("L4b")
	a.door.ring()
	crashpoint.Hit("L5")
	a.peer.leave(a.index)
	crashpoint.Hit("L6")
}
