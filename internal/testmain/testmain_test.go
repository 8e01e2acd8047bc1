package testmain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { Run(m) }

func TestWhatIsLeftBehindIsFound(t *testing.T) {
	t.Run("a name", func(t *testing.T) {
		dir := Dir(t)
		name := filepath.Join(dir, "bips.a.lock")
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(name)
		if leaks := Names(dir); len(leaks) != 1 || !strings.HasSuffix(leaks[0], "/bips.a.lock") {
			t.Errorf("got %q, want the lock file", leaks)
		}
	})
	t.Run("a descriptor", func(t *testing.T) {
		before := descriptors(os.Getpid())
		file, err := os.Open("/dev/null")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if leaks := newDescriptors(before); len(leaks) != 1 || !strings.Contains(leaks[0], "/dev/null") {
			t.Errorf("got %q, want /dev/null", leaks)
		}
	})
	t.Run("memory without a name", func(t *testing.T) {
		fd, err := unix.MemfdCreate("bips.a", unix.MFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if err := unix.Ftruncate(fd, 4096); err != nil {
			t.Fatal(err)
		}
		memory, err := unix.Mmap(fd, 0, 4096, unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Munmap(memory)
		if held := Held(); len(held) != 2 || !strings.Contains(held[0], "mapping") || !strings.Contains(held[1], "descriptor") {
			t.Errorf("got %q, want a mapping and a descriptor", held)
		}
	})
}
