package sys

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/testmain"
)

const (
	poolSeals = SealShrink | SealGrow | SealFutureWrite | SealSeal
	testSize  = 64 << 10
)

func newMemory(t *testing.T, size int64) *Memory {
	t.Helper()
	m, err := createAll(size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if m.fd >= 0 {
			_ = m.Close()
		}
	})
	return m
}

// createAll makes memory of which all is there, as others want it.
func createAll(size int64) (*Memory, error) {
	m, err := CreateMemory("bips.test", size)
	if err != nil {
		return nil, err
	}
	mapping, err := m.Map(ReadWrite)
	if err != nil {
		return nil, err
	}
	mapping.Populate(ReadWrite)
	return m, mapping.Unmap()
}

func mapped(t *testing.T, m *Memory, access Access) *Mapping {
	t.Helper()
	mapping, err := m.Map(access)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mapping.Unmap() })
	return mapping
}

// attacks are all ways to change a file of memory that a descriptor of it could give.
var attacks = map[string]func(fd int) error{
	"map it writable": func(fd int) error { return mapAndUnmap(fd, unix.PROT_READ|unix.PROT_WRITE, nil) },
	"make a mapping writable": func(fd int) error {
		return mapAndUnmap(fd, unix.PROT_READ, func(b []byte) error { return unix.Mprotect(b, unix.PROT_READ|unix.PROT_WRITE) })
	},
	"remove a page of a mapping": func(fd int) error {
		return mapAndUnmap(fd, unix.PROT_READ, func(b []byte) error { return removePage(fd, b) })
	},
	"write":  func(fd int) error { _, err := unix.Pwrite(fd, []byte("x"), 0); return err },
	"shrink": func(fd int) error { return unix.Ftruncate(fd, 0) },
	"grow":   func(fd int) error { return unix.Ftruncate(fd, 2*testSize) },
	"punch a hole": func(fd int) error {
		return unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 4096)
	},
	"zero": func(fd int) error { return unix.Fallocate(fd, unix.FALLOC_FL_ZERO_RANGE, 0, 4096) },
	"seal": func(fd int) error {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE)
		return err
	},
}

// removePage is an error also where nothing is removed, as under qemu, which does not pass it on.
func removePage(fd int, b []byte) error {
	var before, after unix.Stat_t
	err := errors.Join(unix.Fstat(fd, &before), unix.Madvise(b[:4096], unix.MADV_REMOVE), unix.Fstat(fd, &after))
	if err == nil && before.Blocks == after.Blocks {
		return errors.New("nothing was removed")
	}
	return err
}

func mapAndUnmap(fd, access int, then func([]byte) error) error {
	b, err := unix.Mmap(fd, 0, testSize, access, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	defer unix.Munmap(b)
	if then == nil {
		return nil
	}
	return then(b)
}

func TestNobodyChangesSealedMemoryButWhoMappedItBefore(t *testing.T) {
	leavesNothing(t)
	m := newMemory(t, testSize)
	own := mapped(t, m, ReadWrite)
	own.Populate(ReadWrite)
	copy(own.Bytes, "before")
	readable, err := m.ReadOnly()
	if err != nil {
		t.Fatal(err)
	}
	defer readable.Close()
	if _, err := unix.Pwrite(readable.FD(), []byte("x"), 0); !errors.Is(err, unix.EBADF) {
		t.Errorf("a descriptor that can only read: %v", err)
	}
	if err := m.AddSeals(poolSeals); err != nil {
		t.Fatal(err)
	}
	reopened, err := unix.Open(descriptorPath(readable.FD()), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		reopened = m.FD() // not root: one that was not reopened has to do
	} else {
		defer unix.Close(reopened)
	}
	for which, fd := range map[string]int{"the first descriptor": m.FD(), "the one that can only read": readable.FD(), "one opened anew": reopened} {
		for what, attack := range attacks {
			if err := attack(fd); err == nil {
				t.Errorf("%s: %s: nothing forbade it", which, what)
			}
		}
	}
	theirs := mapped(t, readable, ReadOnly)
	theirs.Populate(ReadOnly)
	if !bytes.HasPrefix(theirs.Bytes, []byte("before")) {
		t.Errorf("the memory was changed: %q", theirs.Bytes[:6])
	}
	copy(own.Bytes, "behind")
	if !bytes.HasPrefix(theirs.Bytes, []byte("behind")) {
		t.Errorf("who mapped it before does not write any more: %q", theirs.Bytes[:6])
	}
	if len(theirs.Bytes) != testSize {
		t.Errorf("%d bytes", len(theirs.Bytes))
	}
}

// As a reader does with its seat, which the producer seals when it is mapped.
func TestWhoMappedMemoryBeforeItsLastSealWritesAndPunchesNoHole(t *testing.T) {
	testmain.NeedHoles(t)
	leavesNothing(t)
	m := newMemory(t, testSize)
	own := mapped(t, m, ReadWrite)
	if err := m.AddSeals(SealShrink | SealGrow); err != nil {
		t.Fatal(err)
	}
	theirs := mapped(t, m, ReadWrite)
	if err := unix.Madvise(theirs.Bytes[:4096], unix.MADV_REMOVE); err != nil {
		t.Errorf("a hole before the seal: %v", err)
	}
	if err := m.AddSeals(SealFutureWrite | SealSeal); err != nil {
		t.Fatal(err)
	}
	theirs.Bytes[0] = 7
	if own.Bytes[0] != 7 {
		t.Error("what was written is not seen")
	}
	if err := unix.Madvise(theirs.Bytes[:4096], unix.MADV_REMOVE); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a hole after the seal: %v", err)
	}
	if err := m.AddSeals(SealGrow); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a seal after the last one: %v", err)
	}
}

