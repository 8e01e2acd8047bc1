package crash

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// writerPlan is what a producer process is told.
type writerPlan struct {
	drops        bool
	blockTimeout time.Duration // 0: none
	slowly       bool          // lets all others fall asleep before each frame
	moves        bool          // to larger slots, again and again
	brief        bool          // ends its pool after some frames, and makes the next one
	starved      bool          // it gets no more descriptors, and says so
	memfd        bool          // its pool is handed to readers over connections
	cramped      bool          // its pool has no room until readers let go of a dead one's, which takes as long as they are slow
}

func (p writerPlan) args() []string {
	args := []string{
		fmt.Sprintf("--slots=%d", stageSlots), fmt.Sprintf("--slot-size=%d", frameSize), fmt.Sprintf("--size=%d", frameSize),
		fmt.Sprintf("--seats=%d", stageSeats), "--wait=2", "--nap=100", "--ends=60", "--lend=4", "--keep=200",
	}
	if p.memfd { // what it published is known by what it says
		args = append(args, "--backend=memfd")
	} else {
		args = append(args, "--quiet")
	}
	if p.drops {
		args = append(args, "--overflow=drop")
	}
	if p.blockTimeout > 0 {
		args = append(args, fmt.Sprintf("--block-timeout=%d", p.blockTimeout.Microseconds()))
	}
	if p.cramped {
		args = append(args, fmt.Sprintf("--busy=%d", forAnswer.Microseconds()))
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

// writer is a producer process.
type writer struct {
	*drive.Peer
	plan   writerPlan    // zero for one that was started by arguments
	opened chan struct{} // closed when it has its pool

	mu   sync.Mutex
	told told // protected by mu
}

// told is what a producer said of its last pool.
type told struct {
	token     string // "": it said of no pool yet
	published uint64 // sequence of the last frame that it said it published
}

// startPlanned starts a producer process that does what is planned.
func startPlanned(t *testing.T, pool string, plan writerPlan, at crashAt) *writer {
	t.Helper()
	w := &writer{plan: plan}
	w.start(t, pool, plan.args(), at)
	return w
}

// startWriter starts a producer process with arguments.
func startWriter(t *testing.T, pool string, args []string, at crashAt) *writer {
	t.Helper()
	w := &writer{}
	w.start(t, pool, args, at)
	return w
}

func (w *writer) start(t *testing.T, pool string, args []string, at crashAt) {
	t.Helper()
	w.opened = make(chan struct{})
	open := sync.OnceFunc(func() { close(w.opened) })
	w.Peer = drive.Start(t, drive.Produce, pool, drive.Setup{Args: args, Env: at.env(), Heard: func(l *line.Line) {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch l.Event {
		case line.Opened:
			w.told = told{token: l.Token}
			open()
		case line.Published:
			w.told.published = l.Sequence
		case line.Wrong:
			if !w.plan.starved {
				t.Errorf("a producer: %s: %s", l.What, l.Text)
			}
		}
	}})
}

// lastWord is what the producer said of its last pool. When it has exited, that is all that it said.
func (w *writer) lastWord() told {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.told
}

// awaitOpen waits until a producer that lives has its pool.
func (w *writer) awaitOpen(t *testing.T) {
	t.Helper()
	select {
	case <-w.opened:
	case <-w.Exited():
		t.Fatalf("%s has no pool: %s", w, w.Complaints())
	case <-time.After(patience):
		w.Stuck("does not get its pool")
		t.FailNow()
	}
}

// starve lets the producer, which has its pool, get no more descriptors.
func (w *writer) starve(t *testing.T) {
	t.Helper()
	w.awaitOpen(t)
	if err := unix.Prlimit(w.PID(), unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: 3}, nil); err != nil {
		t.Fatal(err)
	}
}
