package sys

import (
	"os"
	"path/filepath"
	"testing"
)

// tree writes files below a folder of the test's own.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestMemoryRoomIsTheLeastThatAnyControlGroupLeaves(t *testing.T) {
	const none, v1, v2 = "MemTotal: 1 kB\nSwapTotal: 0 kB\n", "4:memory:/a/b\n0::/\n", "0::/a/b\n"
	const unlimited = "9223372036854771712\n"
	for name, test := range map[string]struct {
		files   map[string]string
		room    uint64
		limited bool
	}{
		"no limit": {map[string]string{"self/cgroup": v2, "meminfo": none, "a/b/memory.max": "max\n", "a/b/memory.current": "5\n"}, 0, false},
		"one of its own, less what is used and cannot be written back": {map[string]string{"self/cgroup": v2, "meminfo": none,
			"a/b/memory.max": "100\n", "a/b/memory.current": "50\n", "a/b/memory.stat": "anon 30\ninactive_file 15\nactive_file 5\n"}, 70, true},
		"one above it": {map[string]string{"self/cgroup": v2, "meminfo": none,
			"a/b/memory.max": "100\n", "a/b/memory.current": "0\n", "a/memory.max": "60\n", "a/memory.current": "20\n"}, 40, true},
		"used up":         {map[string]string{"self/cgroup": v2, "meminfo": none, "a/b/memory.max": "100\n", "a/b/memory.current": "130\n"}, 0, true},
		"in a container":  {map[string]string{"self/cgroup": v2, "meminfo": none, "memory.max": "100\n", "memory.current": "10\n"}, 90, true},
		"the older kind":  {map[string]string{"self/cgroup": v1, "meminfo": none, "memory/a/b/memory.limit_in_bytes": "100\n", "memory/a/b/memory.usage_in_bytes": "30\n", "memory/a/b/memory.stat": "total_active_file 10\n", "memory/memory.limit_in_bytes": unlimited, "memory/memory.usage_in_bytes": "99\n"}, 80, true},
		"swap":            {map[string]string{"self/cgroup": v2, "meminfo": "SwapTotal: 8 kB\n", "a/b/memory.max": "100\n", "a/b/memory.current": "50\n"}, 0, false},
		"nothing to read": {nil, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, test.files)
			if room, limited := memoryRoom(dir, dir); room != test.room || limited != test.limited {
				t.Errorf("got %d, %v, want %d, %v", room, limited, test.room, test.limited)
			}
		})
	}
}
