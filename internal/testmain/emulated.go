package testmain

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"syscall"
	"testing"
)

// What follows finds out what the kernel, or what stands in its place, does. qemu, which runs programs for another
// processor (tools/test-arm64), does not do all of what Linux does.

// page is how many bytes a mapping has at least.
var page = os.Getpagesize()

// NeedFaults skips a test where an access beyond the end of a file does not tell its address.
func NeedFaults(t testing.TB) {
	t.Helper()
	if !faultsTellAddresses(t) {
		t.Skip("an access beyond the end of a file is a fault without an address here, as under qemu")
	}
}

func faultsTellAddresses(t testing.TB) bool {
	t.Helper()
	memory, path := mapFile(t)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	return tellsAddress(memory)
}

// read is what keeps the compiler from leaving the access out.
var read byte

// tellsAddress reads memory that is gone.
func tellsAddress(memory []byte) (told bool) {
	defer func() {
		fault, ok := recover().(interface{ Addr() uintptr })
		told = ok && fault.Addr() == reflect.ValueOf(memory).Pointer()
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	read = memory[0]
	return false
}

// NeedHoles skips a test where a page of a mapping cannot be removed from its file.
func NeedHoles(t testing.TB) {
	t.Helper()
	if !holesCanBeMade(t) {
		t.Skip("madvise(MADV_REMOVE) removes nothing here, as under qemu")
	}
}

func holesCanBeMade(t testing.TB) bool {
	t.Helper()
	memory, _ := mapFile(t)
	memory[0] = 1
	return syscall.Madvise(memory, syscall.MADV_REMOVE) == nil && memory[0] == 0
}

// mapFile maps a new file of one page, in the folder of pools.
func mapFile(t testing.TB) (memory []byte, path string) {
	t.Helper()
	dir, err := makeDir()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "page")
	file, err := os.Create(path)
	if err == nil {
		err = errors.Join(file.Truncate(int64(page)), mapInto(&memory, file), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(syscall.Munmap(memory), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	return memory, path
}

func mapInto(memory *[]byte, file *os.File) (err error) {
	*memory, err = syscall.Mmap(int(file.Fd()), 0, page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	return err
}
