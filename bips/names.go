package bips

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// ownName is a pool's name while a producer has it: its lock, and what all pools that the
// producer makes under it have in common.
type ownName struct {
	paths
	who      access
	instance uint64
	inMemory bool          // the folder lies in memory, and not on a disk
	lock     *sys.LockFile // holds layout.NameLock

	reception *reception // where readers come to; nil: to files in the folder
}

// takeName takes the name, and removes what dead producers left of it (S1 to S3). It gives up when the context
// ends while it waits.
func takeName(ctx context.Context, name string, who access) (_ *ownName, err error) {
	n := &ownName{paths: paths{shmDir(), name}, who: who}
	defer func() {
		if err != nil {
			n.giveUp()
			err = n.explain(err)
		}
	}()
	if err := sys.StartPoller(); err != nil {
		return nil, err
	}
	if err := sys.CheckFutex(); err != nil {
		return nil, err
	}
	if n.lock, err = n.takeLock(ctx); err != nil {
		return nil, err
	}
	if n.inMemory, err = n.lock.InMemory(); err != nil {
		return nil, err
	}
	if err := n.sweep(); err != nil {
		return nil, err
	}
	n.instance, err = randomInstance()
	return n, err
}

// takeLock is steps S1 and S2. Whoever takes the lock of a file that has no name any more, because its
// producer ended or somebody removed it, begins again.
func (n *ownName) takeLock(ctx context.Context) (*sys.LockFile, error) {
	for end := time.Now().Add(busyGrace); ; {
		lock, err := sys.CreateLockFile(n.paths.lock(), n.who.group, n.who.toLock(), LockDescriptorHook)
		if err != nil {
			return nil, n.who.explain(err)
		}
		crashpoint.Hit("S1")
		ours, err := tryLockUntil(ctx, end, lock, layout.NameLock)
		if err == nil && ours && lock.IsAt(n.paths.lock()) {
			crashpoint.Hit("S2")
			return lock, nil
		}
		_ = lock.Close()
		switch {
		case err != nil:
			return nil, err
		case !ours || time.Now().After(end):
			return nil, fmt.Errorf("%w: stop it, or use another name", ErrPoolBusy)
		}
	}
}

// busyGrace is how long a name that is taken is tried again: a producer that was
// killed has it until the kernel is done with its memory, 0.4 s at 4 GiB. Tests change it.
var busyGrace = 500 * time.Millisecond

// tryLockUntil takes a lock that may come free soon.
func tryLockUntil(ctx context.Context, end time.Time, lock *sys.LockFile, offset int64) (ours bool, err error) {
	for {
		ours, err = lock.TryLock(offset)
		if ours || err != nil || time.Now().After(end) {
			return ours, err
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return false, err
		}
	}
}

// sweep removes what dead producers of this name left (S3). None of it belongs to a
// living one, because that would have the name's lock. The pool itself stays until
// the new one replaces it, or, where there is no room for both, until S6.
func (n *ownName) sweep() error {
	entries, err := os.ReadDir(n.dir)
	if err != nil {
		return err
	}
	prefix, lock, socket := filepath.Base(n.paths.pool())+".", filepath.Base(n.paths.lock()), n.socketName()
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, prefix) && name != lock || name == socket {
			if err := os.Remove(filepath.Join(n.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			crashpoint.Hit("S3")
		}
	}
	return nil
}

func randomInstance() (uint64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b[:]) | 1, nil
}

// giveUp lets go of the name. Its lock file goes with it (Q3c, Q4), while the lock is still held: who
// locks it afterwards finds that it has no name. Another user's file in a sticky folder stays.
func (n *ownName) giveUp() {
	if n.lock == nil {
		return
	}
	if n.reception != nil {
		n.reception.unlink()
		n.reception.close()
	}
	if n.lock.IsAt(n.paths.lock()) {
		_ = os.Remove(n.paths.lock())
		crashpoint.Hit("Q3c")
	}
	closeLock(&n.lock)
	crashpoint.Hit("Q4")
}

// ownFiles are the two files of a pool that this process makes. They have their own locks, and mappings.
type ownFiles struct {
	name    *ownName
	move    uint32
	pool    *sys.LockFile // holds layout.ProducerLock
	seats   *sys.LockFile // takes seats' locks to reclaim them
	poolMap *sys.Mapping
	seatMap *sys.Mapping
}

// createFiles makes the files of a new pool (S4a to S4d). They have no name yet: the caller fills the segments
// and calls publish.
func createFiles(ctx context.Context, n *ownName, g *geometry) (_ *ownFiles, err error) {
	f := &ownFiles{name: n, move: g.move}
	defer func() {
		if err != nil {
			f.remove()
			err = n.explain(err)
		}
	}()
	// Others may open the files only when the producer's lock is taken.
	if err := f.makeSegments(ctx, g); err != nil {
		return nil, err
	}
	if ours, err := f.pool.TryLock(layout.ProducerLock); err != nil || !ours {
		return nil, errors.Join(err, fmt.Errorf("%s is locked by another process", f.unnamed()))
	}
	crashpoint.Hit("S4c")
	if err := f.seats.SetAccess(n.who.group, n.who.toSeats()); err != nil {
		return nil, n.who.explain(err)
	}
	if err := f.pool.SetAccess(n.who.group, n.who.toPool()); err != nil {
		return nil, n.who.explain(err)
	}
	crashpoint.Hit("S4d")
	return f, nil
}

func (f *ownFiles) unnamed() string   { return f.name.unnamed(f.name.instance, f.move) }
func (f *ownFiles) seatsPath() string { return f.name.seats(f.name.instance, f.move) }

// makeSegment makes a file for the own user, maps it, and opens it once more for its locks.
func makeSegment(path string, size uint64) (*sys.Mapping, *sys.LockFile, error) {
	file, err := sys.CreateAllocated(path, int64(size))
	if errors.Is(err, sys.ErrNoMemory) { // the file is not mapped yet: no limit of this process's
		err = fmt.Errorf("%w: the system, or this process's control group, has no memory for it (%v): use fewer or smaller slots, or raise the limit (containers: --memory)", ErrNoSpace, err)
	}
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	mapping, err := sys.Map(file, int64(size), sys.ReadWrite)
	if err != nil {
		return nil, nil, err
	}
	lock, err := sys.OpenLockFile(path, os.O_RDWR, LockDescriptorHook)
	return mapping, lock, err
}

// publish implements backing.
func (f *ownFiles) publish() error { return os.Rename(f.unnamed(), f.name.paths.pool()) }

// unlink implements backing. Another producer's pool is left alone.
func (f *ownFiles) unlink() {
	if f.pool.IsAt(f.name.paths.pool()) {
		_ = os.Remove(f.name.paths.pool())
		crashpoint.Hit("Q3a")
	}
	f.unlinkSeats()
	crashpoint.Hit("Q3b")
}

// unlinkSeats implements backing.
func (f *ownFiles) unlinkSeats() {
	if f.seats.IsAt(f.seatsPath()) {
		_ = os.Remove(f.seatsPath())
	}
}

// areNamed implements backing (N3).
func (f *ownFiles) areNamed() bool {
	return f.pool.IsAt(f.name.paths.pool()) && f.seats.IsAt(f.seatsPath())
}

// close implements backing.
func (f *ownFiles) close() {
	closeLock(&f.seats)
	closeLock(&f.pool)
}

// closeLock closes a file that is open.
func closeLock(lock **sys.LockFile) {
	if *lock != nil {
		_ = (*lock).Close()
		*lock = nil
	}
}

// unmap implements backing.
func (f *ownFiles) unmap() {
	for _, mapping := range []**sys.Mapping{&f.poolMap, &f.seatMap} {
		if *mapping != nil {
			_ = (*mapping).Unmap()
			*mapping = nil
		}
	}
}

// remove implements backing: it undoes createFiles.
func (f *ownFiles) remove() {
	_ = os.Remove(f.unnamed())
	_ = os.Remove(f.seatsPath())
	f.unmap()
	f.close()
}
