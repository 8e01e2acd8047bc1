// Package containers sends frames between containers as they are run in production: made
// by an OCI runtime (crun, and runc where it is installed) or by bubblewrap from an image of
// Debian packages, as users of their own, without capabilities, with a read-only root, without a network,
// and with nothing in common but the folder of the pools. Both sides are gst-launch-1.0.
//
// The tests need root. All that they mount, and all processes that they start, are in
// mount and process namespaces of the tests' own, and vanish with these.
package containers

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/testmain"
)

// insideVariable is the environment variable that tells the test binary that it has its
// namespaces already.
const insideVariable = "BIPS_TEST_INSIDE"

// unusable is why nothing can be tried here; empty if it can.
var unusable string

func TestMain(m *testing.M) {
	if os.Getenv(insideVariable) == "" {
		status, err := runInside()
		if err == nil {
			os.Exit(status)
		}
		unusable = err.Error()
		testmain.Run(m)
	}
	unusable = prepareMounts()
	testmain.Run(m)
}

// runInside runs this test binary in namespaces of its own, and returns its exit status.
func runInside() (int, error) {
	if os.Geteuid() != 0 {
		return 0, fmt.Errorf("containers of several users, and their images, can be made by root only")
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	runtime.LockOSThread() // the child dies with the thread that started it
	again := exec.Command(self, os.Args[1:]...)
	again.Env = append(os.Environ(), insideVariable+"=1")
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if err := again.Start(); err != nil {
		return 0, fmt.Errorf("this machine gives root no mount and process namespaces: %w", err)
	}
	_ = again.Wait()
	if status := again.ProcessState.ExitCode(); status >= 0 {
		return status, nil
	}
	return 1, nil
}

// prepareMounts gives the tests' mount namespace what containers need, and returns why that
// cannot be, if it cannot.
func prepareMounts() string {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Sprintf("mounts cannot be made private: %v", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Sprintf("no /proc can be mounted: %v", err)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(groups, &fs); err == nil && fs.Type == unix.CGROUP2_SUPER_MAGIC {
		return ""
	}
	// Version 1, or both: the runtimes, and freezing, want version 2.
	if err := unix.Mount("cgroup2", groups, "cgroup2", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Sprintf("control groups of version 2 cannot be mounted: %v", err)
	}
	return ""
}

// groups is where control groups are.
const groups = "/sys/fs/cgroup"
