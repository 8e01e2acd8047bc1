package raw

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/wire"
)

// Listener is what readers connect to in the place of a producer.
type Listener struct {
	fd   int
	path string
}

// Listen makes a socket at path. A path of a temporary folder is short enough.
func Listen(path string) (*Listener, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	l := &Listener{fd, path}
	if err = unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err == nil {
		err = unix.Listen(fd, 16)
	}
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	return l, nil
}

// Accept waits for a reader at most so long.
func (l *Listener) Accept(limit time.Duration) (Conn, error) {
	for end := time.Now().Add(limit); ; {
		wanted := []unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}}
		_, _ = unix.Poll(wanted, int(max(0, time.Until(end)).Milliseconds()))
		fd, _, err := unix.Accept4(l.fd, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		switch {
		case err == nil:
			return Conn{fd}, nil
		case err == unix.EAGAIN && time.Now().After(end):
			return Conn{-1}, ErrSilent
		case err != unix.EAGAIN && err != unix.EINTR:
			return Conn{-1}, fmt.Errorf("accept: %w", err)
		}
	}
}

// Serve does something with each reader that connects, one after the other, until stop is called, which waits for the last one and closes
// the listener. The connections are with's to close.
func (l *Listener) Serve(with func(Conn)) (stop func()) {
	over, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			c, err := l.Accept(20 * time.Millisecond)
			select {
			case <-over:
				if err == nil {
					c.Close()
				}
				return
			default:
			}
			if err == nil {
				with(c)
			}
		}
	}()
	return func() {
		close(over)
		<-stopped
		l.Close()
	}
}

// Close closes it and removes its name.
func (l *Listener) Close() {
	_ = unix.Close(l.fd)
	_ = os.Remove(l.path)
}

// Seals of memory, and what a reader checks.
const (
	Shrink      = unix.F_SEAL_SHRINK
	Grow        = unix.F_SEAL_GROW
	FutureWrite = unix.F_SEAL_FUTURE_WRITE
	Seal        = unix.F_SEAL_SEAL
	PoolSeals   = Shrink | Grow | FutureWrite | Seal
	SeatSeals   = Shrink | Grow
)

// Memory makes a memfd with this content and these seals.
func Memory(content []byte, flags, seals int) (fd int, err error) {
	fd, err = unix.MemfdCreate("raw", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|flags)
	if err != nil {
		return -1, fmt.Errorf("memfd_create: %w", err)
	}
	if err = Fill(fd, content); err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// Fill makes a file exactly this content.
func Fill(fd int, content []byte) error {
	if err := unix.Ftruncate(fd, int64(len(content))); err != nil {
		return fmt.Errorf("ftruncate: %w", err)
	}
	for at := 0; at < len(content); {
		n, err := unix.Pwrite(fd, content[at:], int64(at))
		if err != nil {
			return fmt.Errorf("pwrite: %w", err)
		}
		at += n
	}
	return nil
}

// Sparse makes a memfd whose first bytes are this content, and of which nothing else is there. behind is how many bytes are
// allocated behind its end, where nobody sees them.
func Sparse(content []byte, size, behind int64, seals int) (fd int, err error) {
	fd, err = Memory(content, 0, 0)
	if err != nil {
		return -1, err
	}
	err = unix.Ftruncate(fd, size)
	if err == nil && behind > 0 {
		err = unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, size, behind)
	}
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("sparse memory: %w", err)
	}
	return fd, nil
}

// File makes a regular file of a folder with this content, without a name.
func File(folder string, content []byte) (fd int, err error) {
	path := filepath.Join(folder, "raw")
	fd, err = unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return -1, fmt.Errorf("open %s: %w", path, err)
	}
	_ = os.Remove(path)
	if err := Fill(fd, content); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// SeatSegment is what a producer hands over beside its pool: one seat, in state asking.
func SeatSegment(instance uint64, move, generation uint32, pins int) []byte {
	memory := make([]byte, layout.HeaderSize+layout.PageSize)
	h := at[layout.SeatHeader](memory, 0)
	h.VersionMajor, h.VersionMinor, h.HeaderSize = layout.VersionMajor, layout.VersionMinor, layout.HeaderSize
	h.Instance, h.Move, h.SegmentSize = instance, move, uint64(len(memory))
	h.SeatsOffset, h.SeatSize, h.SeatCount = layout.HeaderSize, layout.SeatSize, 1
	s := at[layout.Seat](memory, layout.HeaderSize)
	s.Generation.Store(generation)
	s.State.Store(layout.SeatAsking)
	s.Asked.Store(layout.PackAsked(pins, 1))
	h.Magic.Store(layout.SeatMagic)
	return memory
}

// Grant is one that fits to segments, for seat 0.
func Grant(instance uint64, pool, seat []byte, generation, pins uint32) wire.Grant {
	return wire.Grant{Instance: instance, PoolSize: uint64(len(pool)), SeatSize: uint64(len(seat)), Generation: generation, Granted: pins}
}

// HeaderOf is the header of a pool segment.
func HeaderOf(pool []byte) *layout.PoolHeader { return at[layout.PoolHeader](pool, 0) }

// SeatHeaderOf is the header of a seat segment.
func SeatHeaderOf(seat []byte) *layout.SeatHeader { return at[layout.SeatHeader](seat, 0) }

// SeatIn is a seat of a seat segment that has several, where the header says.
func SeatIn(seats []byte, h *layout.SeatHeader, seat int) *layout.Seat {
	return at[layout.Seat](seats, h.SeatsOffset+uint64(seat)*uint64(h.SeatSize))
}

// WordIn is what a producer says of a seat, where the header says.
func WordIn(pool []byte, h *layout.PoolHeader, seat int) *layout.SeatWord {
	return at[layout.SeatWord](pool, h.SeatWordsOffset+uint64(seat)*uint64(h.SeatWordSize))
}

// SeatOf is the seat of a seat segment.
func SeatOf(seat []byte) *layout.Seat { return at[layout.Seat](seat, layout.HeaderSize) }
