package bips

import (
	"context"

	"github.com/bips-ipc/bips/internal/layout"
)

// backing is what a pool of this process is made of, and how readers come to it. There is one for each backend: files with
// locks on them ([ownFiles]), and sealed memory that readers get over connections ([ownMemory]).
//
// Those about the names may be called without Producer.mu, by whoever holds Producer.moving; the others with it, or when nobody else
// knows the pool.
type backing interface {
	// segments are the pool's memory, and that of the seats.
	segments() (pool, seats []byte)
	// alone tells that each reader has a segment of its own for its seat, where it sleeps, and rings a door of its own.
	alone() bool
	// publish gives the pool its name (S5), which replaces a dead producer's, or that of the pool before a move.
	publish() error
	// areNamed reports whether the pool still has its names (N3).
	areNamed() bool
	// renew gives a pool whose names were deleted new ones, where that takes no move (N3). Called without Producer.mu.
	renew() (done bool, err error)
	// unlink takes the names away (Q3), while the locks are still held, and unlinkSeats that of the seats alone (M5b).
	unlink()
	unlinkSeats()
	// seizeDead makes sure that nobody sits in a seat but a dead reader, and that nobody sits down there before release is
	// called (R1). It reports false if that cannot be.
	seizeDead(seat int) (release func(), ok bool)
	// seizeAbsent does the same for the place of a reader that has not come there yet (K5).
	seizeAbsent(seat int) (release func(), ok bool)
	// dismiss ends what connects the reader of a seat whose place was taken back.
	dismiss(seat int)
	// close lets go of the locks or the connections: the memory stays. unmap gives that back.
	close()
	unmap()
	// remove undoes what was made. The name is still ours.
	remove()
}

// makeBacking makes the memory of a new pool, which has no name yet (S4, B).
func makeBacking(ctx context.Context, n *ownName, g *geometry) (backing, error) {
	if n.reception != nil {
		return createMemory(ctx, n, g)
	}
	return createFiles(ctx, n, g)
}

// segments implements backing.
func (f *ownFiles) segments() (pool, seats []byte) { return f.poolMap.Bytes, f.seatMap.Bytes }

// renew implements backing: nobody else could come to a pool that was open all the time.
func (f *ownFiles) renew() (done bool, err error) { return false, nil }

// alone implements backing.
func (f *ownFiles) alone() bool { return false }

// seizeDead implements backing: the lock of the seat is both the test and the claim. A probe would not do: between it and the
// cleaning a new consumer could sit down, and would lose its pins.
func (f *ownFiles) seizeDead(seat int) (release func(), ok bool) {
	lock := layout.SeatLockBase + int64(seat)
	if ok, err := f.seats.TryLock(lock); err != nil || !ok {
		return nil, false
	}
	return func() { _ = f.seats.Unlock(lock) }, true
}

// seizeAbsent implements backing: who comes takes the lock before it looks whether the place is still its own.
func (f *ownFiles) seizeAbsent(seat int) (release func(), ok bool) { return f.seizeDead(seat) }

// dismiss implements backing.
func (f *ownFiles) dismiss(int) {}
