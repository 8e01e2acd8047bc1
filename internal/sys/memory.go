package sys

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Seals are promises of the kernel about a [Memory]. Nobody can take one back.
type Seals int

const (
	SealShrink Seals = unix.F_SEAL_SHRINK // it does not become smaller
	SealGrow   Seals = unix.F_SEAL_GROW   // it does not become larger
	// SealFutureWrite: nobody can write to it, punch a hole into it, or map it writable, any more; mappings
	// made before go on writing (Linux 5.1).
	SealFutureWrite Seals = unix.F_SEAL_FUTURE_WRITE
	SealSeal        Seals = unix.F_SEAL_SEAL // nobody can add a seal
)

// ErrOldKernel: the kernel has no [Memory], or no [SealFutureWrite].
var ErrOldKernel = errors.New("memfd needs Linux 5.1 or later")

// Memory is a file without a name, made of memory only (memfd_create(2)). Whoever has one of its
// descriptors can map it. Its methods may be called by several goroutines at once, but for Close.
type Memory struct {
	fd   int
	name string // for errors, and for /proc/PID/maps
	size int64
}

// CreateMemory makes a file of memory of so many bytes, every page allocated, so that no later access can fail
// for lack of memory. Look first whether the control group has room for it ([MemoryRoom]): the kernel kills who goes
// beyond. What the system has in all is looked at here (an error wraps [ErrNoMemory]). The name, of at most 249 bytes, is
// for people who look for what uses up memory.
func CreateMemory(name string, size int64) (*Memory, error) {
	if err := checkAvailable(size); err != nil {
		return nil, err
	}
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate(name, flags)
	}
	if errors.Is(err, unix.ENOSYS) {
		return nil, ErrOldKernel
	}
	if err != nil {
		return nil, fmt.Errorf("make %d bytes of memory: %w", size, os.NewSyscallError("memfd_create", err))
	}
	m := &Memory{fd, name, size}
	if err := allocate(size, func(at, length int64) error { return unix.Fallocate(fd, 0, at, length) }); err != nil {
		_ = m.Close()
		return nil, fmt.Errorf("allocate %d bytes of memory: %w", size, err)
	}
	return m, nil
}

// littleMemory is what the system has, if it has anything.
const littleMemory = 1 << 20

// checkAvailable keeps who asks for too much by mistake from using up the system's memory: there is no
// limit to a file of memory as there is to a tmpfs, and the kernel would kill this process or others.
func checkAvailable(size int64) error {
	if size <= littleMemory {
		return nil
	}
	const meminfo = "/proc/meminfo" // in KiB
	available, ok := statistic(meminfo, "MemAvailable:")
	swap, _ := statistic(meminfo, "SwapFree:")
	if ok && uint64(size)>>10 > available+swap {
		return fmt.Errorf("%w: %d MiB are wanted, the system has %d MiB", ErrNoMemory, (size+1<<20-1)>>20, (available+swap)>>10)
	}
	return nil
}

// FD is the file's descriptor, which stays the Memory's own.
func (m *Memory) FD() int { return m.fd }

// Size is how many bytes it has.
func (m *Memory) Size() int64 { return m.size }

// AddSeals adds seals to those that it has. An error wraps [ErrOldKernel] where that is why, and
// [fs.ErrPermission] when somebody has sealed it against further ones.
func (m *Memory) AddSeals(seals Seals) error {
	_, err := unix.FcntlInt(uintptr(m.fd), unix.F_ADD_SEALS, int(seals))
	if errors.Is(err, unix.EINVAL) && seals&SealFutureWrite != 0 {
		return ErrOldKernel
	}
	if err != nil {
		return fmt.Errorf("seal %s: %w", m.name, err)
	}
	return nil
}

// ReadOnly makes another descriptor of the same file that cannot write to it, whatever seals it has. Where there is no
// /proc to open it by, it is one like the first: [SealFutureWrite] keeps others from writing all the same. The
// file's mode becomes 0400, so that no other user can open it for writing by way of /proc.
func (m *Memory) ReadOnly() (*Memory, error) {
	if err := unix.Fchmod(m.fd, 0o400); err != nil {
		return nil, fmt.Errorf("chmod %s: %w", m.name, err)
	}
	fd, err := unix.Open(descriptorPath(m.fd), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EACCES) {
		fd, err = unix.FcntlInt(uintptr(m.fd), unix.F_DUPFD_CLOEXEC, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s once more: %w", m.name, err)
	}
	return &Memory{fd, m.name, m.size}, nil
}

// Map maps all of it. Its pages come when they are used, or with [Mapping.Populate].
func (m *Memory) Map(access Access) (*Mapping, error) {
	return mapShared(m.fd, m.name, m.size, access)
}

// Close closes its descriptor. The memory itself goes with the last descriptor and the last mapping that anybody has.
func (m *Memory) Close() error {
	fd := m.fd
	m.fd = -1
	return unix.Close(fd)
}

// descriptorPath is a path that leads to what a descriptor of this process has open, also to what has no other name.
func descriptorPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }
