package bips

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/wire"
)

// handshakeLimit is how long a producer waits for a reader's next message of the handshake. Tests change it.
var handshakeLimit = time.Second

// guest is a connection with a reader, as the producer has it.
type guest struct {
	reception *reception
	conn      *sys.Conn
	// due is the READY that answers what the reader was offered, here and after a move. It belongs to the connection's own goroutine.
	due wire.Ready

	// Protected by Producer.mu:
	seat       int // -1: none
	generation uint32
	own        *ownPool  // where its seat is
	granted    time.Time // when it was granted pins
	seated     bool      // it was told that its seat counts
	move       *seatMemory
	moveTo     *ownPool // where it was told to go; nil: nowhere
}

// serve is the life of a connection (O). Each has a goroutine of its own: a descriptor that somebody sends can hang whoever drops
// it.
func (g *guest) serve() {
	defer g.end()
	seat, own, err := g.offerSeat()
	if err != nil {
		g.refuse(err)
		return
	}
	if !g.awaitReady() || !g.settle(seat, own) { // O5 to O8
		seat.drop()
		return
	}
	g.listen()
}

// offerSeat hands the reader what it asks for (O1 to O4). The error is why it gets no seat.
func (g *guest) offerSeat() (*seatMemory, *ownPool, error) {
	hello, err := g.greet() // O1
	if err != nil {
		return nil, nil, err
	}
	crashpoint.Hit("O1")
	grant, own, err := g.reception.p.seatGuest(g, &hello) // O2
	if err != nil {
		return nil, nil, err
	}
	crashpoint.Hit("O2")
	g.due = wire.Ready{Instance: grant.Instance, Seat: grant.Seat}
	seat, err := g.makeSeat(own, grant, &hello) // O3
	if err != nil {
		return nil, nil, noResources(err)
	}
	crashpoint.Hit("O3")
	if err := g.offer(own, seat, grant.Append(nil)); err != nil { // O4
		seat.drop()
		return nil, nil, noResources(err)
	}
	crashpoint.Hit("O4")
	return seat, own, nil
}

// greet waits for what the reader wants.
func (g *guest) greet() (wire.Hello, error) {
	message, _, err := g.conn.Receive(make([]byte, wire.MaxSize), 0, handshakeLimit)
	if !g.reception.hasGreeted(g) && err == nil {
		err = sys.ErrEnded // somebody else needed its turn
	}
	if err != nil {
		return wire.Hello{}, &refusal{code: wire.BadMessage, text: "what came is no message of BIPS, or none came"}
	}
	hello, err := wire.ParseHello(message)
	switch {
	case errors.Is(err, wire.ErrVersion):
		return hello, &refusal{code: wire.OtherVersion, text: err.Error()}
	case err != nil:
		return hello, &refusal{code: wire.BadMessage, text: err.Error()}
	case hello.LayoutMajor != layout.VersionMajor:
		return hello, &refusal{code: wire.OtherVersion, text: fmt.Sprintf("the pool has layout %d.%d, the reader knows %d.%d: use the same major version on both sides",
			layout.VersionMajor, layout.VersionMinor, hello.LayoutMajor, hello.LayoutMinor)}
	case layout.KnownRequired&^hello.Known != 0:
		return hello, &refusal{code: wire.OtherVersion, text: fmt.Sprintf("the pool needs features %#x that the reader does not know: use a newer version there", layout.KnownRequired&^hello.Known)}
	}
	return hello, nil
}

// refusal is why a reader gets no seat.
type refusal struct {
	code  wire.Code
	again time.Duration // after which it is worth to ask again; 0: only when something has changed
	text  string        // for people
}

func (r *refusal) Error() string { return r.text }

// noResources refuses a reader whose seat could not be made or handed out.
func noResources(err error) error {
	return &refusal{wire.NoResources, time.Second, "the producer cannot make a seat: " + adviseOn(err).Error()}
}

// refuse tells the reader why it gets no seat, if it still listens.
func (g *guest) refuse(err error) {
	var r *refusal
	if errors.As(err, &r) {
		_ = g.conn.Send(wire.Refuse{Code: r.code, Again: uint32(r.again.Milliseconds())}.Append(nil, r.text))
	}
}

// makeSeat makes a seat's memory (O3). It is never one that another reader had: who has it could have kept it.
func (g *guest) makeSeat(own *ownPool, grant wire.Grant, hello *wire.Hello) (*seatMemory, error) {
	s, err := makeSeatMemory(&own.pool.geometry)
	if err != nil {
		return nil, err
	}
	s.seat.Generation.Store(grant.Generation)
	s.seat.Asked.Store(layout.PackAsked(int(hello.Wanted), int(hello.Least)))
	s.seat.State.Store(layout.SeatAsking)
	s.header.Magic.Store(layout.SeatMagic)
	return s, nil
}

// offer hands a seat and its pool to the reader (O4).
func (g *guest) offer(own *ownPool, seat *seatMemory, message []byte) error {
	p := g.reception.p
	p.mu.Lock()
	defer p.mu.Unlock()
	return g.send(own, seat, message)
}

