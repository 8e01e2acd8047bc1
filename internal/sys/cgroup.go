package sys

import (
	"os"
	"path"
	"strconv"
	"strings"
)

// MemoryRoom returns how many bytes of memory that cannot be written back, as shared
// memory is, the process's control groups have left, and false where nothing limits it or the
// limit is not certain: with swap, or where it cannot be read. Who goes beyond is killed
// by the kernel without a word.
func MemoryRoom() (room uint64, limited bool) {
	return memoryRoom("/proc", "/sys/fs/cgroup")
}

func memoryRoom(proc, cgroup string) (room uint64, limited bool) {
	if swap, ok := statistic(path.Join(proc, "meminfo"), "SwapTotal:"); !ok || swap > 0 {
		return 0, false
	}
	text, err := os.ReadFile(path.Join(proc, "self/cgroup"))
	if err != nil {
		return 0, false
	}
	for _, line := range strings.Split(string(text), "\n") {
		hierarchy, rest, _ := strings.Cut(line, ":")
		controllers, group, ok := strings.Cut(rest, ":")
		switch {
		case !ok:
		case hierarchy == "0":
			room, limited = leastRoom(room, limited, unifiedGroup, cgroup, group)
		case controllers == "memory":
			room, limited = leastRoom(room, limited, memoryGroup, path.Join(cgroup, "memory"), group)
		}
	}
	return room, limited
}

// groupFiles names what a control group says of its memory.
type groupFiles struct {
	limit, usage string
	reclaimable  []string // lines of memory.stat
}

var (
	unifiedGroup = groupFiles{"memory.max", "memory.current", []string{"inactive_file", "active_file", "slab_reclaimable"}}
	memoryGroup  = groupFiles{"memory.limit_in_bytes", "memory.usage_in_bytes", []string{"total_inactive_file", "total_active_file"}}
)

// leastRoom looks at a group and those above it, up to the mount, which in a container
// may be all that is there.
func leastRoom(room uint64, limited bool, files groupFiles, mount, group string) (uint64, bool) {
	for at := path.Clean("/" + group); ; at = path.Dir(at) {
		if left, ok := files.room(path.Join(mount, at)); ok && (!limited || left < room) {
			room, limited = left, true
		}
		if at == "/" {
			return room, limited
		}
	}
}

func (f groupFiles) room(folder string) (uint64, bool) {
	limit, ok := number(path.Join(folder, f.limit))
	if !ok {
		return 0, false // "max", or no such group
	}
	usage, ok := number(path.Join(folder, f.usage))
	if !ok {
		return 0, false
	}
	for _, name := range f.reclaimable {
		bytes, _ := statistic(path.Join(folder, "memory.stat"), name)
		usage -= min(bytes, usage)
	}
	return limit - min(usage, limit), true
}

func number(file string) (uint64, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}

// statistic reads the number after a name that begins a line.
func statistic(file, name string) (uint64, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	for _, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == name {
			n, err := strconv.ParseUint(fields[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
