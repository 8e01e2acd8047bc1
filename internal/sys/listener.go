package sys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	// backlog is how many connections may wait to be accepted.
	backlog = 64
	// maxSocketPath is how long a path in a socket's address may be, in bytes.
	maxSocketPath = 107
	// soPassRights is the socket option SO_PASSRIGHTS (Linux 6.16), which package unix does not have.
	soPassRights = 83
)

// Listener is a socket that has a name in a folder. Processes that may write to its file
// connect to it.
type Listener struct {
	*socket
	id FileID
}

// Listen makes a socket at folder/name, which must not exist, and listens. Permissions are given as those of a file that
// is read: who may read it by perm may connect. group is the file's, or [KeepGroup]. hook, if not nil, is told
// of the socket's descriptor, and of those of accepted connections, when they are opened and before they are closed.
//
// The folder's path may be as long as it likes, where there is a /proc: the address is given by the folder's descriptor. The
// name may have 80 bytes. A longer one can be had by renaming the file, which goes on being the socket's, and [Entry.Connect]
// finds it. Descriptors that a peer sends are refused by kernels that can (Linux 6.16). On an error nothing is left behind.
func Listen(folder, name string, group int, perm fs.FileMode, hook func(fd int, opened bool)) (*Listener, error) {
	path := filepath.Join(folder, name)
	fd, err := openSocket()
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	s, err := newSocket(fd, path, hook)
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	l := &Listener{socket: s}
	if err := l.begin(folder, name, group, perm); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	return l, nil
}

func (l *Listener) begin(folder, name string, group int, perm fs.FileMode) error {
	dir, err := unix.Open(folder, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("open", err)
	}
	defer unix.Close(dir)
	if err := l.control(func(fd int) error {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, soPassRights, 0) // EINVAL, ENOPROTOOPT: before Linux 6.16
		if err := unix.Fchmod(fd, 0o600); err != nil {               // the file gets no more than the socket has
			return os.NewSyscallError("fchmod", err)
		}
		return bind(fd, dir, folder, name)
	}); err != nil {
		return err
	}
	if err := l.listen(dir, name, group, perm); err != nil {
		_ = unix.Unlinkat(dir, name, 0)
		return err
	}
	return nil
}

// bind gives a socket a name in a folder that is open as dir.
func bind(fd, dir int, folder, name string) error {
	path := descriptorPath(dir) + "/" + name
	if len(path) > maxSocketPath {
		return fmt.Errorf("a socket's name has %d bytes, %d too many", len(name), len(path)-maxSocketPath)
	}
	err := unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	if !withoutProc(err) {
		return os.NewSyscallError("bind", err)
	}
	path = filepath.Join(folder, name)
	switch {
	case len(path) <= maxSocketPath:
		err = unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	case err == unix.ENOENT, err == unix.ENOTDIR: // EACCES is about the folder, most likely
		return fmt.Errorf("without /proc a socket's path may have %d bytes, this one has %d: use a shorter folder", maxSocketPath, len(path))
	}
	return os.NewSyscallError("bind", err)
}

// withoutProc reports whether a path that begins with [descriptorPath] may have been refused because there is no /proc, or
// none for this process. If it was something else, the plain path is refused too.
func withoutProc(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EACCES)
}

// listen sets the file's access and lets others connect.
func (l *Listener) listen(dir int, name string, group int, perm fs.FileMode) error {
	entry, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("open", err)
	}
	defer unix.Close(entry)
	if id, err := statDescriptor(entry); err != nil || id.Type != fs.ModeSocket || id.UID != uint32(os.Geteuid()) {
		return fmt.Errorf("%w: somebody put something else in its place (%v, of user %d): %w", fs.ErrExist, id.Type, id.UID, err)
	}
	if group != KeepGroup {
		if err := unix.Fchownat(entry, "", -1, group, unix.AT_EMPTY_PATH); err != nil {
			return os.NewSyscallError("chown", err)
		}
	}
	mode := uint32(socketPerm(perm))
	err = unix.Chmod(descriptorPath(entry), mode)
	if withoutProc(err) {
		err = unix.Fchmodat(dir, name, mode, 0)
	}
	if err != nil {
		return os.NewSyscallError("chmod", err)
	}
	if l.id, err = statDescriptor(entry); err != nil {
		return err
	}
	return os.NewSyscallError("listen", l.control(func(fd int) error { return unix.Listen(fd, backlog) }))
}

// socketPerm turns permissions to read a file into those to connect to a socket, which takes the right to write. The owner
// always may.
func socketPerm(perm fs.FileMode) fs.FileMode {
	read := perm & 0o444
	return 0o600 | read | read>>1
}

// ID describes the socket's file as it was made.
func (l *Listener) ID() FileID { return l.id }

// IsAt reports whether the socket's file is the one at path, and no other one: while the socket is open, no other
// file gets its inode.
func (l *Listener) IsAt(path string) bool {
	named, err := StatPath(path)
	return err == nil && named.Same(l.id)
}

// nobodyWaits reports whether there is no connection to accept.
func nobodyWaits(listener int) bool {
	polled := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
	n, err := unix.Poll(polled, 0)
	return n == 0 && err == nil
}

// Accept waits for the next connection. After [Listener.Close] and [Listener.Shutdown] the error wraps
// os.ErrClosed. When [OutOfResources] tells that the process or the system has no more of something, the connection
// goes on waiting, so that the next call would fail at once: pause before it.
func (l *Listener) Accept() (*Conn, error) {
	var fd int
	err := l.read(func(listener int) (err error) {
		for {
			fd, _, err = unix.Accept4(listener, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
			switch {
			case err == unix.ECONNABORTED:
			case err != nil && l.shut.Load(): // the kernel does not tell
				return os.ErrClosed
			case OutOfResources(err) && nobodyWaits(listener): // it looks for a descriptor first, and then does not tell this
				return unix.EAGAIN
			default:
				return err
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("accept: %w", err) // at a file that has been renamed since, as a rule
	}
	s, err := newSocket(fd, l.file.Name(), l.hook)
	if err != nil {
		return nil, fmt.Errorf("accept: %w", err) // at a file that has been renamed since, as a rule
	}
	return &Conn{s}, nil
}
