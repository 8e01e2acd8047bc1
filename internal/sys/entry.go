package sys

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

var (
	// ErrNobodyListens: there is a socket, and its process is gone, or is going.
	ErrNobodyListens = errors.New("nobody listens")
	// ErrBacklogFull: so many wait to be accepted that no more may. Its process is stopped, or is overrun.
	ErrBacklogFull = errors.New("too many wait to be accepted")
	// ErrOtherSocket: there is a socket of another kind.
	ErrOtherSocket = errors.New("not a SOCK_SEQPACKET socket")
)

// Entry is what a folder had under a name when it was looked at, held fast, but not opened: that has no effect on
// anybody, whatever it is (O_PATH).
type Entry struct {
	fd   int
	path string
	id   FileID
}

// OpenEntry looks what is at path, without following a link.
func OpenEntry(path string) (*Entry, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	id, err := statDescriptor(fd)
	if err != nil {
		_ = unix.Close(fd)
		return nil, &fs.PathError{Op: "fstat", Path: path, Err: err}
	}
	return &Entry{fd, path, id}, nil
}

// ID describes it.
func (e *Entry) ID() FileID { return e.id }

// Close lets it go.
func (e *Entry) Close() error {
	fd := e.fd
	e.fd = -1
	return unix.Close(fd)
}

// Connect connects to the socket that it is. It does not wait: the connection is there before the peer accepts
// it. hook is told of the descriptor, as in [Listen]. The error wraps [ErrNobodyListens], [ErrBacklogFull], [ErrOtherSocket],
// [ErrCloseHangs], or fs.ErrPermission; [OutOfResources] knows others.
func (e *Entry) Connect(hook func(fd int, opened bool)) (*Conn, error) {
	if closingHangs() {
		return nil, fmt.Errorf("connect to %s: %w", e.path, ErrCloseHangs)
	}
	fd, err := openSocket()
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", e.path, err)
	}
	if err := e.connect(fd); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("connect to %s: %w", e.path, err)
	}
	s, err := newSocket(fd, e.path, hook)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", e.path, err)
	}
	return &Conn{s}, nil
}

func (e *Entry) connect(fd int) error {
	err := connect(fd, descriptorPath(e.fd))
	if withoutProc(err) && len(e.path) > maxSocketPath && err != unix.EACCES { // which is about the socket, most likely
		return fmt.Errorf("without /proc a socket's path may have %d bytes, this one has %d: mount /proc, or use a shorter folder or name", maxSocketPath, len(e.path))
	}
	if withoutProc(err) && len(e.path) <= maxSocketPath {
		if named, statErr := StatPath(e.path); statErr != nil || !named.Same(e.id) {
			return fmt.Errorf("%w: it was replaced meanwhile", ErrNobodyListens)
		}
		err = connect(fd, e.path)
	}
	switch err {
	case nil:
		return nil
	case unix.ECONNREFUSED, unix.ENOENT:
		return fmt.Errorf("%w: %w", ErrNobodyListens, err)
	case unix.EAGAIN:
		return fmt.Errorf("%w: %w", ErrBacklogFull, err)
	case unix.EPROTOTYPE:
		return fmt.Errorf("%w: %w", ErrOtherSocket, err)
	}
	return &fs.PathError{Op: "connect", Path: e.path, Err: err}
}

func connect(fd int, path string) error {
	for {
		if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != unix.EINTR {
			return err
		}
	}
}
