package crash

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// A place that nobody waits for is taken back a second after a move. Its reader may be coming just then, over its connection: it has seen
// its grant, and does not show yet that it is there. No lock keeps the two apart. The reader must notice that its place is gone: nobody
// looks at what it pins there, and the frames that it holds would change.
func TestAReaderThatIsTooLateForItsPlaceDoesNotReadThere(t *testing.T) {
	if !crashpoint.Enabled {
		t.Skip("this binary has no crash points: build it with -tags bipscrash, as tools/test fire does")
	}
	t.Parallel()
	const pool = "late"
	p := startWriter(t, pool, []string{fmt.Sprintf("--slots=%d", stageSlots), "--slot-size=4096", "--size=2048", "--backend=memfd", "--quiet"}, crashAt{})
	t.Cleanup(p.Kill)
	p.awaitOpen(t)
	// J3 lies between the two looks at the grant.
	c := startReader(t, pool, readerPlan{mode: latest, maxHeld: 4, hold: 20 * time.Millisecond}, crashAt{slow: "J3"})
	t.Cleanup(c.Kill)
	late := 0
	for move := 1; move <= 30 && late < 3 && !t.Failed(); move++ {
		c.readsOn(t)
		if answer := p.Ask(line.Order{Do: line.DoGrow, Size: 4096 * (1 + move)}); answer.Error != "" {
			t.Fatal(answer.Text)
		}
		p.Ask(line.Order{Do: line.DoGo})
		if !p.sees(t, uint64(move), layout.SeatFree) { // it has looked at its grant
			continue // it was too fast
		}
		c.Signal(syscall.SIGSTOP)
		if p.letsGo(t) {
			late++
		}
		c.Signal(syscall.SIGCONT)
	}
	c.readsOn(t)
	t.Logf("it was too late %d times", late)
	c.Leave()
	p.Leave()
}

// readsOn waits until the reader has some more frames than it could have had before.
func (r *reader) readsOn(t *testing.T) {
	t.Helper()
	for end, before := time.Now().Add(patience), r.report().frames; r.report().frames < before+20; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the reader reads no more: %+v", r.report())
		}
	}
}

// sees waits until the producer's only reader has written its number into its seat in the pool of a move, and reports whether that seat
// has a state.
func (w *writer) sees(t *testing.T, move uint64, state uint32) bool {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		p, err := possessionsOf(w.PID())
		if err != nil {
			t.Fatal(err)
		}
		seats, _ := readSeats(w.PID(), p) // they may be unmapped just now
		for _, s := range seats {
			if s.move() == move && s.field("PID") != 0 {
				return s.field("State") == uint64(state)
			}
		}
	}
	t.Fatalf("the reader does not follow move %d", move)
	return false
}

// letsGo reports whether the producer closes the connection with its only reader, which is on its way to the next pool.
func (w *writer) letsGo(t *testing.T) bool {
	t.Helper()
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); time.Sleep(time.Millisecond) {
		p, err := possessionsOf(w.PID())
		if err != nil {
			t.Fatal(err)
		}
		if p.connections == 1 { // that at which it listens
			return true
		}
	}
	return false
}
