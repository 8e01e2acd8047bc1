package plugin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The Go runtime's monitor, its second thread, sleeps imprecisely, by plugin/monitor.c. Nobody else
// must: a camera's clock would stutter, and a collection of garbage stop all streams for long.
func TestOnlyTheMonitorOfTheGoRuntimeSleepsImprecisely(t *testing.T) {
	t.Parallel()
	precise := timerSlack(t, os.Getpid())
	p := launch(t, "videotestsrc is-live=true ! %s ! bipssink pool=%s bipssrc pool=%s ! fakesink async=false", small, poolName(t), poolName(t))
	p.waitFor(1, "^Setting pipeline to PLAYING")
	p.waitFor(1, "bipssrc0.*caps = ")
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", p.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var runtime, imprecise []int // threads; a thread has the name of the one that started it
	for _, thread := range threads {
		id, err := strconv.Atoi(filepath.Base(thread))
		if err != nil {
			t.Fatal(err)
		}
		name, err := os.ReadFile(filepath.Join(thread, "comm"))
		if err != nil {
			continue // it has ended
		}
		if strings.HasPrefix(string(name), "gst-launch") && id != p.command.Process.Pid {
			runtime = append(runtime, id)
		}
		if timerSlack(t, id) != precise {
			imprecise = append(imprecise, id)
		}
	}
	slices.Sort(runtime)
	if len(runtime) < 2 || !slices.Equal(imprecise, runtime[1:2]) {
		t.Errorf("threads %v sleep imprecisely, of the Go runtime's %v", imprecise, runtime)
	}
	p.interrupt()
}

func timerSlack(t *testing.T, thread int) string {
	t.Helper()
	slack, err := os.ReadFile(fmt.Sprintf("/proc/%d/timerslack_ns", thread))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, os.ErrPermission) {
		t.Skip("only root may look at other processes' timer slack")
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(slack))
}
