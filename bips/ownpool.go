package bips

import (
	"context"
	"math/bits"
	"runtime/debug"
	"slices"
	"sync/atomic"

	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// ownPool is a pool as its producer has it: its memory, and what the producer knows of it in
// private memory. A producer publishes in one of them at a time; a move makes the next.
//
// Everything but door is protected by Producer.mu.
type ownPool struct {
	backing backing
	pool    *poolSegment
	seats   *seatSegment
	// generations are those of the seats' holders, by seat: in shared memory too, or where only the producer can write.
	generations []*atomic.Uint32
	door        ownDoor

	inside    int              // calls that look at the segments without holding mu
	unmapped  bool             // nobody may look at the segments any more
	sequences [MaxSlots]uint64 // of the frame in each slot; 0: none
	lent      uint64           // slots lent
	published uint64           // of those, the ones published
	loans     [MaxSlots]uint64 // counts each slot's lendings
	views     []seatView       // by seat

	capsIndex   int // of the caps in force
	capsVersion uint64
	slotCaps    [MaxSlots]int // caps record that each slot refers to

	// Where each reader's seat is memory of its own, and a private one stands for who does not sit:
	empty    []*layout.Seat
	mappings []*sys.Mapping // by seat
	left     []*sys.Mapping // of seats that were left, but may be looked at from inside

	before  *ownPool // the pool that was moved from, while a place is pending
	pending int      // places reserved for readers that are still in it
}

// seatView is what the producer knows of a seat, in private memory.
type seatView struct {
	// What the last look showed (P1a to P1c):
	seen   uint32 // generation
	state  uint32
	cursor uint64

	// The grant: so many pins of this generation count. 0, 0: none.
	generation uint32
	pins       int
	overdrawn  bool // more were seen, and counted

	demoted   bool // until D5
	keyFrames uint32
	place     place
}

// wantsEvery reports whether frames from cursor on must be kept.
func (v *seatView) wantsEvery() bool {
	return (v.state == layout.SeatEvery || v.state == layout.SeatJoining) && !v.demoted
}

// reads reports whether the seat counts as one that is read from.
func (v *seatView) reads() bool { return v.state == layout.SeatLatest || v.state == layout.SeatEvery }

// makePool makes a pool that is complete and has no name yet (S4).
func makePool(ctx context.Context, n *ownName, g *geometry) (*ownPool, error) {
	backing, err := makeBacking(ctx, n, g)
	if err != nil {
		return nil, err
	}
	o := &ownPool{backing: backing, views: make([]seatView, g.seats)}
	if err := o.fill(n.name, g); err != nil {
		backing.remove()
		return nil, err
	}
	return o, nil
}

// fill writes the fields of both headers, and then their magic numbers (S4e, S4f).
//
// Readers may open the seats by now, and cut them short.
func (o *ownPool) fill(name string, g *geometry) (err error) {
	defer recoverFaultOf(name, &err, debug.SetPanicOnFault(true))
	pool, seats := o.backing.segments()
	if o.seats, err = initSeatSegment(seats, g); err != nil {
		return err
	}
	if o.pool, err = newPoolSegment(pool, *g); err != nil {
		return err
	}
	for _, seat := range o.seats.seats {
		o.generations = append(o.generations, &seat.Generation)
	}
	o.door.door = doorOf(o.pool.header, o.seats.header)
	if o.backing.alone() {
		o.empty, o.mappings = slices.Clone(o.seats.seats), make([]*sys.Mapping, g.seats)
		if err := o.door.split(g.seats); err != nil {
			return err
		}
	}
	g.store(o.pool.header)
	o.pool.header.State.Store(layout.StateRunning)
	o.pool.header.Latency.Store(layout.NoTime)
	crashpoint.Hit("S4e")
	o.seats.header.Magic.Store(layout.SeatMagic)
	o.pool.header.Magic.Store(layout.PoolMagic)
	crashpoint.Hit("S4f")
	return nil
}

// ringBell rings the bell of all who read from the pool.
func (o *ownPool) ringBell() { ringBell(o.pool.header, o.seats.seats, o.backing.alone()) }

// isIdle reports whether no part of the pool's memory is in use.
func (o *ownPool) isIdle() bool { return o.lent == 0 && o.inside == 0 }

// unmap gives the pool's memory back, once.
func (o *ownPool) unmap() {
	if !o.unmapped {
		for i := range o.mappings {
			o.unseatReader(i)
		}
		o.unmapLeft()
		o.unmapped = true
		o.backing.close()
		o.backing.unmap()
	}
}

// seatReader lets a seat be the one that its reader has mapped. The mapping is the pool's from now on.
func (o *ownPool) seatReader(i int, s *seatMemory) {
	o.seats.seats[i], o.door.others[i], o.mappings[i] = s.seat, &s.header.Door, s.mapping
	s.mapping = nil
}

// unseatReader lets nobody sit in a seat, and reports whether somebody did who had not left it.
func (o *ownPool) unseatReader(i int) (sat bool) {
	sat = o.mappings[i] != nil && o.seats.seats[i].State.Load() != layout.SeatFree
	empty := o.empty[i]
	empty.State.Store(layout.SeatFree)
	o.seats.seats[i], o.door.others[i] = empty, nil
	if o.mappings[i] != nil {
		o.left = append(o.left, o.mappings[i])
		o.mappings[i] = nil
	}
	return sat
}

// leaveSeat leaves a seat that its reader has not come to with those that were left; nil: nothing.
func (o *ownPool) leaveSeat(s *seatMemory) {
	if s != nil {
		o.left = append(o.left, s.mapping)
		s.mapping = nil
		s.drop()
	}
}

// unmapLeft unmaps the seats that were left. Nobody may look at them any more.
func (o *ownPool) unmapLeft() {
	for _, mapping := range o.left {
		_ = mapping.Unmap()
	}
	o.left = nil
}

// storeCaps writes caps and tags to a record that no slot refers to; there is one more
// record than slots.
func (o *ownPool) storeCaps(caps string, tags meta.Records) error {
	var used [MaxSlots + 1]bool
	for i := range o.pool.slots {
		if o.sequences[i] != 0 {
			used[o.slotCaps[i]] = true
		}
	}
	free := 0
	for used[free] {
		free++
	}
	r, err := o.pool.capsRecord(free)
	if err != nil {
		return err
	}
	r.length.Store(uint32(copy(r.text, caps)))
	r.tagsLength.Store(uint32(copy(r.tags, tags)))
	o.capsVersion++
	r.version.Store(o.capsVersion)
	o.capsIndex = free
	return nil
}

func onesCount(set uint64) int { return bits.OnesCount64(set) }
