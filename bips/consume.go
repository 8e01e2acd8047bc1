package bips

import (
	"fmt"
	"runtime"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// outcome is what a look at the pool ended with.
type outcome int

const (
	gotFrame       outcome = iota
	gotNothing             // nothing new: wait for the bell
	gotEndOfStream         // the end of the stream
	poolClosed             // drained after a clean end, and the producer will publish no more
	poolLost               // drained, and the producer closed without an end
	poolMoved              // drained, and the producer goes on elsewhere
	gotBusy                // another thread is just giving the slot back: again after a moment
)

// pinTries bounds how often a frame that slips away is tried again.
const pinTries = 1000

// sight is what a look at the pool's header shows.
type sight struct {
	state uint32
	ended uint64
	head  uint64
}

// look reads the pool's state, then the end, then the head (C2, C3a, C3b): so what a closing producer published is
// seen, and no end before the last frame.
func (a *attachment) look() sight {
	var s sight
	s.state = a.pool.header.State.Load() // C2
	crashpoint.Hit("C2")
	s.ended = a.pool.header.Ended.Load() // C3a
	crashpoint.Hit("C3a")
	s.head = a.head() // C3b
	crashpoint.Hit("C3b")
	return s
}

// check refuses what contradicts itself.
func (s *sight) check(cursor uint64) error {
	switch {
	case s.state == 0:
		return fmt.Errorf("%w: it has no state any more", ErrDamaged)
	// 2: in mode Latest a frame may be read (P3b) before it is the head (P3d).
	case s.head+2 < cursor:
		return fmt.Errorf("%w: its newest frame is %d after %d was read", ErrDamaged, s.head, cursor-1)
	case s.ended > s.head+1:
		return fmt.Errorf("%w: its stream ended at %d before frame %d came", ErrDamaged, s.ended, s.head+1)
	}
	return nil
}

// next looks for the frame wanted (C2 to C8) and pins it.
func (a *attachment) next(f *Frame) (outcome, error) {
	var missed uint64 // the newest frame before the head that was tried in vain
	for range pinTries {
		seen := a.look()
		if err := seen.check(a.cursor); err != nil {
			return gotNothing, err
		}
		if seen.head < a.cursor {
			return a.nothingNew(&seen, f), nil
		}
		wanted, newest := a.wanted(seen.head, missed), a.newestOnly()
		crashpoint.Hit("C5")
		pinned, err := a.pin(wanted, newest && wanted == seen.head) // C5 to C7
		if err != nil {
			return gotNothing, err
		}
		if pinned.sequence != 0 {
			return a.deliver(pinned, seen.head, f)
		}
		if newest && wanted != seen.head {
			missed = wanted
		}
		a.heedVerdict()
		if pinned.busy {
			return gotBusy, nil
		}
		if a.standing.blocking.Load() && wanted < a.standing.sure {
			a.passOver()
		}
	}
	return gotNothing, fmt.Errorf("%w: no word of its ring leads to a frame", ErrDamaged)
}

// nothingNew is what there is to say when all was read (C3c, C3d).
func (a *attachment) nothingNew(seen *sight, f *Frame) outcome {
	if a.owesEnd(seen.ended) {
		if dropped := a.pool.header.Dropped.Load(); a.head() == seen.head { // else some of them may lie behind later frames
			a.noteDropped(dropped)
		}
		a.reportEnd(f)
		crashpoint.Hit("C3c")
		return gotEndOfStream
	}
	switch seen.state {
	case layout.StateMoved:
		return poolMoved
	case layout.StateClosed:
		crashpoint.Hit("C3d")
		if seen.ended == seen.head+1 {
			return poolClosed
		}
		return poolLost
	}
	a.heedVerdict() // who was demoted may have missed nothing yet
	return gotNothing
}

// reportEnd says that the stream has ended, and what was missing before that.
func (a *attachment) reportEnd(f *Frame) {
	a.owed = endTold
	*f = Frame{Lost: a.lost, Skipped: a.skipped}
	a.countMissing(f)
	a.discontinuity = true
}

// noteDropped counts the frames that the producer dropped since the last time, as of its count.
func (a *attachment) noteDropped(count uint64) {
	if count > a.dropped {
		a.lost += count - a.dropped
		a.dropped = count
	}
}

// newestOnly reports whether the newest frame is read and not each.
func (a *attachment) newestOnly() bool { return !a.standing.blocking.Load() }

// hasEnded reports whether the producer said that it will publish no more here.
func (a *attachment) hasEnded() bool {
	state := a.pool.header.State.Load()
	return state == layout.StateClosed || state == layout.StateMoved
}

// wanted picks the sequence to read (C5): in mode Every the next, else the oldest of the
// frames that are not too old, else the newest frame. What was missed, or is older, is not
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

// slotOf is the slot of a frame that still is there.
func (a *attachment) slotOf(sequence uint64) (slot int, there bool) {
	found, slot := layout.UnpackRing(a.pool.entry(sequence).Load())
	return slot, found == sequence && slot < a.pool.slots && a.pool.records[slot].Sequence.Load() == sequence
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
	found, slot := layout.UnpackRing(a.pool.entry(wanted).Load()) // C6: a hint
	crashpoint.Hit("C6")
	if found != wanted {
		return pinnedSlot{}, nil
	}
	if slot >= a.pool.slots {
		return pinnedSlot{}, fmt.Errorf("%w: frame %d is said to be in slot %d of %d", ErrDamaged, wanted, slot, a.pool.slots)
	}
	bit := uint64(1) << slot
	if a.seat.Pins.Or(bit)&bit != 0 { // C7a
		// A slot that we hold cannot carry a newer frame: somebody is just giving it back.
		runtime.Gosched()
		return pinnedSlot{busy: a.held[slot].Load() == 0}, nil
	}
	crashpoint.Hit("C7a")
	sequence := a.pool.records[slot].Sequence.Load() // C7b: Dekker pair with P2
	crashpoint.Hit("C7b")
	switch {
	case sequence == wanted:
		return pinnedSlot{slot: slot, sequence: sequence}, nil
	// A newer frame will do, else a fast producer could make us retry for ever.
	case orNewer && sequence != 0 && sequence >= a.cursor:
		return pinnedSlot{slot: slot, sequence: sequence}, nil
	}
	a.unpin(slot) // C7c
	crashpoint.Hit("C7c")
	return pinnedSlot{}, nil
}

func (a *attachment) unpin(slot int) {
	a.seat.Pins.And(^(uint64(1) << slot))
	a.door.ring()
}

// heedVerdict does what a demoted reader has to do, if this one was demoted (C7d).
func (a *attachment) heedVerdict() {
	if a.standing.blocking.Load() && a.isJudged() {
		crashpoint.Hit("C7d")
		a.standing.demote(a.pool.slots)
		a.unblock()
	}
}

// deliver reads what the pinned slot holds, advances the cursor (C8) and counts. head is
// the newest sequence as of the look that found the slot.
func (a *attachment) deliver(p pinnedSlot, head uint64, f *Frame) (outcome, error) {
	record := a.pool.copyRecord(p.slot)
	if err := a.checkRecord(p.sequence, &record); err != nil {
		a.unpin(p.slot)
		return gotNothing, fmt.Errorf("frame %d: %w", p.sequence, err)
	}
	gap := p.sequence - a.cursor
	a.passBy(gap)
	if a.owesEnd(record.stream) {
		a.setCursor(p.sequence) // C8a: so that no frame of the stream before is delivered behind its end
		a.unpin(p.slot)
		a.standing.note(gap)
		a.reportEnd(f)
		crashpoint.Hit("C8a")
		return gotEndOfStream, nil
	}
	caps, err := a.capsOf(&record)
	if err != nil {
		a.unpin(p.slot)
		return gotNothing, fmt.Errorf("frame %d: %w", p.sequence, err)
	}
	a.setCursor(p.sequence + 1) // C8b: after the pin
	crashpoint.Hit("C8b")
	a.last, a.owed = p.sequence, record.stream
	a.noteDropped(record.dropped)
	a.standing.note(gap)
	*f = Frame{
		FrameInfo: record.info, Data: a.pool.slot(p.slot)[:record.info.Size], Caps: caps.text, Tags: caps.tags,
		Sequence: p.sequence, Instance: a.pool.instance, PublishTime: record.publishTime,
		Lost: a.lost, Skipped: a.skipped, Behind: max(head, p.sequence) - p.sequence,
		Latency: TimeFromNanoseconds(a.pool.header.Latency.Load()),
		lease:   Lease{attachment: a, slot: p.slot, sequence: p.sequence},
	}
	if record.metaLength > 0 {
		f.Meta = a.pool.meta(p.slot)[:record.metaLength:record.metaLength]
	}
	f.Discontinuity = a.discontinuity || f.Lost+f.Skipped > 0
	a.discontinuity = false
	a.seat.Received.Add(1)
	a.countMissing(f)
	if a.auto && (a.undecided || caps.text != a.modeCaps) {
		a.decideMode(caps.text)
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
