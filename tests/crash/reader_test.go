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
	keys      bool          // asks for key frames
	demotable bool
	refused   bool // there is no room for it
}

func (p readerPlan) args() []string {
	args := []string{
		"--mode=" + p.mode, fmt.Sprintf("--max-held=%d", p.maxHeld), "--hold=100", fmt.Sprintf("--pause=%d", p.pause.Microseconds()),
	}
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

// writerPlan is what a producer process is told.
type writerPlan struct {
	drops        bool
	blockTimeout time.Duration // 0: none
	slowly       bool          // lets all others fall asleep before each frame
	moves        bool          // to larger slots, again and again
	brief        bool          // ends its pool after some frames, and makes the next one
}

func (p writerPlan) args() []string {
	args := []string{
		fmt.Sprintf("--slots=%d", stageSlots), fmt.Sprintf("--slot-size=%d", frameSize), fmt.Sprintf("--size=%d", frameSize),
		fmt.Sprintf("--seats=%d", stageSeats), "--wait=2", "--nap=100", "--ends=60", "--lend=4", "--keep=200", "--quiet",
	}
	if p.drops {
		args = append(args, "--overflow=drop")
	}
	if p.blockTimeout > 0 {
		args = append(args, fmt.Sprintf("--block-timeout=%d", p.blockTimeout.Microseconds()))
	}
	if p.slowly {
		args = append(args, "--pause=2000")
	}
	if p.brief {
		args = append(args, "--brief=40")
	}
	if p.moves {
		args = append(args, "--moves=15")
	}
	return args
}

// startWriter starts a producer process, and returns a channel that is closed when it has its pool.
func startWriter(t *testing.T, pool string, args []string, at crashAt) (_ *drive.Peer, opened <-chan struct{}) {
	t.Helper()
	done := make(chan struct{})
	open := sync.OnceFunc(func() { close(done) })
	w := drive.Start(t, drive.Produce, pool, drive.Setup{Args: args, Env: at.env(), Heard: func(l *line.Line) {
		switch l.Event {
		case line.Opened:
			open()
		case line.Wrong:
			t.Errorf("a producer: %s: %s", l.What, l.Text)
		}
	}})
	return w, done
}

// awaitOpen waits until a producer that lives has its pool.
func awaitOpen(t *testing.T, w *drive.Peer, opened <-chan struct{}) {
	t.Helper()
	select {
	case <-opened:
	case <-w.Exited():
		t.Fatalf("%s has no pool: %s", w, w.Complaints())
	case <-time.After(patience):
		w.Stuck("does not get its pool")
		t.FailNow()
	}
}
