package bips

import (
	"sync/atomic"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
)

// standing is whether the producer waits for a consumer of mode Every, and what follows from it. But
// for blocking it belongs to the thread that pulls.
type standing struct {
	// blocking: the producer waits for us. Not so, the rules of mode Latest hold, and what is
	// passed by is lost.
	blocking atomic.Bool
	// sure: from this frame on all are kept for us while it waits. Those before may be gone (U5).
	sure uint64
	// stayed: we have read something since we joined, in this pool or in one before, so that what is gone is lost for us.
	stayed bool
	// counted: the producer knows that it is to wait for us, and keeps our place when it moves (M4a).
	counted bool

	demotions uint64 // that the consumer has not counted yet
	onTrial   bool   // after a demotion, until trial entries were read in a row
	trial     uint64
	inRow     uint64 // entries read since one was passed by, or the producer began or ceased to wait
}

// A demoted consumer is waited for again when it has read as many entries in a row, without passing one
// by, as the pool has slots: then it keeps up. Who is demoted again soon has to show more,
// twice as much each time, so that one who stalls now and again costs the producer less and less.
const (
	longestTrial = 64 // times the slots
	// soon is how many trials' entries after the last one a demotion counts as another one.
	soon = 16
)

// demote notes a demotion: the producer waits for us no longer.
func (s *standing) demote(slots int) {
	s.demotions++
	switch shortest := uint64(slots); {
	case s.trial == 0 || s.inRow >= soon*s.trial:
		s.trial = shortest
	default:
		s.trial = min(2*s.trial, longestTrial*shortest)
	}
	s.onTrial = true
	s.cease()
}

// cease notes that the producer does not wait for us from now on.
func (s *standing) cease() {
	s.blocking.Store(false)
	s.counted = false
	s.inRow = 0
}

// noteCounted is called when the seat says that the producer is to wait for us. A pool that runs still will be moved from by a producer
// that has seen it; of one that was moved from nobody knows.
func (a *attachment) noteCounted() {
	a.standing.counted = a.pool.header.State.Load() == layout.StateRunning
}

// note takes an entry into account that was read, and how many were passed by to reach it.
func (s *standing) note(gap uint64) {
	s.stayed = true
	if gap > 0 {
		s.inRow = 0
	} else {
		s.inRow++
	}
}

// hasCaughtUp reports whether nothing that we know of speaks against being waited for.
func (s *standing) hasCaughtUp() bool { return !s.onTrial || s.inRow >= s.trial }

// block makes the producer wait for us again, as far as we deserve it (U5). We go on where we are; what
// lies further back than the pool has slots is gone for certain.
func (a *attachment) block() {
	s := &a.standing
	if !s.hasCaughtUp() || a.isJudged() {
		return
	}
	from, head, slots := a.cursor, a.head(), uint64(a.pool.slots)
	if head >= slots {
		from = max(from, head+1-slots)
	}
	a.lost += from - a.cursor
	s.onTrial, s.inRow = false, 0
	s.blocking.Store(true)
	a.setCursor(from)
	a.seat.State.Store(layout.SeatEvery)
	a.noteCounted()
	// What was published before was not kept for us, and may be gone.
	s.sure = a.head() + 1
	a.door.ring()
	crashpoint.Hit("U5")
}

// unblock makes the producer wait for us no longer (U4).
func (a *attachment) unblock() {
	a.standing.cease()
	a.seat.State.Store(layout.SeatLatest)
	crashpoint.Hit("U4a")
	a.door.ring()
	crashpoint.Hit("U4b")
}

// wantsToBlock reports whether the producer is to wait for us.
func (a *attachment) wantsToBlock() bool { return a.mode == Every && !a.common.ignored.Load() }

// isJudged reports whether the producer's word is about us. It takes a demotion back when it has seen
// that we know (D5).
func (a *attachment) isJudged() bool {
	generation, verdict := layout.UnpackVerdict(a.pool.words[a.index].Verdict.Load())
	return verdict != 0 && generation == a.generation
}

// passOver goes on with the next entry: the one wanted was not kept for us, and is gone.
func (a *attachment) passOver() {
	if a.standing.stayed {
		a.lost++
	}
	a.setCursor(a.cursor + 1)
	a.door.ring()
	crashpoint.Hit("C7e")
}
