package bips

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// attachment is a consumer's hold on one instance of a pool: its mapping, its seat,
// its lock. It lives until the consumer has let go of it and the last frame is
// given back, from whichever thread.
type attachment struct {
	files *shmConsumer
	pool  *poolSegment
	seats *seatSegment

	seat       *layout.Seat
	index      int
	generation uint32
	quota      int // pins that it may show at once

	// references counts the consumer and each held frame. The last one leaves the seat.
	references atomic.Int32
	common     *common
	// held is the sequence of the frame held in each slot; 0: none. Giving a frame back
	// begins with swapping it out, so that it happens once.
	held [MaxSlots]atomic.Uint64

	// The rest belongs to the thread that pulls.
	mode          Mode   // Latest or Every, also where the frames' caps decide
	auto          bool   // they do
	undecided     bool   // none came yet
	modeCaps      string // that decided
	cursor        uint64 // next sequence wanted; the seat's cursor is a copy
	last          uint64 // sequence delivered last; 0: none
	dropped       uint64 // the producer's count of dropped frames, as of last
	ended         bool   // the newest entry read is an end of stream
	unreadEnd     bool   // before what is wanted next comes an end of stream that was missed
	discontinuity bool   // the next frame does not follow the last one
	standing      standing
	stall         stall
	lost, skipped uint64 // entries passed by since the last one delivered
	caps          []capsText
}

// capsText is a caps record as it was read.
type capsText struct {
	version uint64
	text    string
}

// common is what all attachments of a consumer, one after the other, have in common.
type common struct {
	held    heldCount
	maxAge  atomic.Int64 // ConsumerOptions.MaxAge in nanoseconds
	ignored atomic.Bool  // SetBlocking(false) is in force
}

// heldCount counts frames that are held: what C0 compares with the quota.
type heldCount struct{ atomic.Int32 }

// discount is C11.
func (c *heldCount) discount() {
	c.Add(-1)
	crashpoint.Hit("C11")
}

// attach opens the pool of a name and sits down in it. It waits in rest only.
func attach(name string, o *ConsumerOptions, common *common, rest rest) (a *attachment, err error) {
	files, pool, seats, err := openShm(name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			files.close()
		}
	}()
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	a = &attachment{
		files: files, pool: pool, seats: seats, common: common,
		mode: o.Mode, auto: o.Mode == Auto, undecided: true, caps: make([]capsText, pool.geometry.caps),
	}
	if err := a.takeSeat(o.MaxHeld, o.MinHeld, rest); err != nil {
		return nil, err
	}
	a.references.Store(1)
	if a.auto {
		a.mode = a.modeAtFirst()
	}
	a.standing.blocking.Store(a.wantsToBlock())
	joined := a.join()
	if mutant("quota-late") {
		a.seat.Quota.Store(uint32(a.quota))
	}
	// A9: a producer that went while we sat down has not seen us and will not tell us,
	// unless it published something since: it may have waited for us to do so.
	alive, err := files.producerAlive()
	crashpoint.Hit("A9")
	if err != nil || (!alive || pool.header.State.Load() != layout.StateRunning) && a.head() == joined {
		a.leave()
		return nil, fmt.Errorf("%w: its producer is gone", ErrNoPool)
	}
	return a, nil
}

// letGo ends the consumer's own hold.
func (a *attachment) letGo() {
	var err error // a seat that cannot be written to needs no leaving
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	defer a.unreference()
	a.drain()
}

// unreference ends one hold, and with the last one the attachment.
func (a *attachment) unreference() {
	if a.references.Add(-1) > 0 {
		return
	}
	defer a.files.close()
	var err error // as in letGo
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	a.leave()
}

// Lease is the pin of a held frame. The zero Lease holds nothing.
type Lease struct {
	attachment *attachment
	slot       int
	sequence   uint64
}

