package crash

import (
	"fmt"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// A producer counts a reader as soon as the seat shows that it reads, and publishes at once, while that
// reader is slow to go on: it gets the first frame all the same.
func TestAReaderThatWasWaitedForGetsTheFirstFrame(t *testing.T) {
	if !crashpoint.Enabled {
		t.Skip("this binary has no crash points: build it with -tags bipscrash, as tools/test fire does")
	}
	t.Parallel()
	for _, slow := range []string{"J3", "J4", "J5"} {
		pool := "waited-" + slow
		p := startWriter(t, pool, []string{"--idle", "--slots=8"}, crashAt{})
		t.Cleanup(p.Kill)
		p.awaitOpen(t)
		frames := make(chan uint64, 3)
		c := drive.Start(t, drive.Consume, pool, drive.Setup{
			Args: []string{"--mode=every", "--payload=any", "--frames=3"}, Env: crashAt{slow: slow}.env(),
			Heard: func(l *line.Line) {
				if l.Event == line.Frame {
					frames <- l.Sequence
				}
			},
		})
		t.Cleanup(c.Kill)
		// Without a time-out: the reader rings only when all is done.
		for end := time.Now().Add(patience); p.Ask(line.Order{Do: line.DoAwait, Consumers: 1}).Error != ""; {
			if time.Now().After(end) {
				t.Fatal("it does not come")
			}
		}
		for range 3 {
			if answer := p.Ask(line.Order{Do: line.DoFrame, Size: 64, Timeout: forAnswer.Microseconds()}); answer.Error != "" {
				t.Fatal(answer.Text)
			}
		}
		var got []uint64
		for range 3 {
			select {
			case sequence := <-frames:
				got = append(got, sequence)
			case <-c.Exited():
				t.Fatalf("slow after %s: %s", slow, c.Complaints())
			case <-time.After(patience):
				t.Fatalf("slow after %s: it got only the frames %d", slow, got)
			}
		}
		if fmt.Sprint(got) != "[1 2 3]" {
			t.Errorf("slow after %s: it got the frames %d", slow, got)
		}
		c.Leave()
		p.Leave()
	}
}
