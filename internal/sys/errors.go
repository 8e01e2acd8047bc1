package sys

import (
	"errors"

	"golang.org/x/sys/unix"
)

// What the system says when it has no more of something. They are its own error numbers.
var (
	// ErrNoSpace: the file system has no room for a file (ENOSPC).
	ErrNoSpace error = unix.ENOSPC
	// ErrNoDescriptors: the process may open no more files (EMFILE).
	ErrNoDescriptors error = unix.EMFILE
	// ErrNoFiles: the system has no more open files (ENFILE).
	ErrNoFiles error = unix.ENFILE
	// ErrNoMemory: the process may map no more memory (ENOMEM).
	ErrNoMemory error = unix.ENOMEM
	// ErrNoLocks: the system has no more file locks (ENOLCK).
	ErrNoLocks error = unix.ENOLCK
	// ErrReadOnly: the file system is mounted read-only (EROFS).
	ErrReadOnly error = unix.EROFS
	// ErrNotFolder: what a path names as a folder is a file (ENOTDIR).
	ErrNotFolder error = unix.ENOTDIR
	// ErrSocket: it is a socket, which cannot be opened as a file (ENXIO).
	ErrSocket error = unix.ENXIO
	// ErrNotSupported: the file system cannot do that (EOPNOTSUPP).
	ErrNotSupported error = unix.EOPNOTSUPP
)

// OutOfResources reports whether an error says that the process, its user or the system has no more of something that
// a socket or a descriptor takes. It may have some later.
func OutOfResources(err error) bool {
	for _, lack := range []error{ErrNoDescriptors, ErrNoFiles, ErrNoMemory, unix.ENOBUFS, unix.ETOOMANYREFS} {
		if errors.Is(err, lack) {
			return true
		}
	}
	return false
}
