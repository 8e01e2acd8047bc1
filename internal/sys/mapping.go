package sys

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Mapping is a shared mapping of the beginning of a file.
type Mapping struct {
	// Bytes is the file's memory. It may change at any time, and is gone after Unmap.
	Bytes []byte
}

// Access says what a mapping may be used for.
type Access int

const (
	ReadOnly  Access = unix.PROT_READ
	ReadWrite Access = unix.PROT_READ | unix.PROT_WRITE
)

// Map maps the first size bytes of a file, which must have that many. The page
// tables are filled at once where the kernel can (MADV_POPULATE_READ and _WRITE,
// Linux 5.14), so that the first frame is not slower than the others; core dumps
// leave the memory out.
func Map(file *os.File, size int64, access Access) (*Mapping, error) {
	m, err := mapShared(int(file.Fd()), file.Name(), size, access)
	if err != nil {
		return nil, err
	}
	m.populate(access)
	return m, nil
}

// mapShared maps without filling the page tables.
func mapShared(fd int, name string, size int64, access Access) (*Mapping, error) {
	bytes, err := unix.Mmap(fd, 0, int(size), int(access), unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes of %s: %w", size, name, err)
	}
	_ = unix.Madvise(bytes, unix.MADV_DONTDUMP) // a help, not a condition
	return &Mapping{Bytes: bytes}, nil
}

// Populate fills the page tables where the kernel can, for the access that the mapping was made for. It takes the longer the
// larger the mapping is. It is a help, not a condition, but for memory that others get and that is mapped for writing: all of that
// has to be there, and a page that was allocated and never looked at counts as a hole ([Received.Memory]). So each is looked at,
// whatever the kernel says: emulators (qemu-user) say that they have filled them, and do nothing. It costs next to nothing for those that are there.
func (m *Mapping) Populate(access Access) {
	m.populate(access)
	if access == ReadOnly {
		return
	}
	var sum byte
	for at := 0; at < len(m.Bytes); at += os.Getpagesize() {
		sum += m.Bytes[at]
	}
	runtime.KeepAlive(sum)
}

// populate asks the kernel for it. Before Linux 5.14 the answer is EINVAL.
func (m *Mapping) populate(access Access) {
	advice := unix.MADV_POPULATE_WRITE
	if access == ReadOnly {
		advice = unix.MADV_POPULATE_READ
	}
	_ = unix.Madvise(m.Bytes, advice)
}

// MapPath opens the file at path, checks that it is the one that is meant, maps its
// first size bytes as [Map] does, and closes it: a mapping that came from a lock's own
// descriptor would keep the lock alive in a forked child.
func MapPath(path string, meant FileID, size int64, access Access) (*Mapping, error) {
	flags := os.O_RDONLY
	if access == ReadWrite {
		flags = os.O_RDWR
	}
	file, err := open(path, flags, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	id, err := statFile(file)
	if err != nil {
		return nil, err
	}
	if !id.Same(meant) {
		return nil, fmt.Errorf("map %s: replaced meanwhile: %w", path, os.ErrNotExist)
	}
	return Map(file, size, access)
}

// Unmap ends the mapping. Nobody may look at Bytes any more.
func (m *Mapping) Unmap() error {
	bytes := m.Bytes
	m.Bytes = nil
	return unix.Munmap(bytes)
}
