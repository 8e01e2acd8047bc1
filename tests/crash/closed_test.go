package crash

import (
	"fmt"
	"testing"

	"github.com/bips-ipc/bips/tests/peer/line"
)

// A producer that moves closes its pool when the slots have become large, and makes it again. It does so without an end of its stream
// now and then. A reader that has joined just before, and has read nothing, is told the truth: the producer is lost. It goes on to the next pool.
func TestTheNextReaderGoesOnWhenItsPoolIsClosedBeforeItsFirstFrame(t *testing.T) {
	t.Parallel()
	for _, mode := range bothModes {
		g := &stage{T: t, scene: scene{moves: true}, pool: "closed-" + mode}
		slots := fmt.Sprintf("--slots=%d", stageSlots)
		first := startWriter(t, g.pool, []string{"--idle", slots}, crashAt{})
		t.Cleanup(first.Kill)
		first.awaitOpen(t)
		reopened := make(chan *writer, 1)
		go func() {
			answer := first.Ask(line.Order{Do: line.DoAwait, Consumers: 1, Timeout: forAnswer.Microseconds()})
			if answer.Error != "" {
				t.Errorf("the next reader of mode %s does not come: %s", mode, answer.Text)
			}
			first.Leave()
			next := startWriter(t, g.pool, []string{"--quiet", slots}, crashAt{})
			t.Cleanup(next.Kill)
			reopened <- next
		}()
		g.newcomerOf(mode)
		next := <-reopened
		next.Leave()
	}
}
