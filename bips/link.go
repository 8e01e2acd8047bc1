package bips

import (
	"sync/atomic"

	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/wire"
)

// link implements peer by a connection, and has the mappings of one pool.
type link struct {
	connection atomic.Pointer[connection] // nil: the attachment to the next pool has it
	poolMap    *sys.Mapping
	seatMap    *sys.Mapping
	slots      int         // slotsForMost, as the producer said
	next       *attachment // in the pool that the producer has moved to, once it said so
	seated     bool        // it has said too that the seat there counts
}

// producerAlive implements peer.
func (l *link) producerAlive() (bool, error) { return l.connection.Load().isAlive(), nil }

// hasHungUp implements peer.
func (l *link) hasHungUp() bool { return l.connection.Load().conn.Ended() }

// slotsForMost implements peer.
func (l *link) slotsForMost(*attachment, *ConsumerOptions) int { return l.slots }

// knock implements peer. If there is no room for the message, or the connection is just handed on, the producer looks by itself in a
// moment.
func (l *link) knock() {
	if c := l.connection.Load(); c != nil {
		_ = c.conn.Send(wire.Knock{}.Append(nil))
	}
}

// leave implements peer: the end of the connection says it.
func (l *link) leave(int) {}

// close implements peer.
func (l *link) close() {
	if l.next != nil {
		l.next.peer.close()
		l.next = nil
	}
	if c := l.connection.Load(); c != nil {
		c.close()
	}
	for _, mapping := range []*sys.Mapping{l.seatMap, l.poolMap} {
		if mapping != nil {
			_ = mapping.Unmap()
		}
	}
}

// populate fills the page tables of the pool, which may take longer than a producer waits for a reader that is not ready.
func (a *attachment) populate() { a.peer.(*link).poolMap.Populate(sys.ReadOnly) }
