package drive

import (
	"fmt"

	"github.com/bips-ipc/bips/tests/peer/line"
)

// A Finding is a property that does not hold: P1 to P11 of tests/stress.
type Finding struct{ Property, Text string }

func (f Finding) String() string { return f.Property + ": " + f.Text }

// A Span is what a consumer had of one producer's run.
type Span struct {
	Instance string
	Token    string // "": the frames are not a peer's
	Last     uint64 // sequence of the last frame
	Ended    bool   // the end of the stream was told after it
	Ends     uint64 // how many were told, in all
	Waited   bool   // the producer waited for it at the last line
	Over     bool   // there is no more of it: it was lost, or another instance began
}

// A Judge looks at all that a consumer says, line by line, and finds what must not be.
type Judge struct {
	Every     bool // its mode
	Demotable bool // the producer has a time-out
	Found     func(Finding)
	// SpanOver, if not nil, is called when a consumer has read one producer's run to its end.
	SpanOver func(Span)

	Frames, Lost, Full uint64 // so far
	Span               Span   // of the last frame; zero: there was none since it joined
	Last               *line.Line

	tokens     map[string]string // of the instances
	known      bool              // the next frame follows the last one
	ordered    bool              // it comes after it, at least
	dropped    uint64            // before the last frame
	gone       int               // of so many frames to come some may be missing: the producer had not waited
	alone      bool              // the producer did not wait at the last line
	fresh      bool              // it has just joined, and the producer waits for it from then on
	slots      int               // of the pool
	received   uint64            // since it joined
	skipped    uint64
	lost       uint64
	mayPrecede int // of so many frames to come a drop may be from before it joined, and is not lost for it
	// What was passed by before an end, since the last frame.
	skippedBefore, lostBefore uint64
}

// See judges the next line.
func (j *Judge) See(l *line.Line) {
	switch l.Event {
	case line.Frame:
		j.frame(l)
	case line.Instance:
		j.instance(l)
	case line.End:
		if l.Instance != j.Span.Instance { // it came into a pool whose first frame is still to come
			j.alone = j.alone || l.Unwaited || l.Demoted > 0
			break
		}
		j.waited(l)
		if j.Span.Ended && j.known {
			j.found("P5", "the end of the stream after frame %d was told twice", j.Span.Last)
		}
		j.Span.Ended = true
		j.Span.Ends++
		j.skippedBefore += l.Skipped
		j.lostBefore += l.Lost
		j.skipped += l.Skipped
		j.lost += l.Lost
		j.Lost += l.Lost
	case line.Lost:
		j.over()
		j.known = false
		j.skipped += l.Skipped
		j.lost += l.Lost
		j.Lost += l.Lost
		j.skippedBefore, j.lostBefore = 0, 0
	case line.Suspended:
		j.known = false
	case line.Unblocked:
		j.alone, j.fresh = true, false
	case line.Full:
		j.Full++
	case line.Opened:
		*j = Judge{
			Every: j.Every, Demotable: j.Demotable, Found: j.Found, SpanOver: j.SpanOver,
			Frames: j.Frames, Lost: j.Lost, Full: j.Full, tokens: j.tokens, alone: true, fresh: true,
		}
	case line.Closed:
		j.closed(l)
	case line.Wrong:
		j.found(property(l), "%s", l.Text)
	}
	j.Last = l
}

func (j *Judge) found(property, format string, args ...any) {
	j.Found(Finding{property, fmt.Sprintf(format, args...)})
}

// instance is where another producer's frames begin.
func (j *Judge) instance(l *line.Line) {
	if j.tokens == nil {
		j.tokens = map[string]string{}
	}
	if token, ok := j.tokens[l.Instance]; ok && token != l.Token {
		j.found("P1", "frames of two producers, %s and %s, in the instance %s", token, l.Token, l.Instance)
	}
	j.tokens[l.Instance] = l.Token
	j.over()
	j.Span = Span{Instance: l.Instance, Token: l.Token}
	j.known, j.ordered, j.slots = false, false, l.Slots
}

// over is P5: a new instance is read, and the old one told as lost, only when the old one was
// read to its end.
func (j *Judge) over() {
	j.Span.Waited = j.Every && j.gone == 0 && !j.alone
	if j.known && !j.Span.Over && j.SpanOver != nil {
		j.SpanOver(j.Span)
	}
	j.Span.Over = true
}

// waited reports whether no frame may be missing before this line: the producer has waited for
// longer than what the pool has room for. (Whoever has the producer wait for it again in a pool that has moved already reads that to
// its end, and then what the next one has.)
func (j *Judge) waited(l *line.Line) bool {
	if l.Demoted > 0 && !j.Demotable {
		j.found("P4", "demoted without a time-out")
	}
	if j.alone || l.Unwaited || l.Demoted > 0 {
		j.gone = j.slots + 2
		if j.fresh && !l.Unwaited && l.Demoted == 0 {
			j.gone = j.slots
		}
		j.fresh = false
	} else if j.gone > 0 && l.Event == line.Frame {
		j.gone--
	}
	j.alone = l.Unwaited
	return j.Every && j.gone == 0
}

func (j *Judge) frame(l *line.Line) {
	waited := j.waited(l)
	last := j.Span.Last
	between := l.Sequence - last - 1
	dropped := l.Dropped - j.dropped
	skipped, lost := l.Skipped+j.skippedBefore, l.Lost+j.lostBefore
	j.skippedBefore, j.lostBefore = 0, 0
	if j.known && j.mayPrecede > 0 {
		others := uint64(0) // lost, but not dropped
		if j.Every {
			others = min(between, lost)
		}
		dropped = j.droppedSinceJoined(dropped, lost-others)
	}
	switch {
	case j.ordered && l.Sequence <= last:
		j.found("P3", "frame %d after %d", l.Sequence, last)
	case !j.known && !l.Discont:
		j.found("P6", "frame %d is the first one and no discontinuity", l.Sequence)
	case !j.known:
	case !j.Every && (skipped != between || lost != dropped):
		j.found("P6", "frame %d after %d: %d skipped, %d lost, %d were dropped", l.Sequence, last, skipped, lost, dropped)
	case j.Every && lost != between+dropped:
		j.found("P6", "frame %d after %d: %d lost, %d were dropped", l.Sequence, last, lost, dropped)
	case waited && between != 0:
		j.found("P4", "frame %d after %d", l.Sequence, last)
	}
	j.Span.Last, j.Span.Ended, j.Span.Over, j.dropped = l.Sequence, false, false, l.Dropped
	if !j.known {
		j.mayPrecede = j.slots
	}
	j.known, j.ordered = true, true
	j.Frames++
	j.Lost += l.Lost
	j.received++
	j.skipped += l.Skipped
	j.lost += l.Lost
}

// droppedSinceJoined is how many of the frames that were dropped before one were lost for the reader. The first
// frame that a reader gets may be older than its joining, and drops before that are not lost for it.
func (j *Judge) droppedSinceJoined(dropped, lost uint64) uint64 {
	j.mayPrecede--
	if dropped > 0 && lost > 0 {
		j.mayPrecede = 0
	}
	return min(dropped, lost)
}

// closed is P7: what the statistics say is what happened.
func (j *Judge) closed(l *line.Line) {
	if l.Received != j.received || l.Skipped < j.skipped || l.Lost < j.lost || l.Held != 0 {
		j.found("P7", "statistics of %d received, %d skipped, %d lost, %d held after %d received, %d skipped, %d lost",
			l.Received, l.Skipped, l.Lost, l.Held, j.received, j.skipped, j.lost)
	}
}
