package crash

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// crashAt makes a peer die at the hit of a point; the zero value means nowhere.
type crashAt struct {
	point string
	hit   int
	slow  string // another point, after which the peer is slow
}

func (at crashAt) env() []string {
	return []string{"BIPS_CRASH_POINT=" + at.point, "BIPS_CRASH_HIT=" + strconv.Itoa(at.hit), "BIPS_CRASH_SLOW=" + at.slow}
}

// readerPlan is what a consumer process is told.
type readerPlan struct {
	mode      string
	maxHeld   int
	restless  bool          // suspends and resumes, leaves and joins again
	rests     bool          // is suspended most of the time
	pause     time.Duration // at most, after each frame
	hold      time.Duration // at most, that a frame is held; 0: 100 us
	keys      bool          // asks for key frames
	lingers   bool          // leaves after a few frames, while it holds some, and joins again
	demotable bool
	refused   bool // there is no room for it
}

func (p readerPlan) args() []string {
	args := []string{
		"--mode=" + p.mode, fmt.Sprintf("--max-held=%d", p.maxHeld), fmt.Sprintf("--pause=%d", p.pause.Microseconds()),
	}
	hold := max(p.hold, 100*time.Microsecond)
	if p.lingers {
		args, hold = append(args, "--brief=3"), 20*time.Millisecond
	}
	args = append(args, fmt.Sprintf("--hold=%d", hold.Microseconds()))
	if p.restless {
		args = append(args, "--restless=30")
	}
	if p.rests {
		args = append(args, "--rests=5")
	}
	if p.keys {
		args = append(args, "--key-frames=20")
	}
	return args
}

// report is what a reader had so far.
type report struct {
	frames   uint64
	instance string       // attached to now; "": none
	spans    []drive.Span // since it joined, the newest last
}

// reader is a consumer process, of which each line is judged as it comes.
type reader struct {
	*drive.Peer
	mu    sync.Mutex
	judge drive.Judge  // protected by mu
	spans []drive.Span // before the last one; protected by mu
}

func startReader(t *testing.T, pool string, plan readerPlan, at crashAt) *reader {
	t.Helper()
	r := &reader{}
	r.judge = drive.Judge{Every: plan.mode == every, Demotable: plan.demotable, Found: func(f drive.Finding) { t.Errorf("a reader of mode %s: %v", plan.mode, f) }}
	r.Peer = drive.Start(t, drive.Consume, pool, drive.Setup{Args: plan.args(), Env: at.env(), Heard: func(l *line.Line) {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch l.Event {
		case line.Opened:
			r.spans = nil
		case line.Instance:
			r.spans = append(r.spans[max(0, len(r.spans)-20):], r.judge.Span)
		case line.Full:
			if !plan.refused {
				t.Errorf("a reader of mode %s was refused: %s", plan.mode, l.Text)
			}
		}
		r.judge.See(l)
	}})
	return r
}

// report asks which pool the reader is attached to: all that it told before has been heard then.
func (r *reader) report() report {
	answer := r.Ask(line.Order{Do: line.DoPool})
	r.mu.Lock()
	defer r.mu.Unlock()
	return report{frames: r.judge.Frames, instance: answer.Instance, spans: append(slices.Clone(r.spans), r.judge.Span)}
}
