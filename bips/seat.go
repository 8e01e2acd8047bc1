package bips

import (
	"fmt"
	"os"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
)

// A joiner waits for others who are being admitted: each takes microseconds, unless it is
// stopped meanwhile. It looks again after admissionPause, for admissionPatience, which tests change.
const admissionPause = time.Millisecond

var admissionPatience = 200 * time.Millisecond

// A rest is how a joiner waits: it sleeps for limit, and reports false if the joiner has to give
// up, because there is no time left or it is wanted for something else.
type rest func(limit time.Duration) bool

// takeSeat claims a seat and has itself admitted (A3 to A8, J1, J2) with a quota between
// least and most. The seat's lock is held when it returns.
func (a *attachment) takeSeat(most, least int, rest rest) error {
	if err := a.lockAdmission(rest); err != nil {
		return err
	}
	unlocked := false
	unlock := func() {
		if !unlocked {
			_ = a.files.seats.Unlock(layout.AdmissionLock) // A8, after J1: takenBy compares generations
			crashpoint.Hit("A8")
			unlocked = true
		}
	}
	defer unlock()
	for i, seat := range a.seats.seats {
		claimed, err := a.claim(i)
		if err != nil {
			return err
		}
		if !claimed {
			continue
		}
		crashpoint.Hit("A3b")
		seat.State.Store(layout.SeatFree) // A4: clean what a predecessor left
		crashpoint.Hit("A4a")
		if !mutant("no-clean") {
			seat.Pins.Store(0)
		}
		crashpoint.Hit("A4b")
		seat.Waiting.Store(0)
		crashpoint.Hit("A4c")
		quota, err := a.admit(i, most, least, rest)
		if err != nil {
			a.refuse(i, seat)
			return err
		}
		if !mutant("quota-late") {
			seat.Quota.Store(uint32(quota)) // A7
		}
		crashpoint.Hit("A7")
		a.generation = seat.Generation.Load() + 1
		seat.Generation.Store(a.generation) // J1: only the lock's holder writes it
		crashpoint.Hit("J1")
		if a.pool.words[i].Verdict.Load() != 0 {
			a.refuse(i, seat) // J2: judged meanwhile, in a predecessor's place: elsewhere
			continue
		}
		crashpoint.Hit("J2")
		seat.PID.Store(uint32(os.Getpid()))
		a.index, a.seat, a.quota = i, seat, quota
		return nil
	}
	return fmt.Errorf("%w: all its %d seats are taken: raise max-consumers on the producer", ErrPoolFull, len(a.seats.seats))
}

// lockAdmission is A3a.
func (a *attachment) lockAdmission(rest rest) error {
	for end := time.Now().Add(admissionPatience); ; {
		ours, err := a.files.seats.TryLock(layout.AdmissionLock)
		if err != nil || ours {
			crashpoint.Hit("A3a")
			return err
		}
		if time.Now().After(end) || !rest(admissionPause) {
			return fmt.Errorf("%w: another consumer began to join and does not go on: it is stopped or hangs; end it", ErrPoolFull)
		}
	}
}

// claim takes the lock of a seat that nobody has and the producer has not judged (A3b).
func (a *attachment) claim(i int) (bool, error) {
	if a.pool.words[i].Verdict.Load() != 0 {
		return false, nil
	}
	return a.files.seats.TryLock(layout.SeatLockBase + int64(i))
}

// admit takes a quota between least and most, if the pool has room for it (A5, A6). A sum
// that fails is taken once more: a reclaim in progress looks like a seated consumer.
func (a *attachment) admit(own, most, least int, rest rest) (quota int, err error) {
	room := a.pool.pinnable()
	var taken int
	for try := range 2 {
		if try > 0 && !rest(admissionPause) {
			break
		}
		if taken, err = a.takenQuotas(own); err != nil {
			return 0, err
		}
		crashpoint.Hit("A5")
		if quota := share(room-taken, most, least); quota > 0 {
			return quota, nil
		}
	}
	return 0, fmt.Errorf("%w: its %d slots leave room for %d held frames, others may hold %d and this consumer wants %d: "+
		"give the producer more slots, or let each consumer hold fewer frames", ErrPoolFull, a.pool.slots, room, taken, least)
}

// share is how many of the pins that are left one consumer takes; 0: too few are left. Who is
// content with less than most leaves half of them to those who come later, beyond the two that
// it takes to read one frame while another is held.
func share(left, most, least int) int {
	quota := most
	if least < most {
		quota = max(least, min(most, max(2, (left+1)/2)))
	}
	switch {
	case quota <= left:
		return quota
	case least <= left:
		return left
	default:
		return 0
	}
}

// takenQuotas sums what the holders of the other seats may pin (A5). No seat gets a new holder
// meanwhile: that takes the admission lock.
func (a *attachment) takenQuotas(own int) (sum int, err error) {
	for i, seat := range a.seats.seats {
		if i == own {
			continue
		}
		locked, err := a.files.seats.IsLocked(layout.SeatLockBase + int64(i))
		if err != nil {
			return 0, err
		}
		if locked {
			sum += a.takenBy(seat, a.pool.words[i])
		}
	}
	return sum, nil
}