// send sends a message with a seat and its pool. Called with Producer.mu held, since the pool's descriptor is closed with it held.
//
// It waits for nobody, as sitDown does not: [sys.Conn.Send] is one sendmsg with MSG_DONTWAIT, outside the poller. A reader that does not
// read its messages fills the socket, and the next one is refused (EAGAIN); whoever is sent something then loses its seat. What
// the kernel may wait for in sendmsg is memory, and its own search for sockets that only descriptors under way refer to. No
// process can hold that up, and it runs while very many descriptors are under way.
func (g *guest) send(own *ownPool, seat *seatMemory, message []byte) error {
	shared := own.backing.(*ownMemory).shared
	if shared == nil {
		return os.ErrClosed
	}
	return g.conn.Send(message, shared.FD(), seat.memory.FD())
}

// awaitReady waits until the reader has mapped its seat (O5).
func (g *guest) awaitReady() bool {
	message, _, err := g.conn.Receive(make([]byte, wire.MaxSize), 0, handshakeLimit)
	if err != nil {
		return false
	}
	crashpoint.Hit("O5")
	return g.isReady(message)
}

// isReady reports whether a message is the READY that is due.
func (g *guest) isReady(message []byte) bool {
	ready, err := wire.ParseReady(message)
	return err == nil && ready.Seat == g.due.Seat && ready.Instance == g.due.Instance
}

// settle makes the memory the reader's seat in a pool, and tells it so (O6 to O8). It reports false if the reader has none there, or more.
func (g *guest) settle(s *seatMemory, own *ownPool) bool {
	if s.seal() != nil {
		return false
	}
	crashpoint.Hit("O6")
	sits, moved := g.sitDown(s, own)
	if moved {
		g.sendMove()
	}
	return sits
}

// sitDown puts the seat into the table of a pool (O7), and tells the reader so (O8). moved: that pool is no longer the one that is
// published in.
//
// Both are one hold of the mutex. A move finds a reader that is told where it goes, or one that has not joined: it never passes by one
// that was promised every frame. For that the message is noted in the hold that sends it, and comes before any MOVE.
func (g *guest) sitDown(s *seatMemory, own *ownPool) (sits, moved bool) {
	p := g.reception.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.usable() != nil || g.seat < 0 || own != p.own && own != p.own.before {
		return false, false
	}
	own.seatReader(g.seat, s)
	own.views[g.seat].keyFrames = 0
	g.own, g.move, g.moveTo = own, nil, nil
	p.own.door.ring()
	crashpoint.Hit("O7")
	if g.conn.Send(wire.Sits{Instance: g.due.Instance, Seat: g.due.Seat}.Append(nil)) != nil { // O8
		g.unseat() // it is gone or does not read its messages, and has no pin: it was not told that it may have one
		return false, false
	}
	g.seated = true
	crashpoint.Hit("O8")
	return true, own != p.own
}

// listen serves a reader that sits until it is gone (O9).
func (g *guest) listen() {
	buffer := make([]byte, wire.MaxSize)
	for {
		message, _, err := g.conn.Receive(buffer, 0, sys.Forever)
		if err != nil {
			return
		}
		start := time.Now()
		switch head, err := wire.ParseHead(message); {
		case err != nil:
			return
		case head.Magic == wire.KnockMagic:
			g.reception.p.wakeHousekeeper()
			crashpoint.Hit("O9")
		case head.Magic == wire.ReadyMagic && g.isReady(message) && g.arrive():
		default:
			return
		}
		if time.Since(start) < knockPause {
			sys.Sleep(knockPause)
		}
	}
}

// end is the end of a connection (O10): the seat is nobody's from now on.
func (g *guest) end() {
	defer g.reception.forget(g)
	defer func() { _ = g.conn.Close() }() // what hangs here hangs nobody else, and still counts as a connection
	_ = g.reception.hasGreeted(g)
	p := g.reception.p
	p.unseat(g)
	crashpoint.Hit("O10")
	for _, mapping := range p.leftSeats() {
		_ = mapping.Unmap()
	}
}

// unseat is guest.unseat for who does not hold the mutex.
func (p *Producer) unseat(g *guest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g.unseat()
}

// leftSeats returns the memory of seats that nobody looks at any more, to be unmapped without the mutex: that may have to wait for
// another thread that maps something large.
func (p *Producer) leftSeats() (left []*sys.Mapping) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.pools() {
		if o.inside == 0 {
			left = append(left, o.left...)
			o.left = nil
		}
	}
	return left
}

// dismiss ends the connection of a seat's reader.
func (r *reception) dismiss(seat int) {
	if g := r.guests[seat]; g != nil {
		g.unseat()
		g.conn.Shutdown()
	}
}

// unseat gives the seat up. What the reader could write to is not looked at any more. Called with Producer.mu held.
func (g *guest) unseat() {
	if g.seat < 0 {
		return
	}
	i, p := g.seat, g.reception.p
	g.seat = -1
	g.reception.guests[i] = nil
	p.own.leaveSeat(g.move)
	g.move, g.moveTo = nil, nil
	for _, o := range p.pools() {
		if !o.unmapped && o.unseatReader(i) && o == p.own {
			p.stats.Reclaimed++
		}
	}
	if p.usable() != nil { // what a closed pool says of seats stays: their readers go by it
		return
	}
	o := p.own
	if o.views[i].place.pending {
		o.closePlace(i)
	}
	o.views[i] = seatView{}
	o.pool.words[i].Granted.Store(0)
	o.pool.words[i].Verdict.Store(0)
	o.door.ring()
	p.letGoOfBefore()
}
