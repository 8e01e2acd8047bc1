package bips

import (
	"runtime/debug"

	"github.com/bips-ipc/bips/internal/crashpoint"
)

// Lease is the pin of a held frame. The zero Lease holds nothing.
type Lease struct {
	attachment *attachment
	slot       int
	sequence   uint64
}

// Release gives the frame back: its bytes may change or go away from now on. It may
// be called from any thread, also after the consumer was closed. A second call is
// [ErrStale].
func (l Lease) Release() (err error) {
	a := l.attachment
	// C9: first the claim, so that of two calls one is refused;
	if a == nil || !a.held[l.slot].CompareAndSwap(l.sequence, 0) {
		return ErrStale
	}
	crashpoint.Hit("C9")
	defer a.unreference()
	defer a.common.held.discount() // C11: after the pin is gone
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	a.seat.Pins.And(^(uint64(1) << l.slot)) // C10
	crashpoint.Hit("C10")
	a.door.ring() // C12
	crashpoint.Hit("C12")
	return nil
}
