package bips

import (
	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
)

// occasion is why a reader begins to read.
type occasion int

const (
	joining   occasion = iota // it was not in the instance before
	resuming                  // it was suspended
	following                 // the producer has moved, and it did not keep its place in the stream
)

// join begins to read, with a new seat (J1 to J7). It reports false if the producer has gone without having seen us: then
// there is nothing to read, and nobody will tell.
func (a *attachment) join() (bool, error) {
	switch {
	case a.rested: // over a move, and it has no place any more
		a.begin(resuming)
		return true, nil
	case a.joined:
		a.begin(following)
		return true, nil
	}
	if a.auto {
		a.mode = a.modeAtFirst()
	}
	a.joined = true
	head := a.begin(joining)
	// J7: a producer that went while we sat down has not seen us and will not tell us,
	// unless it published or ended something since: it may have waited for us to do so.
	alive, err := a.peer.producerAlive() // before the state: a producer that moves and dies in between kept a place for us
	state := a.pool.header.State.Load()
	crashpoint.Hit("J7")
	gone := state == layout.StateClosed || state == layout.StateRunning && !alive
	return err == nil && !(gone && a.head() == head && a.pool.header.Ended.Load() == a.owed), err
}

// begin takes a place in the stream (J1 to J6): with the frames published from now on if the producer waits
// for us, else with the newest one. It returns the newest one's sequence.
func (a *attachment) begin(why occasion) (head uint64) {
	if why != following { // before we count: what is dropped from then on is lost for us
		a.dropped, a.discontinuity, a.rested = a.pool.header.Dropped.Load(), true, false
		a.standing.blocking.Store(a.wantsToBlock() && !a.isJudged())
		a.standing.stayed = false
	}
	a.standing.counted, a.standing.sure = false, 0
	state := layout.SeatLatest
	if a.standing.blocking.Load() {
		a.standing.inRow = 0
		state = layout.SeatEvery
		a.seat.Cursor.Store(a.head() + 1) // J1
		crashpoint.Hit("J1")
		a.seat.State.Store(layout.SeatJoining) // J2: from here on all frames are kept for us
		crashpoint.Hit("J2")
	}
	head = a.head()
	from := max(head, a.pool.first)
	if state == layout.SeatEvery {
		from = head + 1
	}
	from = max(from, a.cursor) // nothing again, also of what was read before it is the head (P3b), and nothing of a stream whose end was told (C8a)
	if why == following {
		a.passBy(from - min(a.cursor, from))
	}
	a.setCursor(from) // J3
	crashpoint.Hit("J3")
	if why == joining {
		a.owed = a.pool.header.Ended.Load() // J4: after the head, and before we count
		crashpoint.Hit("J4")
	}
	a.seat.State.Store(state) // J5
	if state == layout.SeatEvery {
		a.noteCounted()
	}
	crashpoint.Hit("J5")
	a.door.ring() // J6
	crashpoint.Hit("J6")
	return head
}

// passBy counts frames that are not read.
func (a *attachment) passBy(frames uint64) {
	if a.mode == Every {
		a.lost += frames
	} else {
		a.skipped += frames
	}
}

func (a *attachment) setCursor(sequence uint64) {
	a.cursor = sequence
	a.seat.Cursor.Store(sequence)
}

// head reads the newest sequence (C3b).
func (a *attachment) head() uint64 { return min(a.pool.header.Head.Load(), layout.MaxSequence) }
