package bips

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// roomGrace is how long a pool is tried to be made again once the dead one that was in its way
// has lost its name: its readers notice within bellLimit, and give back what they hold.
// Tests change it.
var roomGrace = time.Second

// makeSegments makes both files, S4a and S4b.
func (f *ownFiles) makeSegments(ctx context.Context, g *geometry) error {
	return f.name.makeRoom(ctx, g, func() error { return f.tryMakeSegments(g) })
}

// makeRoom tries to make the memory of a pool. Where there is no room for two, the pool that a dead producer left
// under the name makes way (S6); but not for a pool to move to.
func (n *ownName) makeRoom(ctx context.Context, g *geometry, try func() error) error {
	err := try()
	if g.move > 0 || !errors.Is(err, ErrNoSpace) || !n.deadMakesWay(g.bytes()) {
		return err
	}
	for end := time.Now().Add(roomGrace); errors.Is(err, ErrNoSpace); err = try() {
		if time.Now().After(end) {
			return fmt.Errorf("%w; the pool of the producer before, which died, still takes room: readers hold frames of it", err)
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return err
}

// tryMakeSegments is one try. It leaves nothing behind when it fails.
func (f *ownFiles) tryMakeSegments(g *geometry) (err error) {
	defer func() {
		if err != nil {
			f.remove()
			err = f.name.explainNoRoom(err, g)
		}
	}()
	if err := f.name.checkSpace(g); err != nil {
		return err
	}
	if f.seatMap, f.seats, err = makeSegment(f.seatsPath(), g.seatSegmentSize()); err != nil {
		return err
	}
	crashpoint.Hit("S4a")
	if f.poolMap, f.pool, err = makeSegment(f.unnamed(), g.segmentSize); err != nil {
		return err
	}
	crashpoint.Hit("S4b")
	return nil
}

// deadMakesWay reports whether what a dead producer left may give enough room for needed bytes. Its readers let go of memory that they got
// over a socket when their connections end, which they have by now; of how much there was nobody knows.
func (n *ownName) deadMakesWay(needed uint64) bool {
	if id, err := sys.StatPath(n.paths.pool()); err == nil && id.Type == fs.ModeSocket {
		return true
	}
	return n.unlinkDead(needed)
}

// unlinkDead takes the name from the pool that a dead producer left (S6), and reports whether there
// was one that may make enough room for needed bytes by that. Its producer is dead, since we have the name's lock, and so nobody can attach to it any more;
// those who are attached read on. Its memory is free when the last of them lets go.
func (n *ownName) unlinkDead(needed uint64) bool {
	dead, err := sys.OpenLockFile(n.paths.pool(), os.O_RDONLY, LockDescriptorHook)
	if err != nil {
		return false
	}
	defer func() { _ = dead.Close() }()
	if alive, err := dead.IsLocked(layout.ProducerLock); err != nil || alive {
		return false // whoever holds that lock has not the name's: not by this protocol
	}
	id, err := dead.Stat()
	if err != nil {
		return false
	}
	if !n.mayHaveRoom(needed, id.Allocated) || os.Remove(n.paths.pool()) != nil {
		return false
	}
	crashpoint.Hit("S6")
	return true
}

// mayHaveRoom reports whether there is room for needed bytes once so many more are free, in the file system and in the
// control group.
func (n *ownName) mayHaveRoom(needed, freed uint64) bool {
	if _, free, err := sys.FreeSpace(n.dir); n.reception == nil && (err != nil || needed > free+freed) {
		return false
	}
	room, limited := sys.MemoryRoom()
	return !limited || needed <= room+freed
}

// checkSpace says no before a byte is written. The allocation that follows is what
// makes sure; it is slow to fail on a full file system.
func (n *ownName) checkSpace(g *geometry) error {
	needed := g.bytes()
	if needed > layout.MaxSegmentSize {
		return fmt.Errorf("%w: the pool would need %s", ErrOption, megabytes(needed))
	}
	_, free, err := sys.FreeSpace(n.dir)
	if err != nil {
		return err
	}
	if needed > free {
		return sys.ErrNoSpace
	}
	return checkControlGroup(needed)
}

// checkControlGroup refuses what is more than the control group leaves.
func checkControlGroup(needed uint64) error {
	if room, limited := sys.MemoryRoom(); limited && needed > room {
		return fmt.Errorf("%w: it needs %s, the memory limit of this process's control group leaves %s: use fewer or smaller slots, or raise the limit (containers: --memory)",
			ErrNoSpace, megabytes(needed), megabytes(room))
	}
	return nil
}

// explainNoRoom turns the system's "no space left" into an [ErrNoSpace] that says where, how much, and
// what to do. Other errors stay what they are.
func (n *ownName) explainNoRoom(err error, g *geometry) error {
	if !errors.Is(err, sys.ErrNoSpace) {
		return err
	}
	needed := g.bytes()
	total, free, statErr := sys.FreeSpace(n.dir)
	if statErr == nil && total == 0 {
		return fmt.Errorf("%w: it needs %s, %s has no limit of its own, and the system has %s of memory to give: use fewer or smaller slots", ErrNoSpace, megabytes(needed), n.dir, megabytes(free))
	}
	if statErr != nil || needed <= free {
		return fmt.Errorf("%w: %s has no room for a file, though %s are free: remove files there (df -i): %w", ErrNoSpace, n.dir, megabytes(free), err)
	}
	return fmt.Errorf("%w: it needs %s, %s has %s of which %s are free: use fewer or smaller slots, or give it more (containers: --shm-size)",
		ErrNoSpace, megabytes(needed), n.dir, megabytes(total), megabytes(free))
}

func megabytes(bytes uint64) string { return fmt.Sprintf("%d MiB", (bytes+1<<20-1)>>20) }