// Release gives the frame back: its bytes may change or go away from now on. It may
// be called from any thread, also after the consumer was closed. A second call is
// [ErrStale].
func (l Lease) Release() (err error) {
	a := l.attachment
	// C9: first the claim, so that of two calls one is refused;
	if a != nil && mutant("pin-before-claim") {
		a.seat.Pins.And(^(uint64(1) << l.slot))
	}
	if a == nil || !a.held[l.slot].CompareAndSwap(l.sequence, 0) && !(mutant("release-any") && a.held[l.slot].Swap(0) != 0) {
		return ErrStale
	}
	crashpoint.Hit("C9")
	defer a.unreference()
	defer a.common.held.discount() // C11: after the pin is gone
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	if mutant("count-before-pin") {
		a.common.held.Add(-1)
		defer a.common.held.Add(1)
		for range 10 {
			crashpoint.Pause()
		}
	}
	if mutant("plain-unpin") {
		pins := a.seat.Pins.Load()
		crashpoint.Pause()
		a.seat.Pins.Store(pins)
	}
	a.seat.Pins.And(^(uint64(1) << l.slot)) // C10
	crashpoint.Hit("C10")
	ringDoor(a.seats.header) // C12
	crashpoint.Hit("C12")
	return nil
}

// outcome is what a look at the pool ended with.
type outcome int

const (
	gotFrame       outcome = iota
	gotNothing             // nothing new: wait for the bell
	gotEndOfStream         // the end of the stream
	poolClosed             // drained, and the producer will publish no more
	poolMoved              // drained, and the producer goes on elsewhere
	gotUnknown             // an entry of a kind that this version does not know: the next one
	gotBusy                // another thread is just giving the slot back: again after a moment
)

// pinTries bounds how often a frame that slips away is tried again.
const pinTries = 1000

// next looks for the frame wanted (C2 to C8) and pins it.
func (a *attachment) next(f *Frame) (outcome, error) {
	if a.unreadEnd {
		a.unreadEnd, a.ended = false, true
		return gotEndOfStream, nil
	}
	var missed uint64 // the newest entry before the head that was tried in vain
	for range pinTries {
		state, head := a.stateAndHead() // C2, C3
		if state == 0 {
			return gotNothing, fmt.Errorf("%w: it has no state any more", ErrDamaged)
		}
		// 2: in mode Latest an entry may be read (P3b) before it is the head (P3d).
		if head+2 < a.cursor {
			return gotNothing, fmt.Errorf("%w: its newest entry is %d after %d was read", ErrDamaged, head, a.cursor-1)
		}
		if head < a.cursor {
			switch state {
			case layout.StateClosed:
				return poolClosed, nil
			case layout.StateMoved:
				return poolMoved, nil
			}
			if a.standing.blocking.Load() { // it may have been demoted and have missed nothing yet
				return gotNothing, a.askVerdict()
			}
			return gotNothing, nil
		}
		wanted, newest := a.wanted(head, missed), a.newestOnly()
		crashpoint.Hit("C5")
		pinned, err := a.pin(wanted, newest && wanted == head) // C5 to C7
		if err != nil {
			return gotNothing, err
		}
		if pinned.sequence == 0 {
			if newest && wanted != head {
				missed = wanted
			}
			if err := a.askVerdict(); err != nil {
				return gotNothing, err
			}
			if pinned.busy {
				return gotBusy, nil
			}
			if a.standing.blocking.Load() && wanted < a.standing.sure {
				a.passOver()
			}
			continue
		}
		if got, err := a.deliver(pinned, head, f); got != gotUnknown || err != nil {
			return got, err
		}
	}
	return gotNothing, fmt.Errorf("%w: no entry of its ring leads to a frame", ErrDamaged)
}

// stateAndHead reads the state, then head, so that what a closing producer published
// is seen (C2, C3).
func (a *attachment) stateAndHead() (state uint32, head uint64) {
	if mutant("head-before-state") {
		head = a.head()
		for range 10 {
			crashpoint.Pause()
		}
		return a.pool.header.State.Load(), head
	}
	state = a.pool.header.State.Load()
	crashpoint.Hit("C2")
	head = a.head()
	crashpoint.Hit("C3")
	return state, head
}

// newestOnly reports whether the newest entry is read and not each.
func (a *attachment) newestOnly() bool { return !a.standing.blocking.Load() }

// hasEnded reports whether the producer said that it will publish no more here.
func (a *attachment) hasEnded() bool {
	state := a.pool.header.State.Load()
	return state == layout.StateClosed || state == layout.StateMoved
}

