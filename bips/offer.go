package bips

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/wire"
)

const (
	// handshakeLimit is how long a producer waits for a reader's next message of the handshake.
	handshakeLimit = time.Second
	// unseatedLimit is how old a grant may be whose reader has not said that it is ready, before somebody else gets it who
	// would find nothing.
	unseatedLimit = 50 * time.Millisecond
	// seatsRoom is how many bytes the control group must have left for a seat to be made: who goes beyond is killed.
	seatsRoom = 1 << 20
)

// guest is a connection with a reader, as the producer has it.
type guest struct {
	reception *reception
	conn      *sys.Conn

	// Protected by Producer.mu:
	seat       int // -1: none
	generation uint32
	own        *ownPool  // where its seat is
	granted    time.Time // when it was granted pins
	seated     bool      // it was told that its seat counts
	move       *seatMemory
	moveTo     *ownPool // where it was told to go; nil: nowhere
}

// seatMemory is the memory of one seat.
type seatMemory struct {
	memory  *sys.Memory // until it is sealed
	mapping *sys.Mapping
	header  *layout.SeatHeader
	seat    *layout.Seat
}

// serve is the life of a connection (O). Each has a goroutine of its own: a descriptor that somebody sends can hang whoever drops
// it.
func (g *guest) serve() {
	defer g.end()
	hello, refusal := g.greet() // O1
	if refusal != nil {
		g.refuse(refusal)
		return
	}
	crashpoint.Hit("O1")
	grant, own, refusal := g.reception.p.seatGuest(g, &hello) // O2
	if refusal != nil {
		g.refuse(refusal)
		return
	}
	crashpoint.Hit("O2")
	seat, refusal := g.makeSeat(own, grant, &hello) // O3
	if refusal != nil {
		g.refuse(refusal)
		return
	}
	crashpoint.Hit("O3")
	if err := g.offer(own, seat, grant.Append(nil)); err != nil { // O4
		seat.drop()
		g.refuse(refusalFor(err))
		return
	}
	crashpoint.Hit("O4")
	if !g.awaitReady() || !g.settle(seat, own) { // O5 to O8
		seat.drop()
		return
	}
	g.listen()
}

