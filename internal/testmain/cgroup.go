package testmain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A MemoryGroup is a control group with a limit on its memory.
type MemoryGroup string

// NewMemoryGroup makes one below the test's own, with a limit in bytes. It skips the test where that is not possible.
func NewMemoryGroup(t *testing.T, limit uint64) MemoryGroup {
	t.Helper()
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Skip(err)
	}
	if swap, err := os.ReadFile("/proc/swaps"); err == nil && strings.Count(string(swap), "\n") > 1 {
		t.Skip("there is swap, so that a limit is not certain")
	}
	for _, line := range strings.Split(string(text), "\n") {
		parts := strings.SplitN(line, ":", 3)
		if len(parts) < 3 {
			continue
		}
		parent, file := "/sys/fs/cgroup"+parts[2], "memory.max"
		if parts[1] == "memory" {
			parent, file = "/sys/fs/cgroup/memory"+parts[2], "memory.limit_in_bytes"
		}
		group, err := os.MkdirTemp(parent, "bipstest-")
		if err != nil {
			continue
		}
		t.Cleanup(func() {
			if err := os.Remove(group); err != nil {
				t.Error(err)
			}
		})
		if put(filepath.Join(group, file), limit) == nil {
			return MemoryGroup(group)
		}
	}
	t.Skip("no control group of its own can be made")
	return ""
}

// Put puts a process into the group. It skips the test where that is not allowed.
func (g MemoryGroup) Put(t *testing.T, pid int) {
	t.Helper()
	if err := put(g.Processes(), uint64(pid)); err != nil {
		t.Skipf("cannot be tried here: %v", err)
	}
}

// Processes is the file that takes the numbers of processes that go into the group.
func (g MemoryGroup) Processes() string { return filepath.Join(string(g), "cgroup.procs") }

// put writes a number to a file that is there.
func put(path string, number uint64) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(file, number)
	return errors.Join(err, file.Close())
}
