package sys

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// ErrNotMemory: a descriptor that came with a message does not lead to memory as it was announced.
var ErrNotMemory = errors.New("not the memory that was announced")

// Received are the descriptors that came with a message. They lead to whatever the sender liked, so that most of
// what one may do with a descriptor can hang, its closing too. Whoever has them calls Discard in the end.
type Received struct {
	fds []int // -1: taken
}

// Len is how many came.
func (r *Received) Len() int { return len(r.fds) }

// Memory takes the descriptor with this index, from 0, if it leads to memory of exactly this size in bytes, every page
// allocated, that has these seals and perhaps others. Else the error wraps [ErrNotMemory], and the descriptor stays
// among those to discard.
func (r *Received) Memory(index int, size int64, seals Seals) (*Memory, error) {
	if index >= len(r.fds) || r.fds[index] < 0 {
		return nil, fmt.Errorf("%w: descriptor %d did not come", ErrNotMemory, index)
	}
	fd := r.fds[index]
	if err := checkMemory(fd, size, seals); err != nil {
		return nil, fmt.Errorf("%w: descriptor %d: %w", ErrNotMemory, index, err)
	}
	r.fds[index] = -1
	return &Memory{fd, "received memory", size}, nil
}

// checkMemory asks for the seals first: files that have some never hang. Questions about others may go over a
// network, or to a process of the sender's (FUSE).
func checkMemory(fd int, size int64, seals Seals) error {
	has, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil {
		return fmt.Errorf("it cannot be sealed: %w", err)
	}
	if Seals(has)&seals != seals {
		return fmt.Errorf("it has the seals %#x, %#x are needed", has, int(seals))
	}
	var system unix.Statfs_t
	if err := unix.Fstatfs(fd, &system); err != nil {
		return fmt.Errorf("fstatfs: %w", err)
	}
	if uint32(system.Type) != unix.TMPFS_MAGIC { // of huge pages there may be none left, which is SIGBUS
		return fmt.Errorf("it lies in a file system of type %#x", system.Type)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("fstat: %w", err)
	}
	// Who reads a hole pays for the page that fills it. Blocks alone do not tell: there may be some behind the end
	// (FALLOC_FL_KEEP_SIZE).
	if id := fileID(&st); id.Size != size || id.Allocated < uint64(size) {
		return fmt.Errorf("it has %d bytes, %d of them allocated, %d were announced", id.Size, id.Allocated, size)
	}
	if hole, err := unix.Seek(fd, 0, unix.SEEK_HOLE); err == nil && hole < size { // else this kernel cannot tell
		return fmt.Errorf("it has a hole at %d", hole)
	}
	return nil
}

// Discard closes those that were not taken, in a goroutine of its own since that may hang, and returns at once. It
// may be called more than once.
func (r *Received) Discard() {
	var left []int
	for _, fd := range r.fds {
		if fd >= 0 {
			left = append(left, fd)
		}
	}
	r.fds = nil
	for _, fd := range left {
		closeApart(func() { _ = unix.Close(fd) })
	}
}
