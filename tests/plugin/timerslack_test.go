package plugin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The Go runtime's threads sleep imprecisely, by plugin/timerslack.c. The threads that
// GStreamer and the application have must not: a camera's clock would stutter.
func TestOnlyTheGoRuntimeSleepsImprecisely(t *testing.T) {
	t.Parallel()
	precise := timerSlack(t, os.Getpid())
	p := launch(t, "videotestsrc is-live=true ! fakesink bipssrc pool=%s ! fakesink", t.Name())
	p.waitFor(1, "^Setting pipeline to PLAYING")
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", p.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	imprecise := 0
	for _, thread := range threads {
		var id int
		name, err := os.ReadFile(filepath.Join(thread, "comm"))
		if _, scanErr := fmt.Sscan(filepath.Base(thread), &id); err != nil || scanErr != nil {
			continue // it has ended
		}
		slack := timerSlack(t, id)
		goRuntime := strings.HasPrefix(string(name), "gst-launch") && id != p.command.Process.Pid
		switch {
		case goRuntime && slack != precise:
			imprecise++
		case !goRuntime && slack != precise:
			t.Errorf("thread %s sleeps with a slack of %s ns, others of %s", strings.TrimSpace(string(name)), slack, precise)
		}
	}
	if imprecise == 0 {
		t.Error("the Go runtime's monitor polls at full pace")
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