// wanted picks the sequence to read (C5): in mode Every the next, else the oldest of the
// frames that are not too old, else the newest entry. What was missed, or is older, is not
// tried again.
func (a *attachment) wanted(head, missed uint64) uint64 {
	if !a.newestOnly() {
		return a.cursor
	}
	if a.cursor >= head {
		return head // and no clock is read
	}
	oldest := max(a.cursor, missed+1)
	if slots := uint64(a.pool.slots); head > slots {
		oldest = max(oldest, head-slots+1)
	}
	if maxAge := time.Duration(a.common.maxAge.Load()); maxAge > 0 {
		now := sys.Monotonic()
		for q := oldest; q < head; q++ {
			if published, there := a.publicationOf(q); there && now-published <= maxAge {
				return q
			}
		}
	}
	// An end of stream must not hide the last frame from who takes only the newest entry.
	if a.isEndOfStream(head) && oldest < head && a.isFrame(head-1) {
		return head - 1
	}
	return head
}

// interval is how far apart the frames that are in the pool were published, on average; 0: there are
// too few. As publicationOf it is a hint.
func (a *attachment) interval() time.Duration {
	head := a.head()
	newest, there := a.publicationOf(head)
	for q := head - min(head, uint64(a.pool.slots)) + 1; there && q < head; q++ {
		if oldest, kept := a.publicationOf(q); kept && oldest < newest {
			return (newest - oldest) / time.Duration(head-q)
		}
	}
	return 0
}

// publicationOf is when a frame was published, if it still is there. It is a hint: the slot
// is not pinned. What is no time at all counts as not there.
func (a *attachment) publicationOf(sequence uint64) (at time.Duration, there bool) {
	slot, there := a.slotOf(sequence)
	if !there {
		return 0, false
	}
	at = time.Duration(a.pool.records[slot].PublishTime.Load())
	return at, at >= 0
}

// isEndOfStream reports whether an entry still is in the ring, and is an end of stream.
func (a *attachment) isEndOfStream(sequence uint64) bool {
	found, _, kind := layout.UnpackRing(a.pool.entry(sequence).Load())
	return found == sequence && kind == layout.KindEndOfStream
}

// isFrame reports whether an entry still is there, and is a frame.
func (a *attachment) isFrame(sequence uint64) bool {
	_, there := a.slotOf(sequence)
	return there
}

// slotOf is the slot of a frame that still is there.
func (a *attachment) slotOf(sequence uint64) (slot int, there bool) {
	found, slot, kind := layout.UnpackRing(a.pool.entry(sequence).Load())
	return slot, found == sequence && kind == layout.KindFrame && slot < a.pool.slots &&
		a.pool.records[slot].Sequence.Load() == sequence
}

// pinnedSlot is a slot with a validated pin; sequence 0: none. busy: because another thread is
// just giving back what was in it.
type pinnedSlot struct {
	slot     int
	sequence uint64
	busy     bool
}

// pin marks the slot of a sequence as being read and then checks that it still is
// the one, or with orNewer one that is newer (C6, C7). Right: the slot is safe until the pin
// is dropped.
func (a *attachment) pin(wanted uint64, orNewer bool) (pinnedSlot, error) {
	found, slot, _ := layout.UnpackRing(a.pool.entry(wanted).Load()) // C6: a hint
	crashpoint.Hit("C6")
	if found != wanted {
		return pinnedSlot{}, nil
	}
	if slot >= a.pool.slots {
		return pinnedSlot{}, fmt.Errorf("%w: entry %d names slot %d of %d", ErrDamaged, wanted, slot, a.pool.slots)
	}
	bit := uint64(1) << slot
	if mutant("cursor-early") && !a.newestOnly() {
		a.seat.Cursor.Store(wanted + 1)
		crashpoint.Pause()
	}
	var early uint64
	if mutant("validate-before-pin") {
		early = a.pool.records[slot].Sequence.Load()
		crashpoint.Pause()
	}
	if a.seat.Pins.Or(bit)&bit != 0 { // C7a
		// A slot that we hold cannot carry a newer frame: somebody is just giving it back.
		runtime.Gosched()
		return pinnedSlot{busy: a.held[slot].Load() == 0}, nil
	}
	crashpoint.Hit("C7a")
	sequence := a.pool.records[slot].Sequence.Load() // C7b: Dekker pair with P2
	crashpoint.Hit("C7b")
	if early != 0 {
		sequence = early
	}
	switch {
	case sequence == wanted:
		return pinnedSlot{slot: slot, sequence: sequence}, nil
	// A newer entry will do, else a fast producer could make us retry for ever. Not an end
	// of stream, which would hide the frame before it.
	case orNewer && sequence != 0 && sequence >= a.cursor && a.pool.records[slot].Kind != layout.KindEndOfStream:
		return pinnedSlot{slot: slot, sequence: sequence}, nil
	}
	a.unpin(slot) // C7c
	crashpoint.Hit("C7c")
	return pinnedSlot{}, nil
}

