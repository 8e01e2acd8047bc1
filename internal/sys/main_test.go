package sys

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

func TestMain(m *testing.M) {
	testmain.Roles{
		"memory on an old kernel":   memoryOnAnOldKernel,
		"no seal on an old kernel":  noSealOnAnOldKernel,
		"reopen":                    reopen,
		"sleep at one word":         sleepAtOneWord,
		"without proc":              withoutProcRole,
		"connect through a mount":   connectThroughAMount,
		"connect":                   connectRole,
		"listen with a group":       listenWithAGroup,
		"answer":                    answer,
		"receive at the limit":      receiveAtTheLimit,
		"accept at the limit":       acceptAtTheLimit,
		"send too many descriptors": sendTooManyDescriptors,
	}.Run(m)
}

const patience = 10 * time.Second // a watchdog

// waitUntil waits for a condition.
func waitUntil(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: did not come", what)
		}
	}
}

// soon waits for what a goroutine does.
func soon[T any](t *testing.T, what string, result <-chan T) T {
	t.Helper()
	select {
	case r := <-result:
		return r
	case <-time.After(patience):
		t.Fatalf("%s: did not come", what)
		panic("unreachable")
	}
}

// exitSkipped is the status of a child that cannot do on this system what it is for.
const exitSkipped = 77

func skipRole(err error) error {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(exitSkipped)
	return nil
}

// play runs a role as a child process to its end.
func play(t *testing.T, child *exec.Cmd) {
	t.Helper()
	out, err := child.CombinedOutput()
	if child.ProcessState != nil && child.ProcessState.ExitCode() == exitSkipped {
		t.Skipf("not possible here: %s", out)
	}
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// withMounts gives a child mounts of its own.
func withMounts(t *testing.T, child *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	child.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	return child
}

// asAnotherUser runs a child as a user without rights.
func asAnotherUser(t *testing.T, child *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	copied := filepath.Join(openDir(t), "test") // where that user may read it
	binary, err := os.ReadFile(child.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	child.Path = copied
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 12345, Gid: 12345}, Pdeathsig: syscall.SIGKILL}
	return child
}

// openDir is a folder that all users may look into.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "bipstest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// openDescriptors counts the process's descriptors, those of the runtime's poller apart.
func openDescriptors(t *testing.T) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		switch target, err := os.Readlink("/proc/self/fd/" + entry.Name()); {
		case err != nil: // the folder's own
		case target == "anon_inode:[eventpoll]" || target == "anon_inode:[eventfd]":
		default:
			n++
		}
	}
	return n
}

// leavesNothing checks, when the test ends, that it has left no descriptor.
func leavesNothing(t *testing.T) {
	t.Helper()
	before := openDescriptors(t)
	t.Cleanup(func() {
		waitUntil(t, "the descriptors of before", func() bool { return openDescriptors(t) == before })
	})
}
