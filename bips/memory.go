package bips

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// ownMemory is the memory of a pool whose readers get it over connections. It has no name: the socket has that
// by which they connect. Readers cannot write to it, nor to each other's seats.
type ownMemory struct {
	reception *reception
	shared    *sys.Memory // what readers get: it cannot be written to by this descriptor
	pool      *sys.Mapping
	// seats is private: it shows who sits nowhere, and those who were not seated yet.
	seats []byte
}

// The seals of the memory that readers get: nobody makes it shorter, which would be SIGBUS for the others, or longer, and only
// mappings that were made before can write to it.
const (
	poolSeals = sys.SealShrink | sys.SealGrow | sys.SealFutureWrite | sys.SealSeal
	// A seat's reader maps it to write to it. After that it gets the others.
	seatSeals     = sys.SealShrink | sys.SealGrow
	seatSealsLast = sys.SealFutureWrite | sys.SealSeal
)

// seatMemorySize is the size of the segment of one seat, in bytes.
const seatMemorySize = layout.HeaderSize + layout.PageSize

// createMemory makes the memory of a new pool (B1 to B4).
func createMemory(ctx context.Context, n *ownName, g *geometry) (m *ownMemory, err error) {
	if err := n.makeRoom(ctx, g, func() (err error) { m, err = tryCreateMemory(n, g); return err }); err != nil {
		if errors.Is(err, sys.ErrOldKernel) {
			err = fmt.Errorf("%w: %w: use the backend shm (bipssink: backend=shm)", ErrBackend, err)
		}
		return nil, n.explain(err)
	}
	return m, nil
}

// tryCreateMemory is one try. It leaves nothing behind when it fails.
func tryCreateMemory(n *ownName, g *geometry) (*ownMemory, error) {
	m := &ownMemory{reception: n.reception, seats: make([]byte, g.seatSegmentSize())}
	if err := m.make(n, g); err != nil {
		m.remove()
		return nil, err
	}
	return m, nil
}

func (m *ownMemory) make(n *ownName, g *geometry) error {
	if err := n.checkMemory(g); err != nil { // B1
		return err
	}
	memory, err := sys.CreateMemory("bips."+n.paths.name, int64(g.segmentSize)) // B2
	if errors.Is(err, sys.ErrNoMemory) {
		return fmt.Errorf("%w: the system has no memory for it (%v): use fewer or smaller slots", ErrNoSpace, err)
	}
	if err != nil {
		return err
	}
	defer func() { _ = memory.Close() }()
	if err := memory.AddSeals(sys.SealShrink); err != nil {
		return err
	}
	crashpoint.Hit("B2")
	if m.pool, err = memory.Map(sys.ReadWrite); err != nil { // B3
		return err
	}
	m.pool.Populate(sys.ReadWrite)
	crashpoint.Hit("B3")
	if m.shared, err = memory.ReadOnly(); err != nil { // B4
		return err
	}
	if LockDescriptorHook != nil {
		LockDescriptorHook(m.shared.FD(), true)
	}
	err = memory.AddSeals(poolSeals)
	crashpoint.Hit("B4")
	return err
}

// checkMemory says no before memory is taken (B1): the kernel kills who goes beyond the limit of its control group.
func (n *ownName) checkMemory(g *geometry) error {
	needed := g.segmentSize + uint64(g.seats)*seatMemorySize
	if needed > layout.MaxSegmentSize {
		return fmt.Errorf("%w: the pool would need %s", ErrOption, megabytes(needed))
	}
	crashpoint.Hit("B1")
	return checkControlGroup(needed)
}

// segments implements backing.
func (m *ownMemory) segments() (pool, seats []byte) { return m.pool.Bytes, m.seats }

// alone implements backing.
func (m *ownMemory) alone() bool { return true }

// publish implements backing. Where the socket has the name already, a move needs no other.
func (m *ownMemory) publish() error {
	if m.reception.listener != nil {
		return nil
	}
	return m.reception.open()
}

// renew implements backing: who is connected does not notice.
func (m *ownMemory) renew() (done bool, err error) { return true, m.reception.open() }

// areNamed implements backing (N3).
func (m *ownMemory) areNamed() bool { return m.reception.isNamed() }

// unlink implements backing: the name is the socket's, and stays for the next pool.
func (m *ownMemory) unlink() {}

// unlinkSeats implements backing: they have no names.
func (m *ownMemory) unlinkSeats() {}

// seizeDead implements backing. Whoever dies is disconnected, which gives its seat up (O10): there is nothing to seize.
func (m *ownMemory) seizeDead(int) (release func(), ok bool) { return nil, false }

// seizeAbsent implements backing. Who comes just now notices itself.
func (m *ownMemory) seizeAbsent(int) (release func(), ok bool) { return func() {}, true }

// dismiss implements backing.
func (m *ownMemory) dismiss(seat int) { m.reception.dismiss(seat) }

// close implements backing: nobody gets the memory any more.
func (m *ownMemory) close() {
	if m.shared == nil {
		return
	}
	if LockDescriptorHook != nil {
		LockDescriptorHook(m.shared.FD(), false)
	}
	_ = m.shared.Close()
	m.shared = nil
}

// unmap implements backing.
func (m *ownMemory) unmap() {
	if m.pool != nil {
		_ = m.pool.Unmap()
		m.pool = nil
	}
}

// remove implements backing.
func (m *ownMemory) remove() {
	m.unmap()
	m.close()
}

// open gives the pool its name: a socket is made under another one and renamed (B5, S5), so that whoever finds the name can
// connect. Called with Producer.moving held, or when nobody else knows the producer.
func (r *reception) open() error {
	name := r.name.socketName()
	listener, err := sys.Listen(r.name.dir, name, r.name.who.group, r.name.who.permissions, LockDescriptorHook)
	if err != nil {
		return err
	}
	crashpoint.Hit("B5")
	path := filepath.Join(r.name.dir, name)
	if err := os.Rename(path, r.name.paths.pool()); err != nil {
		_ = os.Remove(path)
		_ = listener.Close()
		return err
	}
	if before := r.exchange(listener); before != nil {
		before.CloseApart()
	}
	r.tasks.Add(1)
	go r.acceptAt(listener)
	return nil
}

// exchange makes another listener the present one, and returns the one before.
func (r *reception) exchange(listener *sys.Listener) (before *sys.Listener) {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	before, r.listener = r.listener, listener
	return before
}

// isNamed reports whether the socket has the pool's name.
func (r *reception) isNamed() bool { return r.listener != nil && r.listener.IsAt(r.name.paths.pool()) }

// unlink takes the name away.
func (r *reception) unlink() {
	if r.isNamed() {
		_ = os.Remove(r.name.paths.pool())
		crashpoint.Hit("Q3a")
	}
}
