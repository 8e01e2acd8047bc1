package sys

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socket is what [Conn] and [Listener] have in common. It does not block: who waits for it waits in
// the Go runtime's poller, which takes no thread.
type socket struct {
	fd   int // the descriptor's number, for hook
	file *os.File
	raw  syscall.RawConn // of file
	hook func(fd int, opened bool)
	end  sync.Once // of the hook, which is told once

	shut, closed atomic.Bool // Shutdown, Close was called
}

// newSocket makes a descriptor that does not block, and that has just been made, a socket, whose it is from then on, also after an
// error.
func newSocket(fd int, name string, hook func(fd int, opened bool)) (*socket, error) {
	if hook != nil {
		hook(fd, true)
	}
	s := &socket{fd: fd, file: os.NewFile(uintptr(fd), name), hook: hook}
	raw, err := s.file.SyscallConn()
	if err != nil {
		_ = s.close()
		return nil, err
	}
	s.raw = raw
	if err := s.setReadDeadline(time.Time{}); err != nil { // the runtime's poller did not take it (epoll_ctl: ENOMEM, ENOSPC)
		_ = s.close()
		return nil, fmt.Errorf("wait for %s: %w: %w", name, ErrNoMemory, err)
	}
	return s, nil
}

// openSocket makes a new one.
func openSocket() (fd int, err error) {
	if err := StartPoller(); err != nil {
		return -1, err
	}
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	return fd, nil
}

// control makes a system call with the descriptor, which nobody closes meanwhile. The error is the call's,
// or says that the socket is closed (os.ErrClosed).
func (s *socket) control(call func(fd int) error) (err error) {
	if ended := s.raw.Control(func(fd uintptr) {
		for err = unix.EINTR; err == unix.EINTR; {
			err = call(int(fd))
		}
	}); ended != nil {
		return s.why(ended)
	}
	return err
}

// why says of an error of the runtime's whether it means that the socket is closed.
func (s *socket) why(err error) error {
	if s.closed.Load() {
		return os.ErrClosed
	}
	return err
}

// read makes a system call, again each time there is something to read, until it says something else than
// EAGAIN. What waits ends with an error when the socket is closed (os.ErrClosed), or when it gets a
// deadline that has passed (os.ErrDeadlineExceeded).
func (s *socket) read(call func(fd int) error) (err error) {
	if ended := s.raw.Read(func(fd uintptr) bool {
		for err = unix.EINTR; err == unix.EINTR; {
			err = call(int(fd))
		}
		return err != unix.EAGAIN
	}); ended != nil {
		return s.why(ended)
	}
	return err
}

// Shutdown ends it in both directions: whoever waits for it, in this process and in others, comes back at
// once, also when a forked child has the descriptor too. It never blocks, and may be called at any time by any
// goroutine.
func (s *socket) Shutdown() {
	s.shut.Store(true)
	_ = s.control(func(fd int) error { return unix.Shutdown(fd, unix.SHUT_RDWR) })
}

// Close ends it as Shutdown does, closes the descriptor, and waits until calls of other goroutines have come back. It
// may hang, as long as a peer likes that has sent descriptors (see [Conn.CloseApart]). It may be called more than once.
func (s *socket) Close() error {
	s.Shutdown()
	return s.close()
}

// CloseApart is Close for who must not hang: the peers see the end at once, and what may take long is
// done by another goroutine.
func (s *socket) CloseApart() {
	s.Shutdown()
	s.forget()
	closeApart(func() { _ = s.file.Close() })
}

func (s *socket) close() error {
	s.forget()
	return s.file.Close()
}

// forget notes that the descriptor will be closed, and tells the hook.
func (s *socket) forget() {
	s.closed.Store(true)
	s.end.Do(func() {
		if s.hook != nil {
			s.hook(s.fd, false)
		}
	})
}

// poll returns those events of poll(2) that there are now.
func (s *socket) poll(events int16) (happened int16, err error) {
	err = s.control(func(fd int) error {
		polled := []unix.PollFd{{Fd: int32(fd), Events: events}}
		_, err := unix.Ppoll(polled, &unix.Timespec{}, nil)
		happened = polled[0].Revents
		return err
	})
	return happened, err
}
