package sys

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// open opens a file without following a link. It is os.OpenFile, which would hand the
// descriptor to the runtime's poller first: of no use for a plain file, and fatal when no
// descriptor is left (see [StartPoller]).
//
// It never waits. Who may write to the folder may put anything in a file's place at any moment: a pipe, which would
// be waited for until somebody writes to it, or a file with a lease, until its owner gives that up.
func open(path string, flags int, perm fs.FileMode) (*os.File, error) {
	for {
		fd, err := unix.Open(path, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, uint32(perm.Perm()))
		if err == nil {
			_ = unix.SetNonblock(fd, false) // else NewFile hands it to the poller, too
			return os.NewFile(uintptr(fd), path), nil
		}
		if !errors.Is(err, unix.EINTR) {
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

var poller struct {
	mu      sync.Mutex
	started bool // protected by mu
}

// StartPoller has the Go runtime open the two descriptors that its timers need, which
// it does when the first timer runs. It ends the whole process when there are none: so
// it is asked here first, and there is an error instead. Not using timers would not do: the
// runtime has one of its own, for giving memory back to the system.
func StartPoller() error {
	poller.mu.Lock()
	defer poller.mu.Unlock()
	if poller.started {
		return nil
	}
	first, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	second, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	_ = unix.Close(first)
	if err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	_ = unix.Close(second)
	time.AfterFunc(time.Hour, func() {}).Stop() // takes the two that were there just now
	poller.started = true
	return nil
}
