package bips

import (
	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
)

// mostJudgements is how many verdicts are taken back for one slot that is looked for: a holder that changes
// its generation at will must not keep the producer.
const mostJudgements = 3

// demoteBlockers demotes each consumer that still wants the oldest frame (D1), and
// reports whether there was any. Called with p.mu held.
func (p *Producer) demoteBlockers(oldest uint64) (demoted bool) {
	if oldest == ^uint64(0) {
		return false // what is not free is lent or pinned: nobody's wish keeps it
	}
	crashpoint.Hit("D1")
	for i := range p.own.views {
		if v := &p.own.views[i]; v.wantsEvery() && v.cursor <= oldest && p.demote(i, v.seen) {
			demoted = true
		}
	}
	if p.own.pool.first <= oldest && p.demoteKept() {
		demoted = true
	}
	return demoted
}

// demote puts the verdict on a seat (D2 to D4), and takes it back when somebody else turns out to sit
// there. It reports whether the verdict stands.
func (p *Producer) demote(i int, generation uint32) bool {
	if p.judgements >= mostJudgements {
		return false
	}
	seat, word, v := p.own.seats.seats[i], &p.own.pool.words[i].Verdict, &p.own.views[i]
	v.demoted = true                                                  // from here on: after a fault, D5 has to find what is in the word
	word.Store(layout.PackVerdict(generation, layout.VerdictDemoted)) // D2
	crashpoint.Hit("D2")
	if p.own.generations[i].Load() != generation { // D3
		word.Store(0)
		v.demoted = false
		p.judgements++
		return false
	}
	crashpoint.Hit("D3")
	p.tellDemotion(int(seat.PID.Load()))
	return true
}

// tellDemotion rings for a verdict that stands, and counts it.
func (p *Producer) tellDemotion(pid int) {
	p.own.ringBell()  // D4
	p.own.door.ring() // for threads of ours that found nothing
	crashpoint.Hit("D4")
	p.stats.Demoted = p.demotions.Add(1)
	p.stats.LastDemoted = pid
}

// endDemotion is D5: the seat's holder knows, or is gone.
func (o *ownPool) endDemotion(i int) {
	o.views[i].demoted = false
	o.pool.words[i].Verdict.Store(0)
	crashpoint.Hit("D5")
}