func (a *attachment) unpin(slot int) {
	a.seat.Pins.And(^(uint64(1) << slot))
	ringDoor(a.seats.header)
}

// askVerdict finds out why the frame wanted was not there (C7d).
func (a *attachment) askVerdict() error {
	generation, verdict := layout.UnpackVerdict(a.pool.words[a.index].Verdict.Load())
	crashpoint.Hit("C7d")
	if generation != a.generation {
		return nil // none, or a predecessor's
	}
	switch verdict {
	case layout.VerdictBanned:
		return ErrBanned
	case layout.VerdictDemoted:
		if a.standing.blocking.Load() {
			a.standing.demote(a.pool.slots)
			a.unblock()
		}
	}
	return nil
}

// deliver reads what the pinned slot holds, advances the cursor (C8) and counts. head is
// the newest sequence as of the look that found the slot.
func (a *attachment) deliver(p pinnedSlot, head uint64, f *Frame) (outcome, error) {
	record := a.pool.copyRecord(p.slot)
	gap := p.sequence - a.cursor
	if err := a.checkRecord(&record); err != nil {
		a.unpin(p.slot)
		return gotNothing, fmt.Errorf("entry %d: %w", p.sequence, err)
	}
	caps, err := a.capsOf(&record)
	if err != nil {
		a.unpin(p.slot)
		return gotNothing, fmt.Errorf("entry %d: %w", p.sequence, err)
	}
	a.setCursor(p.sequence + 1) // C8a: after the pin
	crashpoint.Hit("C8a")
	a.last = p.sequence
	a.lost += record.dropped - min(a.dropped, record.dropped)
	if a.mode == Every {
		a.lost += gap
	} else {
		a.skipped += gap
	}
	a.standing.note(gap)
	a.dropped = record.dropped
	a.ended = record.kind == layout.KindEndOfStream
	if record.kind != layout.KindFrame {
		a.unpin(p.slot) // C8b
		crashpoint.Hit("C8b")
		if !a.ended {
			return gotUnknown, nil
		}
		*f = Frame{Lost: a.lost, Skipped: a.skipped}
		a.countMissing(f)
		a.discontinuity = true
		return gotEndOfStream, nil
	}
	*f = Frame{
		FrameInfo: record.info, Data: a.pool.slot(p.slot)[:record.info.Size], Caps: caps,
		Sequence: p.sequence, Instance: a.pool.instance, PublishTime: record.publishTime,
		Lost: a.lost, Skipped: a.skipped, Behind: max(head, p.sequence) - p.sequence,
		Latency: TimeFromNanoseconds(a.pool.header.Latency.Load()),
		lease:   Lease{attachment: a, slot: p.slot, sequence: p.sequence},
	}
	if record.metaLength > 0 {
		f.Meta = a.pool.meta(p.slot)[:record.metaLength]
	}
	f.Discontinuity = a.discontinuity || f.Lost+f.Skipped > 0
	a.discontinuity = false
	a.seat.Received.Add(1)
	a.countMissing(f)
	if a.auto && (a.undecided || caps != a.modeCaps) {
		a.decideMode(caps)
	}
	f.Mode, f.Blocking = a.mode, a.standing.blocking.Load()
	// No look at shared memory from here on: a fault leaves nothing held.
	a.held[p.slot].Store(p.sequence)
	a.references.Add(1)
	a.common.held.Add(1)
	crashpoint.Hit("C8c")
	return gotFrame, nil
}

// countMissing shows to whoever looks at the seats what was passed by before f.
func (a *attachment) countMissing(f *Frame) {
	a.lost, a.skipped = 0, 0
	if f.Skipped > 0 {
		a.seat.Skipped.Add(f.Skipped)
	}
	if f.Lost > 0 {
		a.seat.Lost.Add(f.Lost)
	}
}
