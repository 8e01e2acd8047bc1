package sys

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

var (
	// ErrEnded: the other end is gone, or says that nothing more will come.
	ErrEnded = errors.New("the other end has closed the connection")
	// ErrNotReading: the other end has not read what it was sent before, and there is no room for more.
	ErrNotReading = errors.New("the other end does not read")
	// ErrInFlight: too many descriptors that this user has sent have not been received yet.
	ErrInFlight = errors.New("too many descriptors under way")
	// ErrNoDescriptorsWanted: the other end takes no descriptors (SO_PASSRIGHTS).
	ErrNoDescriptorsWanted = errors.New("the other end takes no descriptors")
)

// Send sends a message, with descriptors that stay the caller's. It never waits, and no signal comes when the
// other end is gone. The error wraps one of those above where that is what happened.
func (c *Conn) Send(message []byte, descriptors ...int) error {
	var rights []byte
	if len(descriptors) > 0 {
		rights = unix.UnixRights(descriptors...)
	}
	err := c.control(func(fd int) error {
		return unix.Sendmsg(fd, message, rights, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
	})
	var kind error
	switch err {
	case nil:
		return nil
	case unix.EPIPE, unix.ECONNRESET, unix.ENOTCONN:
		kind = ErrEnded
	case unix.EAGAIN:
		kind = ErrNotReading
	case unix.ETOOMANYREFS:
		kind = ErrInFlight
	case unix.EPERM:
		if len(descriptors) > 0 {
			kind = ErrNoDescriptorsWanted
		}
	}
	if kind != nil {
		return fmt.Errorf("send over %s: %w: %w", c.file.Name(), kind, err)
	}
	return fmt.Errorf("send over %s: %w", c.file.Name(), err)
}
