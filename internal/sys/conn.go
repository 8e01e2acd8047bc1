package sys

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Conn is one end of a connection that keeps messages apart (SOCK_SEQPACKET). One goroutine at a time may
// receive; all else may be done by any goroutine at any time.
type Conn struct {
	*socket
}

// Peer is who made the other end, as numbers of this process's namespaces: of another PID namespace
// the PID is 0, in another user namespace users may be 65534.
type Peer struct {
	PID int32
	UID uint32
	GID uint32
}

// Peer tells who made the other end: who listened, or who connected. The connection may have been handed on
// since.
func (c *Conn) Peer() (Peer, error) {
	var credentials *unix.Ucred
	err := c.control(func(fd int) (err error) {
		credentials, err = unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		return err
	})
	if err != nil {
		return Peer{}, fmt.Errorf("who is at the other end of %s: %w", c.file.Name(), err)
	}
	return Peer{credentials.Pid, credentials.Uid, credentials.Gid}, nil
}

// Ended reports whether the other end is gone or says that nothing more will come, or this end was shut down. It takes nothing: messages
// that came before may still be there to be received.
func (c *Conn) Ended() bool {
	const ends = unix.POLLHUP | unix.POLLRDHUP | unix.POLLERR | unix.POLLNVAL
	happened, err := c.poll(unix.POLLRDHUP)
	return err != nil || happened&ends != 0
}
