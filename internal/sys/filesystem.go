package sys

import (
	"io/fs"
	"math"

	"golang.org/x/sys/unix"
)

// FreeSpace tells how many bytes the file system of dir has in all and how many
// of them are free. Some have no limit of their own (tmpfs with size=0, ramfs): 0 in all, and
// as much free as the system has memory to give.
func FreeSpace(dir string) (total, free uint64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	if st.Blocks == 0 {
		if available, ok := statistic("/proc/meminfo", "MemAvailable:"); ok {
			return 0, available << 10, nil
		}
		return 0, math.MaxUint64, nil
	}
	return st.Blocks * uint64(st.Bsize), st.Bavail * uint64(st.Bsize), nil
}

// InMemory reports whether the file lies in a file system that is nothing but memory, as that
// of /dev/shm, and not on a disk.
func (l *LockFile) InMemory() (bool, error) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(l.file.Fd()), &st); err != nil {
		return false, &fs.PathError{Op: "fstatfs", Path: l.file.Name(), Err: err}
	}
	switch uint32(st.Type) {
	case unix.TMPFS_MAGIC, unix.RAMFS_MAGIC, unix.HUGETLBFS_MAGIC:
		return true, nil
	}
	return false, nil
}
