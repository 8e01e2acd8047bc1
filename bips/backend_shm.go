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
	"runtime/debug"
	"strings"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// LockDescriptorHook, if set before the first pool is opened, is told of every
// descriptor that holds or probes a lock when it is opened and before it is closed.
// A process that may fork without exec must close them in the child, since a lock
// lives as long as any process has its descriptor.
var LockDescriptorHook func(fd int, opened bool)

// shmProducer is the producer's end of a pool's files. It owns the name while it is open.
type shmProducer struct {
	paths
	instance uint64
	inMemory bool          // and not on a disk
	name     *sys.LockFile // holds layout.NameLock
	pool     *sys.LockFile // holds layout.ProducerLock
	seats    *sys.LockFile // takes seats' locks to reclaim them
	poolMap  *sys.Mapping
	seatMap  *sys.Mapping
}

// createShm makes the files of a new pool. They have no name yet: the caller fills
// the segments and calls publish. Steps S1 to S4 of docs/protocol.md. It gives up when the
// context ends while it waits.
func createShm(ctx context.Context, name string, plan func(instance uint64) geometry, who access) (_ *shmProducer, g geometry, err error) {
	s := &shmProducer{paths: paths{shmDir(), name}}
	defer func() {
		if err != nil {
			s.abandon()
			err = s.explain(err)
		}
	}()
	if err := sys.StartPoller(); err != nil {
		return nil, g, err
	}
	if err := sys.CheckFutex(); err != nil {
		return nil, g, err
	}
	if err := s.lockName(ctx, who); err != nil {
		return nil, g, err
	}
	if s.inMemory, err = s.name.InMemory(); err != nil {
		return nil, g, err
	}
	if err := s.sweep(); err != nil {
		return nil, g, err
	}
	if s.instance, err = randomInstance(); err != nil {
		return nil, g, err
	}
	g = plan(s.instance)
	// S4. Others may open the files only when the producer's lock is taken.
	if err := s.makeSegments(ctx, &g); err != nil {
		return nil, g, err
	}
	if ours, err := s.pool.TryLock(layout.ProducerLock); err != nil || !ours {
		return nil, g, errors.Join(err, fmt.Errorf("%s is locked by another process", s.unnamed(s.instance)))
	}
	crashpoint.Hit("S4c")
	if err := s.seats.SetAccess(who.group, who.toSeats()); err != nil {
		return nil, g, who.explain(err)
	}
	if err := s.pool.SetAccess(who.group, who.toPool()); err != nil {
		return nil, g, who.explain(err)
	}
	crashpoint.Hit("S4d")
	return s, g, nil
}

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

// lockName is steps S1 and S2: the lock file is never unlinked, so whoever has its
// lock has the name.
func (s *shmProducer) lockName(ctx context.Context, who access) error {
	for {
		lock, err := sys.CreateLockFile(s.lock(), who.group, who.toLock(), LockDescriptorHook)
		if err != nil {
			return who.explain(err)
		}
		crashpoint.Hit("S1")
		ours, err := tryLockFor(ctx, busyGrace, lock, layout.NameLock)
		if err != nil || !ours {
			_ = lock.Close()
			if err == nil {
				err = fmt.Errorf("%w: stop it, or use another name", ErrPoolBusy)
			}
			return err
		}
		locked, err := lock.Stat()
		if err != nil {
			_ = lock.Close()
			return err
		}
		if named, err := sys.StatPath(s.lock()); err == nil && named.Same(locked) {
			s.name = lock
			crashpoint.Hit("S2")
			return nil
		}
		_ = lock.Close() // somebody removed the file under us: again
	}
}

// busyGrace is how long a name that is taken is tried again: a producer that was
// killed has it until the kernel is done with its memory, 0.4 s at 4 GiB. Tests change it.
var busyGrace = 500 * time.Millisecond

// tryLockFor takes a lock that may come free soon.
func tryLockFor(ctx context.Context, patience time.Duration, lock *sys.LockFile, offset int64) (ours bool, err error) {
	for end := time.Now().Add(patience); ; {
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
func (s *shmProducer) sweep() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	prefix, lock := filepath.Base(s.paths.pool())+".", filepath.Base(s.lock())
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, prefix) && name != lock {
			if err := os.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
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

// publish gives the pool its name (S5), which replaces a dead producer's.
func (s *shmProducer) publish() error {
	if err := os.Rename(s.unnamed(s.instance), s.paths.pool()); err != nil {
		return err
	}
	crashpoint.Hit("S5")
	return nil
}

// unlink takes the names away (Q3), while the name's lock is still held. Another
// producer's pool is left alone.
func (s *shmProducer) unlink() {
	if own, err := s.pool.Stat(); err == nil {
		if named, err := sys.StatPath(s.paths.pool()); err == nil && named.Same(own) {
			_ = os.Remove(s.paths.pool())
			crashpoint.Hit("Q3a")
		}
	}
	_ = os.Remove(s.paths.seats(s.instance))
	crashpoint.Hit("Q3b")
}

// closeLocks lets go of pool and name, in this order: a pool whose producer is
// gone must not be found under a name that is still held.
func (s *shmProducer) closeLocks() {
	for _, lock := range []**sys.LockFile{&s.seats, &s.pool, &s.name} {
		if closeLock(lock) {
			crashpoint.Hit("Q4")
		}
	}
}

// closeLock closes a file that is open, and reports whether it was.
func closeLock(lock **sys.LockFile) bool {
	if *lock == nil {
		return false
	}
	_ = (*lock).Close()
	*lock = nil
	return true
}

func (s *shmProducer) unmap() {
	for _, mapping := range []**sys.Mapping{&s.poolMap, &s.seatMap} {
		if *mapping != nil {
			_ = (*mapping).Unmap()
			*mapping = nil
		}
	}
}

// abandon undoes a creation that failed half-way.
func (s *shmProducer) abandon() {
	s.removeSegments()
	s.closeLocks()
}

// shmConsumer is a consumer's end of a pool's files.
type shmConsumer struct {
	pool    *sys.LockFile // probes layout.ProducerLock
	seats   *sys.LockFile // holds the seat's lock
	poolMap *sys.Mapping
	seatMap *sys.Mapping
}

// openShm opens the pool of a name, whose producer is alive (A1, A2). It returns
// ErrNoPool when there is none.
func openShm(name string) (_ *shmConsumer, _ *poolSegment, _ *seatSegment, err error) {
	files := paths{shmDir(), name}
	c := &shmConsumer{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	if err := sys.StartPoller(); err != nil {
		return nil, nil, nil, err
	}
	if c.pool, err = sys.OpenLockFile(files.pool(), os.O_RDONLY, LockDescriptorHook); err != nil {
		return nil, nil, nil, err
	}
	id, err := c.pool.Stat()
	if err != nil {
		return nil, nil, nil, err
	}
	if err := checkOwner(id); err != nil {
		return nil, nil, nil, err
	}
	if alive, err := c.producerAlive(); err != nil || !alive {
		if err == nil {
			err = fmt.Errorf("%w: its producer is gone", ErrNoPool)
		}
		return nil, nil, nil, err
	}
	if err := sys.CheckFutex(); err != nil {
		return nil, nil, nil, err
	}
	pool, err := c.mapPool(files.pool(), id)
	if err != nil {
		return nil, nil, nil, err
	}
	crashpoint.Hit("A1")
	seats, err := c.mapSeats(files.seats(pool.instance), &pool.geometry)
	return c, pool, seats, err
}

// mapPool maps the pool segment, its first page alone before the others: what that says must
// hold before memory is taken for it.
func (c *shmConsumer) mapPool(path string, id sys.FileID) (*poolSegment, error) {
	g, err := readFirstPage(path, id, func(page []byte) (geometry, error) { return readGeometry(page, uint64(id.Size)) })
	if err != nil {
		return nil, err
	}
	if err := checkAllocated(c.pool, id, g.segmentSize); err != nil {
		return nil, err
	}
	if c.poolMap, err = sys.MapPath(path, id, int64(g.segmentSize), sys.ReadOnly); err != nil {
		return nil, err
	}
	return newPoolSegment(c.poolMap.Bytes, g)
}

// readFirstPage lets read look at the first page of a segment, which is mapped for that.
func readFirstPage[T any](path string, id sys.FileID, read func(page []byte) (T, error)) (found T, err error) {
	if id.Size < layout.HeaderSize {
		return found, fmt.Errorf("%w: cut short to %d bytes", ErrDamaged, id.Size)
	}
	page, err := sys.MapPath(path, id, layout.HeaderSize, sys.ReadOnly)
	if err != nil {
		return found, err
	}
	defer func() { _ = page.Unmap() }()
	return read(page.Bytes)
}

// checkAllocated refuses a file in memory whose first size bytes have holes. To look at a hole
// takes memory, which is the looker's own then, as much as whoever may write the file says.
func checkAllocated(file *sys.LockFile, id sys.FileID, size uint64) error {
	if id.Allocated >= size {
		return nil
	}
	if inMemory, err := file.InMemory(); err != nil || !inMemory {
		return err // on a disk a hole costs nothing, and a file may be compressed
	}
	return fmt.Errorf("%w: a segment of %d bytes of which only %d are there: somebody made holes in its file", ErrDamaged, size, id.Allocated)
}

// mapSeats opens and maps the seat segment of an instance (A2). If it is not there, the
// instance is going.
func (c *shmConsumer) mapSeats(path string, g *geometry) (_ *seatSegment, err error) {
	if c.seats, err = sys.OpenLockFile(path, os.O_RDWR, LockDescriptorHook); err != nil {
		return nil, err
	}
	id, err := c.seats.Stat()
	if err != nil {
		return nil, err
	}
	table, err := readFirstPage(path, id, func(page []byte) (seatTable, error) { return readSeatTable(page, g, uint64(id.Size)) })
	if err != nil {
		return nil, err
	}
	if err := checkAllocated(c.seats, id, table.end()); err != nil {
		return nil, err
	}
	if c.seatMap, err = sys.MapPath(path, id, int64(table.end()), sys.ReadWrite); err != nil {
		return nil, err
	}
	crashpoint.Hit("A2")
	return newSeatSegment(c.seatMap.Bytes, table)
}

func (c *shmConsumer) producerAlive() (bool, error) { return c.pool.IsLocked(layout.ProducerLock) }

// close drops the locks, then the mappings. Nobody may look at the segments any more.
func (c *shmConsumer) close() {
	for _, lock := range []*sys.LockFile{c.seats, c.pool} {
		if lock != nil {
			_ = lock.Close()
		}
	}
	for _, mapping := range []*sys.Mapping{c.seatMap, c.poolMap} {
		if mapping != nil {
			_ = mapping.Unmap()
		}
	}
}
