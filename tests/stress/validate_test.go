package stress

import "github.com/bips-ipc/bips/bips"

// validate reads all histories of a round.
func (r *round) validate() {
	producers := map[uint64]*record{}
	read := map[*child]*record{}
	for _, c := range r.ended {
		h, err := readHistory(c.history)
		if err != nil {
			r.Error(err)
			continue
		}
		read[c] = h
		if h.notes != "" {
			r.Errorf("%s of %s noted:\n%s", c.role, c.history, h.notes)
		}
		if !c.killed && h.word(wordFinished) == 0 {
			r.Errorf("P8: the %s of %s did not end well: %s", c.role, c.history, c.output.Bytes())
		}
		if c.role == "producer" {
			producers[h.word(wordToken)] = h
			r.total.published += h.word(wordPublished)
			r.total.demoted += h.word(wordDemoted)
			r.total.reclaimed += h.word(wordReclaimed)
		} else {
			r.total.refused += h.word(wordRefused)
		}
	}
	for c, h := range read {
		if c.role == "consumer" {
			v := validator{round: r, child: c, producers: producers}
			for _, e := range h.events {
				v.see(e)
			}
		}
	}
}

// validator walks through one consumer's history.
type validator struct {
	*round
	child     *child
	producers map[uint64]*record
	token     uint64 // producer of what was seen last
	last      uint64 // sequence seen last
	known     bool   // the next frame follows last
	ordered   bool   // it comes after last, at least
	ended     bool   // an end of stream came since
	unwaited  bool   // the producer did not wait for it all the time since
}

func (v *validator) every() bool { return v.child.mode == "every" && !v.unwaited }

func (v *validator) see(e event) {
	switch e.kind {
	case eventFrame:
		v.total.delivered++
		v.frame(e.value, e.more>>32, e.more&0xffffffff)
	case eventInstance:
		v.checkEnd() // a new instance is read only when the old one was read to its end
		v.token, v.known, v.ordered, v.ended = e.more, false, false, false
		if v.producers[e.more] == nil {
			v.Errorf("P1: %s got frames of a producer that never was", v.child.history)
		}
	case eventBreak:
		v.known = false
		v.ordered = v.ordered && e.value == 1
	case eventEnd:
		v.ended = true
	case eventLost:
		v.checkEnd()
		v.known = false
	case eventUnwaited:
		v.unwaited = true
	case eventDemoted:
		if v.plan.producer.BlockTimeout == bips.Forever {
			v.Errorf("P4: %s was demoted without a time-out", v.child.history)
		}
	}
}

func (v *validator) frame(sequence, skipped, lost uint64) {
	between := sequence - v.last - 1
	switch {
	case v.ordered && sequence <= v.last:
		v.Errorf("P3: %s: frame %d after %d", v.child.history, sequence, v.last)
	case v.known && !v.ended && v.every() && between != 0:
		v.Errorf("P4: %s: frame %d after %d", v.child.history, sequence, v.last)
	case v.known && !v.ended && v.child.mode != "every" && skipped != between:
		v.Errorf("P6: %s: frame %d after %d, %d skipped", v.child.history, sequence, v.last, skipped)
	case v.known && !v.ended && v.child.mode == "every" && lost < between:
		v.Errorf("P6: %s: frame %d after %d, %d lost", v.child.history, sequence, v.last, lost)
	}
	v.total.lost += lost
	v.last, v.known, v.ordered, v.ended, v.unwaited = sequence, true, true, false, false
}

// checkEnd is P5: whoever reads on to the end of an instance gets its last entry, in
// mode Latest too. What a killed producer published and did not note is allowed.
func (v *validator) checkEnd() {
	producer := v.producers[v.token]
	if !v.known || producer == nil {
		return
	}
	published, closed := producer.word(wordPublished), producer.word(wordClosed) == 1
	last := v.last
	if v.ended {
		last++ // it is the last entry
	}
	switch {
	case v.ended && last <= published && !v.every():
		// How many entries it passed by to reach the end, its own checks know.
	case last < published, closed && last > published, last > published+1:
		v.Errorf("P5: %s: the instance ended at %d (closed: %v), the last entry read is %d", v.child.history, published, closed, last)
	}
}