// greet waits for what the reader wants.
func (g *guest) greet() (wire.Hello, *refusal) {
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

// refusalFor says why a seat could not be made or handed out.
func refusalFor(err error) *refusal {
	if errors.Is(err, sys.ErrEnded) || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return &refusal{wire.NoResources, time.Second, "the producer cannot make a seat: " + err.Error()}
}

// refuse tells the reader, if it still listens.
func (g *guest) refuse(r *refusal) {
	if r == nil {
		return
	}
	message := wire.Refuse{Code: r.code, Again: uint32(r.again.Milliseconds())}.Append(nil, r.text)
	_ = g.conn.Send(message)
}

// seatGuest finds a seat and grants pins (O2), as G does. The seat is not the reader's yet: it is shown as asking by private
// memory.
func (p *Producer) seatGuest(g *guest, hello *wire.Hello) (wire.Grant, *ownPool, *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.usable() != nil {
		return wire.Grant{}, nil, &refusal{wire.Closing, 100 * time.Millisecond, "the producer ends"}
	}
	p.readSeats() // who has left needs its pins no more
	for {
		refusal := p.trySeat(g, hello)
		if refusal == nil {
			break
		}
		if !g.reception.dismissSlow() {
			return wire.Grant{}, nil, refusal
		}
	}
	o, v := p.own, &p.own.views[g.seat]
	grant := wire.Grant{
		Instance: o.pool.instance, PoolSize: o.pool.segmentSize, SeatSize: seatMemorySize, Seat: uint32(g.seat),
		Generation: g.generation, Granted: uint32(v.pins), Required: layout.KnownRequired,
	}
	if most, least := int(hello.Wanted), int(hello.Least); v.pins < most {
		if slots := slotsFor(o.pool.slots+1, o.requests(g.seat), request{most, least}, most); slots <= MaxSlots {
			grant.SlotsForMost = uint32(slots)
		}
	}
	return grant, o, nil
}

// trySeat is one try.
func (p *Producer) trySeat(g *guest, hello *wire.Hello) *refusal {
	o, r := p.own, g.reception
	i := 0
	for i < len(o.views) && (r.guests[i] != nil || o.views[i].place.pending) {
		i++
	}
	if i == len(o.views) {
		return &refusal{wire.SeatsTaken, 0, fmt.Sprintf("all its %d seats are taken: raise max-consumers on the producer", len(o.views))}
	}
	seat, most, least := o.seats.seats[i], int(hello.Wanted), int(hello.Least)
	generation := max(o.generations[i].Load()+1, 1) // 0 is nobody's
	o.generations[i].Store(generation)
	seat.Asked.Store(layout.PackAsked(most, least))
	seat.PID.Store(hello.PID)
	seat.State.Store(layout.SeatAsking)
	v := &o.views[i]
	*v = seatView{}
	v.look(seat, o.generations[i])
	p.grant(i)
	if v.pins == 0 {
		seat.State.Store(layout.SeatFree)
		v.forgetGrant()
		o.pool.words[i].Granted.Store(0)
		return &refusal{wire.SlotsTaken, 0, refusalText(o.pool.slots, o.pool.pinnable(), o.granted(), o.requests(i), request{most, least})}
	}
	g.seat, g.generation, g.own, g.granted = i, generation, o, time.Now()
	r.guests[i] = g
	return nil
}

// requests are what the readers of a pool asked for and were granted, but for one of them.
func (o *ownPool) requests(but int) (others []request) {
	for i, v := range o.views {
		if v.pins > 0 && i != but {
			most, least := layout.UnpackAsked(o.seats.seats[i].Asked.Load())
			others = append(others, request{min(most, MaxSlots), min(least, most, MaxSlots)})
		}
	}
	return others
}

// dismissSlow ends the connection whose grant is oldest of those that have not got ready in time, and reports whether there was
// one. Called with p.mu held.
func (r *reception) dismissSlow() bool {
	var slow *guest
	for _, g := range r.guests {
		if g != nil && !g.seated && time.Since(g.granted) > unseatedLimit && (slow == nil || g.granted.Before(slow.granted)) {
			slow = g
		}
	}
	if slow == nil {
		return false
	}
	slow.unseat()
	slow.conn.Shutdown()
	return true
}

// makeSeat makes a seat's memory (O3). It is never one that another reader had: who has it could have kept it.
func (g *guest) makeSeat(own *ownPool, grant wire.Grant, hello *wire.Hello) (*seatMemory, *refusal) {
	s, err := makeSeatMemory(&own.pool.geometry)
	if err != nil {
		return nil, refusalFor(err)
	}
	s.seat.Generation.Store(grant.Generation)
	s.seat.Asked.Store(layout.PackAsked(int(hello.Wanted), int(hello.Least)))
	s.seat.State.Store(layout.SeatAsking)
	s.header.Magic.Store(layout.SeatMagic)
	return s, nil
}

// makeSeatMemory makes the segment of a seat in a pool. Its magic number is the caller's to store.
func makeSeatMemory(g *geometry) (_ *seatMemory, err error) {
	if room, limited := sys.MemoryRoom(); limited && room < seatsRoom {
		return nil, fmt.Errorf("%w: the control group has %s left", ErrNoSpace, megabytes(room))
	}
	s := &seatMemory{}
	defer func() {
		if err != nil {
			s.drop()
		}
	}()
	if s.memory, err = sys.CreateMemory("bips seat", seatMemorySize); err != nil {
		return nil, err
	}
	if err := s.memory.AddSeals(seatSeals); err != nil {
		return nil, err
	}
	if s.mapping, err = s.memory.Map(sys.ReadWrite); err != nil {
		return nil, err
	}
	one := *g
	one.seats = 1
	segment, err := initSeatSegment(s.mapping.Bytes, &one)
	if err != nil {
		return nil, err
	}
	s.header, s.seat = segment.header, segment.seats[0]
	return s, nil
}

// drop gives the memory back, if nobody sits there.
func (s *seatMemory) drop() {
	if s == nil {
		return
	}
	if s.memory != nil {
		_ = s.memory.Close()
		s.memory = nil
	}
	if s.mapping != nil {
		_ = s.mapping.Unmap()
		s.mapping = nil
	}
}

// seal takes from the reader what it could do to the memory beside writing to its seat (O6), which it has mapped by now.
func (s *seatMemory) seal() error {
	if err := s.memory.AddSeals(seatSealsLast); err != nil {
		return err
	}
	s.mapping.Populate(sys.ReadWrite) // fills holes that were made before
	for page := 0; page < len(s.mapping.Bytes); page += layout.PageSize {
		_ = s.mapping.Bytes[page]
	}
	err := s.memory.Close()
	s.memory = nil
	return err
}

// offer hands a seat and its pool to the reader (O4).
func (g *guest) offer(own *ownPool, seat *seatMemory, message []byte) error {
	p := g.reception.p
	p.mu.Lock()
	defer p.mu.Unlock()
	return g.send(own, seat, message)
}

// send sends a message with a seat and its pool. It never waits. Called with Producer.mu held.
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
	return err == nil && int(ready.Seat) == g.seat && ready.Instance == g.reception.name.instance
}

// settle makes the memory the reader's seat in a pool, and tells it so (O6 to O8). It reports false if the reader has none there, or more.
func (g *guest) settle(s *seatMemory, own *ownPool) bool {
	if s.seal() != nil {
		return false
	}
	crashpoint.Hit("O6")
	if !g.sitDown(s, own) { // O7
		return false
	}
	crashpoint.Hit("O7")
	if g.conn.Send(wire.Sits{Instance: g.reception.name.instance, Seat: uint32(g.seat)}.Append(nil)) != nil { // O8
		return true // it is gone, which is found where its end is awaited
	}
	crashpoint.Hit("O8")
	if g.mustMove() {
		g.sendMove()
	}
	return true
}

// sitDown puts the seat into the table of a pool.
func (g *guest) sitDown(s *seatMemory, own *ownPool) bool {
	p := g.reception.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.usable() != nil || g.seat < 0 || own != p.own && own != p.own.before {
		return false
	}
	own.seatReader(g.seat, s)
	own.views[g.seat].keyFrames = 0
	g.own, g.move, g.moveTo = own, nil, nil
	p.own.door.ring()
	return true
}

// mustMove notes that the reader was told that it sits, and reports whether the pool has moved meanwhile.
func (g *guest) mustMove() bool {
	p := g.reception.p
	p.mu.Lock()
	defer p.mu.Unlock()
	g.seated = true
	return p.usable() == nil && g.own != p.own && g.moveTo == nil
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
	defer g.conn.CloseApart()
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
	for _, o := range append(slices.Clone(p.old), p.own) {
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
	g.move.drop()
	g.move, g.moveTo = nil, nil
	for _, o := range append(slices.Clone(p.old), p.own) {
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
