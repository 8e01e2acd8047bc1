package environment

import (
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

// As a container is frozen, or a job stopped: for longer than any of the protocol's
// limits, and than the time after which the producer demotes who is behind.
func TestAllProcessesStoppedForAWhileGoOnAsIfNothingHadBeen(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		testmain.Dir(t)
		const blockTimeout, stopped, times = 400 * time.Millisecond, 700 * time.Millisecond, 4
		c := gather(t, 4096, blockTimeout, 5*time.Millisecond) // the producer waits for the reader all the time
		c.producer.tell()
		if line := c.producer.line(); line != "ready" {
			t.Fatal(line)
		}
		send := func(signal syscall.Signal, to ...*child) {
			for _, child := range to {
				if err := child.command.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range times {
			time.Sleep(150 * time.Millisecond)
			send(syscall.SIGSTOP, c.every, c.latest, c.producer)
			time.Sleep(stopped)
			send(syscall.SIGCONT, c.producer) // first, so that it could judge the others
			time.Sleep(20 * time.Millisecond)
			send(syscall.SIGCONT, c.latest, c.every)
		}
		if r := c.disperse(t); r.Frames < 100 {
			t.Errorf("only %d frames", r.Frames)
		}
	})
}
