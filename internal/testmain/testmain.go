// Package testmain runs a package's tests and then looks for what they left
// behind: file descriptors, mappings of pools, goroutines, names of pools.
package testmain

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience is how long a goroutine that is about to end may take.
const patience = 5 * time.Second

// shmDirVariable is the environment variable that package bips reads.
const shmDirVariable = "BIPS_SHM_DIR"

// Run is for TestMain: it runs the tests (a *testing.M, or what wraps one) with a
// directory of their own for pools, fails them if anything is left behind, and exits.
func Run(m interface{ Run() int }) {
	dir, err := makeDir()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testmain:", err)
		os.Exit(1)
	}
	os.Setenv(shmDirVariable, dir)
	descriptorsBefore := descriptors(os.Getpid())
	code := m.Run()
	if code == 0 && !fuzzing() {
		leaks := goroutines() // first: some are there to let go of the others
		leaks = append(leaks, Names(dir)...)
		leaks = append(leaks, mappings(os.Getpid())...)
		leaks = append(leaks, newDescriptors(descriptorsBefore)...)
		for _, leak := range leaks {
			fmt.Fprintln(os.Stderr, "FAIL: left behind:", leak)
			code = 1
		}
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// Dir gives one test its own directory for pools, which BIPS_SHM_DIR names. When
// the test ends nothing may be in it.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := makeDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(shmDirVariable, dir)
	t.Cleanup(func() {
		for _, leak := range Names(dir) {
			t.Errorf("left behind: %s", leak)
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

// makeDir prefers /dev/shm, where pools lie in production: another file system
// may do without fallocate.
func makeDir() (string, error) {
	dir, err := os.MkdirTemp("/dev/shm", "bipstest-")
	if err != nil {
		dir, err = os.MkdirTemp("", "bipstest-")
	}
	return dir, err
}

func fuzzing() bool {
	for _, name := range []string{"test.fuzz", "test.fuzzworker"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" && f.Value.String() != "false" {
			return true
		}
	}
	return false
}

// Names returns what lies in a directory for pools, of which nothing must outlive the producers.
func Names(dir string) (leaks []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return []string{err.Error()}
	}
	for _, entry := range entries {
		leaks = append(leaks, "name "+filepath.Join(dir, entry.Name()))
	}
	return leaks
}

// mappings returns a process's mappings of pool segments, also of unlinked ones.
func mappings(pid int) (leaks []string) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return []string{err.Error()}
	}
	program, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) // it may be called bips.test
	own, _ := os.Executable()                                   // the same of a child, unless its program is qemu
	for _, line := range strings.Split(string(maps), "\n") {
		if isPools(line) && !strings.HasSuffix(line, program) && !strings.HasSuffix(line, own) {
			leaks = append(leaks, "mapping "+line)
		}
	}
	return leaks
}

// isPools reports whether a line or a path names a file of a pool's, or its memory without a name.
func isPools(text string) bool {
	return strings.Contains(text, "/bips.") || strings.Contains(text, "/memfd:bips")
}

// descriptors returns what each open descriptor of a process leads to. The runtime's own, which
// come with the first use of the poller, do not count.
func descriptors(pid int) map[string]string {
	found := map[string]string{}
	folder := fmt.Sprintf("/proc/%d/fd/", pid)
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		target, err := os.Readlink(folder + entry.Name())
		if err != nil || target == "anon_inode:[eventpoll]" || target == "anon_inode:[eventfd]" {
			continue // err: the descriptor of the directory itself
		}
		found[entry.Name()] = target
	}
	return found
}

func newDescriptors(before map[string]string) (leaks []string) {
	for number, target := range descriptors(os.Getpid()) {
		if before[number] != target {
			leaks = append(leaks, "descriptor "+number+" of "+target)
		}
	}
	return leaks
}

// goroutines returns the stacks of those that have not ended in time, other than
// the caller's.
func goroutines() (leaks []string) {
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		leaks = nil
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for i, stack := range strings.Split(string(stacks), "\n\n") {
			if i > 0 && !strings.Contains(stack, "os/signal.loop") {
				leaks = append(leaks, stack)
			}
		}
		if len(leaks) == 0 || time.Now().After(end) {
			return leaks
		}
	}
}
