package sys

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

var (
	// ErrTooLong: a message was longer than the buffer. Its end is lost.
	ErrTooLong = errors.New("message too long")
	// ErrTooManyDescriptors: more descriptors came with a message than are wanted.
	ErrTooManyDescriptors = errors.New("too many descriptors came with a message")
	// ErrDescriptorsLost: not all descriptors came with a message, most likely since the process may
	// not have as many. It is an [ErrNoDescriptors].
	ErrDescriptorsLost = fmt.Errorf("descriptors of a message got lost: %w", ErrNoDescriptors)
)

// Forever, given as a limit, is none.
const Forever time.Duration = -1

// mostRights is how many descriptors can come with a message (SCM_MAX_FD of the kernel).
const mostRights = 253

// Receive waits for the next message, puts it into the buffer, and returns the part of it that is the message, with the
// descriptors that came along, of which at most so many are wanted.
//
// With 0 the kernel drops what comes, and lets nothing in: which may hang, as long as the sender likes, where the kernel
// does not refuse descriptors ([Listen]). With more it does not hang: all that came are let in, and are discarded when there are too many.
//
// The limit is for how long to wait: 0 is not to wait at all, [Forever] is until something comes. Whoever waits takes no
// thread. Another goroutine ends the wait with [Conn.Shutdown].
//
// After an error nothing has to be discarded. It wraps os.ErrDeadlineExceeded when nothing has come in time,
// [ErrEnded] when nothing will come (an empty message counts as the end), os.ErrClosed when this end is closed, [ErrTooLong],
// [ErrTooManyDescriptors], [ErrDescriptorsLost] when a message came that cannot be used, and
// [ErrCloseHangs].
func (c *Conn) Receive(buffer []byte, descriptors int, limit time.Duration) ([]byte, Received, error) {
	message, received, err := c.receive(buffer, descriptors, limit)
	if err != nil {
		received.Discard()
		return nil, Received{}, fmt.Errorf("receive over %s: %w", c.file.Name(), err)
	}
	return message, received, nil
}

func (c *Conn) receive(buffer []byte, descriptors int, limit time.Duration) ([]byte, Received, error) {
	if descriptors > 0 && closingHangs() {
		return nil, Received{}, ErrCloseHangs
	}
	var control []byte
	if descriptors > 0 {
		control = make([]byte, unix.CmsgSpace(4*mostRights)) // of what has no room the kernel drops the last reference, which may hang
	}
	var size, controlSize, flags int
	call := func(fd int) (err error) {
		for ended := false; ; {
			size, controlSize, flags, _, err = unix.Recvmsg(fd, buffer, control, unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
			switch {
			case err == unix.ECONNRESET: // the other end has left something unread. It is told once, before what it has sent
			case err == nil && size == 0 && controlSize == 0 && flags&unix.MSG_CTRUNC == 0 && !ended:
				// The kernel looks for a message, and then whether the other end has closed. What that sent in between is there now.
				ended = true
			case err == unix.EAGAIN && ended: // it was an empty message
				size = 0
				return nil
			default:
				return err
			}
		}
	}
	err := c.readWithin(limit, call)
	received := Received{}
	if controlSize > 0 {
		received.fds = descriptorsIn(control[:controlSize])
	}
	switch {
	case err != nil:
		return nil, received, err
	case size == 0:
		return nil, received, ErrEnded
	case flags&unix.MSG_TRUNC != 0:
		return nil, received, fmt.Errorf("%w: at most %d bytes", ErrTooLong, len(buffer))
	case flags&unix.MSG_CTRUNC != 0 && descriptors > 0:
		return nil, received, fmt.Errorf("%w: %d came", ErrDescriptorsLost, received.Len())
	case flags&unix.MSG_CTRUNC != 0, received.Len() > descriptors:
		return nil, received, fmt.Errorf("%w: at most %d are wanted", ErrTooManyDescriptors, descriptors)
	}
	return buffer[:size], received, nil
}

// readWithin is read with a limit. The deadline is a timer of the Go runtime. It may fire late, which harms nobody: it
// ends the wait for a peer that does not answer. To wait for each of these on a thread of its own instead would
// let peers make threads here.
func (c *Conn) readWithin(limit time.Duration, call func(fd int) error) error {
	if limit == 0 {
		if err := c.control(call); err != unix.EAGAIN {
			return err
		}
		return os.ErrDeadlineExceeded
	}
	var deadline time.Time
	if limit > 0 {
		deadline = time.Now().Add(limit)
	}
	if err := c.setReadDeadline(deadline); err != nil {
		return c.why(err)
	}
	return c.read(call)
}

// setReadDeadline ends what waits to read at a time, with os.ErrDeadlineExceeded; the zero time is never.
func (s *socket) setReadDeadline(at time.Time) error { return s.file.SetReadDeadline(at) }

// descriptorsIn finds the descriptors in what came beside a message.
func descriptorsIn(control []byte) (fds []int) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil // the kernel writes it whole
	}
	for _, m := range messages {
		if rights, err := unix.ParseUnixRights(&m); err == nil {
			fds = append(fds, rights...)
		}
	}
	return fds
}
