package environment

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/testmain"
)

// storm sends each thread of a process a signal every millisecond, until it is stopped. Go
// installs its handlers with SA_RESTART, but sleeps that have a limit end with EINTR all the same.
func storm(t *testing.T, pid int) (stop func()) {
	t.Helper()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-end:
				tick.Stop()
				return
			case <-tick.C:
			}
			threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
			for _, thread := range threads {
				if id, err := strconv.Atoi(thread.Name()); err == nil {
					_ = unix.Tgkill(pid, id, unix.SIGUSR1)
				}
			}
		}
	}()
	return func() { close(end); <-ended }
}

func TestASignalEveryMillisecondDisturbsNobody(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		testmain.Dir(t)
		// Slots so large that making the pool takes longer than it is undisturbed.
		c := gather(t, 8<<20, -1, 0)
		for _, child := range c.all() {
			defer storm(t, child.command.Process.Pid)()
		}
		c.producer.tell()
		if line := c.producer.line(); line != "ready" {
			t.Fatal(line)
		}
		time.Sleep(3 * time.Second)
		if r := c.disperse(t); r.Signals < 100 {
			t.Errorf("the producer had only %d signals", r.Signals)
		}
	})
}
