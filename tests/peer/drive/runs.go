package drive

import (
	"fmt"

	"github.com/bips-ipc/bips/tests/peer/line"
)

// A Run is one pool of a producer, as it told it.
type Run struct {
	Token     string
	Published uint64 // sequence of the newest frame
	Frames    uint64 // how many
	Ends      uint64
	Ended     bool           // the newest is an end of the stream
	Moves     int            // that it told
	GaveWay   bool           // its names were deleted, and another producer took them
	Closed    *line.Line     // with the statistics; nil: it was killed
	firsts    map[uint64]int // how many moves to larger slots had this sequence as their first frame's
}

// Runs are all pools of a producer that tells of each frame.
type Runs struct {
	Demotes bool // it has a time-out
	Found   func(Finding)
	All     []*Run
}

// See looks at the next line.
func (r *Runs) See(l *line.Line) {
	if l.Event == line.Opened {
		r.All = append(r.All, &Run{Token: l.Token})
		return
	}
	if len(r.All) == 0 {
		r.found("P11", "%+v before a pool was opened", *l)
		return
	}
	run := r.All[len(r.All)-1]
	switch l.Event {
	case line.Published:
		if l.Sequence <= run.Published {
			r.found("P3", "frame %d was published after frame %d", l.Sequence, run.Published)
		}
		run.Published, run.Ended = l.Sequence, false
		run.Frames++
	case line.Ended:
		if !run.Ended { // an end without a frame since the last one is the same end
			run.Ended = true
			run.Ends++
		}
	case line.Moved:
		if run.firsts == nil {
			run.firsts = map[uint64]int{}
		}
		run.firsts[l.Sequence]++
		run.Moves++
	case line.Renamed:
		run.Moves++
	case line.GaveWay:
		if run.GaveWay {
			r.found("P11", "the run %s gave way twice", run.Token)
		}
		run.GaveWay = true
	case line.Closed:
		run.Closed = l
		r.closed(run)
	case line.Wrong:
		r.found(property(l), "%s", l.Text)
	}
}

// closed is P7: what the statistics say is what happened.
func (r *Runs) closed(run *Run) {
	stats := run.Closed
	if stats.Published != run.Frames || stats.Dropped != stats.Drops || stats.Lent != 0 {
		r.found("P7", "statistics of %d published, %d dropped, %d lent after %d frames, %d drops",
			stats.Published, stats.Dropped, stats.Lent, run.Frames, stats.Drops)
	}
	if !r.Demotes && stats.Demoted != 0 {
		r.found("P7", "demoted %d readers without a time-out", stats.Demoted)
	}
}

func (r *Runs) found(property, format string, args ...any) {
	r.Found(Finding{property, fmt.Sprintf(format, args...)})
}

// property is which one of P1 to P11 a peer found broken.
func property(wrong *line.Line) string {
	switch wrong.What {
	case line.WrongWhole:
		return "P1"
	case line.WrongHeld:
		return "P2"
	}
	return "P11"
}

// Check is P5: whoever reads on to the end of a run gets its last frame, in mode latest too, and
// is told of the end of the stream, if that is how it ended. What a killed producer did and did
// not tell is allowed.
func (r *Run) Check(s Span) (Finding, bool) {
	closed := r.Closed != nil
	switch {
	case s.Last > r.Published+1, closed && s.Last > r.Published:
	case s.Ended && closed && !r.Ended, closed && s.Ends > r.Ends:
	case s.Last < r.Published, r.Ended && !s.Ended && s.Last == r.Published:
	default:
		return Finding{}, true
	}
	return Finding{"P5", fmt.Sprintf("the run %s ended at frame %d (end of stream: %v, %d in all, closed: %v), what was read of it ended at %d (end of stream: %v, %d in all)",
		r.Token, r.Published, r.Ended, r.Ends, closed, s.Last, s.Ended, s.Ends)}, false
}

// StoppedAtAMove reports whether what was read of a run ends with the last frame before a move to larger slots, and whether
// the producer moved once more after that. So far comes who does not find the new pool: its name is another
// producer's by then, or was deleted; or its place was closed by the next move, since nobody waited for it.
func (r *Run) StoppedAtAMove(s Span) (stopped, again bool) {
	here := r.firsts[s.Last+1]
	again = here > 1
	for first := range r.firsts {
		again = again || first > s.Last+1
	}
	return here > 0, again
}
