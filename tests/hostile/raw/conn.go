package raw

import (
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/wire"
)

// ErrSilent: nothing has come in time.
var ErrSilent = errors.New("nothing came")

// Conn is one end of a connection. Its methods are for one goroutine.
type Conn struct{ fd int }

// Dial connects to the socket at path. It does not wait: a full backlog is unix.EAGAIN.
func Dial(path string) (Conn, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return Conn{-1}, fmt.Errorf("socket: %w", err)
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		_ = unix.Close(fd)
		return Conn{-1}, fmt.Errorf("connect to %s: %w", path, err)
	}
	return Conn{fd}, nil
}

// Send sends bytes, and descriptors with them. It does not wait.
func (c Conn) Send(message []byte, descriptors ...int) error {
	var rights []byte
	if len(descriptors) > 0 {
		rights = unix.UnixRights(descriptors...)
	}
	if err := unix.Sendmsg(c.fd, message, rights, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// Receive waits for a message at most so long. The error is [ErrSilent], or io.EOF at the end of the connection.
func (c Conn) Receive(limit time.Duration) (message []byte, descriptors []int, err error) {
	buffer, control := make([]byte, wire.MaxSize), make([]byte, unix.CmsgSpace(4*8))
	for end := time.Now().Add(limit); ; {
		wanted := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
		_, err := unix.Poll(wanted, int(max(0, time.Until(end)).Milliseconds()))
		if err != nil && err != unix.EINTR {
			return nil, nil, fmt.Errorf("poll: %w", err)
		}
		n, rights, _, _, err := unix.Recvmsg(c.fd, buffer, control, unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		switch {
		case err == unix.EAGAIN && time.Now().Before(end), err == unix.EINTR, err == unix.ECONNRESET:
			continue // what came before a reset is still there
		case err == unix.EAGAIN:
			return nil, nil, ErrSilent
		case err != nil:
			return nil, nil, fmt.Errorf("receive: %w", err)
		case n == 0:
			return nil, nil, io.EOF
		}
		return buffer[:n], descriptorsIn(control[:rights]), nil
	}
}

func descriptorsIn(control []byte) (all []int) {
	parts, _ := unix.ParseSocketControlMessage(control)
	for _, part := range parts {
		if some, err := unix.ParseUnixRights(&part); err == nil {
			all = append(all, some...)
		}
	}
	return all
}

// EndWriting tells the other end that nothing more will come, and goes on receiving.
func (c Conn) EndWriting() { _ = unix.Shutdown(c.fd, unix.SHUT_WR) }

// Close closes it. What the other end has sent and nobody has received is dropped, descriptors too.
func (c Conn) Close() { _ = unix.Close(c.fd) }
