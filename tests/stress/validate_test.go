package stress

import (
	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/tests/peer/drive"
)

// validate reads all that was said in a round.
func (r *round) validate() {
	runs := map[string]*drive.Run{}
	for _, c := range r.ended {
		c.read(r.T)
		if c.Kind == drive.Produce {
			for _, run := range r.validateProducer(c) {
				runs[run.Token] = run
				r.total.published += run.Frames
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
				found(f)
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
