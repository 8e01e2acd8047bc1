package bips

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/wire"
)

// connection is a consumer's end of the connection with a producer. A goroutine receives, so that whoever sleeps at a bell is told
// at once when the producer is gone.
type connection struct {
	conn *sys.Conn
	news func() // called without locks when something has come

	mu     sync.Mutex
	inbox  []letter // what has come and was not taken
	ended  bool     // nothing more will come
	closed bool     // nobody will take it
	broken error    // because of this, if it was not the producer that ended it
}

// letter is a message with what came along.
type letter struct {
	message  []byte
	received sys.Received
}

// mostLetters is how many messages may wait to be taken: a producer that keeps to the protocol sends no more.
const mostLetters = 4

func newConnection(conn *sys.Conn, news func()) *connection {
	c := &connection{conn: conn, news: news}
	go c.receive()
	return c
}

// receive receives until the connection ends.
func (c *connection) receive() {
	for {
		message, received, err := c.conn.Receive(make([]byte, wire.MaxSize), wire.Descriptors, sys.Forever)
		if c.note(letter{message, received}, err) {
			c.news()
		}
		if err != nil {
			return
		}
	}
}

// note reports whether anybody is interested.
func (c *connection) note(l letter, err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.ended = true
		if !errors.Is(err, sys.ErrEnded) && !errors.Is(err, os.ErrClosed) {
			c.broken = err
		}
	case len(c.inbox) == mostLetters:
		l.received.Discard()
		c.broken = fmt.Errorf("%w: its producer sends messages without end", ErrDamaged)
		c.conn.Shutdown()
	case c.closed:
		l.received.Discard()
	default:
		c.inbox = append(c.inbox, l)
	}
	return !c.closed
}

// take returns the next message. ended: there is none, and no other will come.
func (c *connection) take() (l letter, there, ended bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.inbox) > 0 {
		l, c.inbox = c.inbox[0], c.inbox[1:]
		return l, true, false, nil
	}
	return l, false, c.ended, c.broken
}

// isAlive reports whether the producer lives.
func (c *connection) isAlive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.ended
}

// close ends the connection.
func (c *connection) close() {
	c.conn.CloseApart()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, l := range c.inbox {
		l.received.Discard()
	}
	c.inbox = nil
}