// takenBy is what the producer granted, which the holder cannot change; what the holder asks
// for, if it has no grant yet; and nothing, if it is banned and the ban stands (D5).
func (a *attachment) takenBy(seat *layout.Seat, word *layout.SeatWord) int {
	_, verdict := layout.UnpackVerdict(word.Verdict.Load())
	granted := word.Granted.Load()
	generation, quota := layout.UnpackGrant(granted)
	switch {
	case verdict == layout.VerdictBanned && granted == 0:
		return 0
	case granted == 0 || generation != seat.Generation.Load():
		quota = seat.Quota.Load()
	}
	return int(min(quota, layout.MaxSlots))
}

// refuse gives up a claimed seat. It rings: its cleaning may have freed a slot.
func (a *attachment) refuse(i int, seat *layout.Seat) {
	seat.Quota.Store(0)
	ringDoor(a.seats.header)
	crashpoint.Hit("A6")
	_ = a.files.seats.Unlock(layout.SeatLockBase + int64(i))
}

// join begins to read (J3 to J6): with the frames published from now on if the producer waits
// for us, else with the newest one. It returns the newest one's sequence.
func (a *attachment) join() (head uint64) {
	a.dropped = a.pool.header.Dropped.Load() // before we count: what is dropped from then on is lost for us
	a.discontinuity = true
	head = a.head()
	if a.standing.blocking.Load() {
		a.standing.stayed, a.standing.onTrial, a.standing.inRow = false, false, 0
		a.beWaitedFor(head + 1)
		return head
	}
	a.setCursor(max(a.newestFrame(head), 1, a.last+1)) // J3
	crashpoint.Hit("J3")
	a.seat.State.Store(layout.SeatLatest) // J4
	crashpoint.Hit("J4")
	a.ringAtJoining()
	return head
}

// beWaitedFor is J3 to J6 for who wants every entry from a sequence on.
func (a *attachment) beWaitedFor(from uint64) {
	early := a.head()
	a.setCursor(from) // J3
	crashpoint.Hit("J3")
	if mutant("no-second-look") {
		for range 200 { // joins are few, and the producer has to go once around the pool
			crashpoint.Pause()
		}
	}
	a.seat.State.Store(layout.SeatEvery) // J4
	crashpoint.Hit("J4")
	// J5: what was published before J4 was not kept for us, and may be gone. A producer that waited
	// for us has published nothing before, and keeps all of it.
	a.standing.sure = a.head() + 1
	crashpoint.Hit("J5")
	if mutant("no-second-look") {
		a.standing.sure = early + 1
	}
	a.ringAtJoining()
}

func (a *attachment) ringAtJoining() {
	ringDoor(a.seats.header) // J6
	crashpoint.Hit("J6")
}

// newestFrame is head, or the frame before it where head is an end of stream: a late
// joiner sees the picture that was there last.
func (a *attachment) newestFrame(head uint64) uint64 {
	if a.isEndOfStream(head) {
		return head - 1
	}
	return head
}

func (a *attachment) setCursor(sequence uint64) {
	a.cursor = sequence
	a.seat.Cursor.Store(sequence)
}

// head reads the newest sequence (C3).
func (a *attachment) head() uint64 { return min(a.pool.header.Head.Load(), layout.MaxSequence) }

// suspend makes the seat need nothing while it keeps its pins (U1, U2). To resume is
// to join again (U3).
func (a *attachment) suspend() {
	a.seat.State.Store(layout.SeatSuspended)
	crashpoint.Hit("U1")
	ringDoor(a.seats.header)
	crashpoint.Hit("U2")
}

// resume is U3. A stream that ended meanwhile has its end still to come; who reads only the
// newest entry finds it there.
func (a *attachment) resume() {
	a.standing.blocking.Store(a.wantsToBlock() && !a.isJudged())
	a.stall = stall{} // who does not read misses no frames
	wanted := a.cursor
	head := a.join()
	a.unreadEnd = a.standing.blocking.Load() && (head >= wanted || a.unreadEnd) && a.isEndOfStream(head)
}

// drain makes the seat need nothing any more (L1, L2); its last pin leaves.
func (a *attachment) drain() {
	a.seat.State.Store(layout.SeatDraining)
	if mutant("leave-early") {
		a.seat.Pins.Store(0)
	}
	crashpoint.Hit("L1")
	ringDoor(a.seats.header)
	crashpoint.Hit("L2")
}

// leave gives up the seat (L3 to L6). Nothing is pinned.
func (a *attachment) leave() {
	a.seat.Pins.Store(0)
	crashpoint.Hit("L3")
	a.seat.State.Store(layout.SeatFree)
	crashpoint.Hit("L4a")
	a.seat.Waiting.Store(0)
	crashpoint.Hit("L4b")
	a.seat.Quota.Store(0)
	crashpoint.Hit("L4c")
	ringDoor(a.seats.header)
	crashpoint.Hit("L5")
	_ = a.files.seats.Unlock(layout.SeatLockBase + int64(a.index))
	crashpoint.Hit("L6")
}
