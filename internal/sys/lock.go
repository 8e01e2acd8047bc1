package sys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// LockFile holds open file description locks on bytes of a file. The kernel
// drops them when the process dies; they work across PID, mount, user and IPC
// namespaces (fcntl(2), "Open file description locks").
//
// Its descriptor is never mapped, duplicated or passed on: each of these would
// keep the locks alive beyond their holder.
type LockFile struct {
	file *os.File
	hook func(fd int, opened bool)
}

// OpenLockFile opens path for locking. The flags are O_RDWR, or O_RDONLY for a
// file that is only probed. hook, if not nil, is told of the descriptor when it
// is opened and before it is closed.
func OpenLockFile(path string, flags int, hook func(fd int, opened bool)) (*LockFile, error) {
	file, err := open(path, flags, 0)
	if err != nil {
		return nil, err
	}
	return newLockFile(file, hook), nil
}

func newLockFile(file *os.File, hook func(fd int, opened bool)) *LockFile {
	if hook != nil {
		hook(int(file.Fd()), true)
	}
	return &LockFile{file: file, hook: hook}
}

// TryLock takes a write lock on one byte. It reports false when another open file
// holds a lock there.
func (l *LockFile) TryLock(offset int64) (bool, error) {
	err := l.control(unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Start: offset, Len: 1})
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock byte %d of %s: %w", offset, l.file.Name(), err)
	}
	return true, nil
}

// Unlock gives up the lock on one byte.
func (l *LockFile) Unlock(offset int64) error {
	err := l.control(unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_UNLCK, Start: offset, Len: 1})
	if err != nil {
		return fmt.Errorf("unlock byte %d of %s: %w", offset, l.file.Name(), err)
	}
	return nil
}

// IsLocked reports whether another open file holds a write lock on the byte. It
// asks for a read lock, which only a write lock refuses: whoever may only read
// the file cannot fake one.
func (l *LockFile) IsLocked(offset int64) (bool, error) {
	lock := unix.Flock_t{Type: unix.F_RDLCK, Start: offset, Len: 1}
	if err := l.control(unix.F_OFD_GETLK, &lock); err != nil {
		return false, fmt.Errorf("probe byte %d of %s: %w", offset, l.file.Name(), err)
	}
	return lock.Type == unix.F_WRLCK, nil
}

// Stat describes the locked file.
func (l *LockFile) Stat() (FileID, error) { return statFile(l.file) }

// IsAt reports whether the locked file is the one that path leads to.
func (l *LockFile) IsAt(path string) bool {
	own, err := l.Stat()
	if err != nil {
		return false
	}
	named, err := StatPath(path)
	return err == nil && named.Same(own)
}

// SetAccess gives the file its group, unless that is [KeepGroup], and its permissions, whatever the umask is.
func (l *LockFile) SetAccess(group int, perm fs.FileMode) error {
	return setAccess(l.file, group, perm)
}

// Close closes the file, which drops its locks.
func (l *LockFile) Close() error {
	if l.hook != nil {
		l.hook(int(l.file.Fd()), false)
	}
	return l.file.Close()
}

func (l *LockFile) control(command int, lock *unix.Flock_t) error {
	for {
		err := unix.FcntlFlock(l.file.Fd(), command, lock)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
