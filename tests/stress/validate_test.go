package stress

import (
	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/tests/peer/drive"
)

// validate reads all that was said in a round.
func (r *round) validate() {
	runs := map[string]*drive.Run{}
	r.nameless = map[string]bool{}
	for _, c := range r.ended {
		c.read(r.T)
		if c.Kind == drive.Produce {
			for _, run := range r.validateProducer(c) {
				runs[run.Token] = run
				r.total.published += run.Frames
				r.nameless[run.Token] = c.deleted && c.backend == shm // over a connection nobody looks for names
			}
		}
	}
	for _, c := range r.ended {
		if c.Kind == drive.Consume {
			r.validateConsumer(c, runs)
		}
	}
}

func (r *round) validateProducer(c *child) []*drive.Run {
	said := drive.Runs{
		Demotes: r.plan.producer.BlockTimeout != bips.Forever,
		Found:   func(f drive.Finding) { r.Errorf("%v, in %s", f, c.log) },
	}
	for _, l := range c.lines {
		said.See(l)
	}
	for _, run := range said.All {
		r.total.moves += run.Moves
		if run.GaveWay && !c.rivaled {
			r.Errorf("P11: the producer of %s gave way to nobody", c.log)
		}
		if run.Closed != nil {
			r.total.demoted += run.Closed.Demoted
			r.total.reclaimed += run.Closed.Reclaimed
		} else if !c.killed {
			r.Errorf("P8: the producer of %s did not close its pool: %s", c.log, c.Complaints())
		}
	}
	return said.All
}

func (r *round) validateConsumer(c *child, runs map[string]*drive.Run) {
	found := func(f drive.Finding) { r.Errorf("%v, in %s", f, c.log) }
	judge := drive.Judge{
		Every: c.every, Demotable: r.plan.producer.BlockTimeout != bips.Forever, Found: found,
		SpanOver: func(s drive.Span) {
			if run := runs[s.Token]; run == nil {
				r.Errorf("P1: %s got frames of a producer that never was: %+v", c.log, s)
			} else if f, ok := run.Check(s); !ok {
				if !r.lostOnTheWay(run, s) {
					found(f)
					return
				}
				r.total.nameless++
			}
		},
	}
	for _, l := range c.lines {
		judge.See(l)
	}
	if s := judge.Span; s.Token != "" && runs[s.Token] == nil {
		r.Errorf("P1: %s got frames of a producer that never was: %+v", c.log, s)
	}
	r.total.delivered += judge.Frames
	r.total.lost += judge.Lost
	r.total.refused += judge.Full
}

// lostOnTheWay reports whether a reader may have missed the last frames of a run because it was on its way to the pool that the
// producer had moved to: that had no name any more when it came, since the producer was killed and the next one took the name, or
// somebody deleted it; or the producer, which did not wait for this reader, moved once more and ended, or ended there before it came: then it
// is told of the end, if there was one. A reader of every frame that is waited for never is, in a run that was closed and whose names nobody deleted.
func (r *round) lostOnTheWay(run *drive.Run, s drive.Span) bool {
	killed, deleted := run.Closed == nil, r.nameless[s.Token]
	waited := s.Waited && r.plan.producer.BlockTimeout == bips.Forever
	if deleted && (killed || !waited) { // a move because of deleted names does not tell where it was
		return true
	}
	stopped, again := run.StoppedAtAMove(s)
	return stopped && (killed || deleted || !waited && (again || s.Ended || !run.Ended))
}