func TestAnotherUserCannotOpenReadOnlyMemoryForWriting(t *testing.T) {
	m := newMemory(t, testSize)
	readable, err := m.ReadOnly()
	if err != nil {
		t.Fatal(err)
	}
	defer readable.Close()
	child := asAnotherUser(t, testmain.Child(t, "reopen"))
	fd, err := unix.Dup(readable.FD())
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "memory")
	defer file.Close()
	child.ExtraFiles = []*os.File{file}
	play(t, child)
}

func reopen([]string) error {
	if _, err := unix.Open(descriptorPath(3), unix.O_RDWR, 0); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("opened for writing: %v", err)
	}
	return mapAndUnmap(3, unix.PROT_READ, nil)
}

func TestMemoryIsAllocatedWholeAndNotPassedToOtherPrograms(t *testing.T) {
	m := newMemory(t, 3*4096+5)
	id, err := statDescriptor(m.FD())
	if err != nil || id.Size != 3*4096+5 || id.Allocated < 4*4096 || m.Size() != id.Size {
		t.Errorf("%+v, %v", id, err)
	}
	if flags, err := unix.FcntlInt(uintptr(m.FD()), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, %v", flags, err)
	}
	if fd, err := unix.MemfdCreate("bips.test", unix.MFD_CLOEXEC|unix.MFD_NOEXEC_SEAL); err == nil { // Linux 6.3
		_ = unix.Close(fd)
		if seals, err := unix.FcntlInt(uintptr(m.FD()), unix.F_GET_SEALS, 0); err != nil || seals != unix.F_SEAL_EXEC {
			t.Errorf("it may be made a program: seals %#x, %v", seals, err)
		}
	}
}

func TestMemoryThatIsTooLargeLeavesNothing(t *testing.T) {
	leavesNothing(t)
	if _, ok := statistic("/proc/meminfo", "MemAvailable:"); !ok {
		t.Skip("what this system has is not known: this would use it up")
	}
	if _, err := CreateMemory("bips.test", 1<<62); !errors.Is(err, ErrNoMemory) || !OutOfResources(err) {
		t.Errorf("four exabytes: %v", err)
	}
}

func TestMemoryIsMadeByKernelsWithoutNoexec(t *testing.T) {
	play(t, testmain.Child(t, "memory on an old kernel"))
}

func memoryOnAnOldKernel([]string) error {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING | unix.MFD_NOEXEC_SEAL
	if err := testmain.AnswerCall(unix.SYS_MEMFD_CREATE, 1, flags, unix.EINVAL); err != nil {
		return skipRole(err)
	}
	m, err := CreateMemory("bips.test", testSize)
	if err != nil {
		return err
	}
	defer m.Close()
	return m.AddSeals(poolSeals)
}

func TestAKernelWithoutTheSealIsNamed(t *testing.T) {
	play(t, testmain.Child(t, "no seal on an old kernel"))
}

func noSealOnAnOldKernel([]string) error {
	if err := testmain.AnswerCall(unix.SYS_FCNTL, 2, int(poolSeals), unix.EINVAL); err != nil {
		return skipRole(err)
	}
	m, err := CreateMemory("bips.test", testSize)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := m.AddSeals(poolSeals); !errors.Is(err, ErrOldKernel) {
		return fmt.Errorf("sealed: %v", err)
	}
	return nil
}
