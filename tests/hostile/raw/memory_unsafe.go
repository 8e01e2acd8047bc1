package raw

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// at returns the record of type T that lies at offset in memory. It panics when the record is not wholly inside.
func at[T any](memory []byte, offset uint64) *T {
	var zero T
	size := uint64(unsafe.Sizeof(zero))
	if offset > uint64(len(memory)) || uint64(len(memory))-offset < size || offset%8 != 0 {
		panic(fmt.Sprintf("raw: no record of %d bytes at %d in %d", size, offset, len(memory)))
	}
	// SAFETY: the record lies within memory and offset is a multiple of 8 (checked above); memory is a mapping, or was
	// made by make with more than a page, and begins at a multiple of 8 either way.
	return (*T)(unsafe.Pointer(unsafe.SliceData(memory[offset:])))
}

// Sleep sleeps at a word while it has the value, on a thread of the system's own, until it is woken or the limit is over.
func Sleep(word *atomic.Uint32, value uint32, limit time.Duration) {
	timeout := unix.NsecToTimespec(limit.Nanoseconds())
	// SAFETY: word is 4 aligned bytes and timeout a timespec, both alive until the call returns: uintptr(unsafe.Pointer())
	// in the call's own arguments keeps them.
	_, _, _ = syscall.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), 0, uintptr(value), uintptr(unsafe.Pointer(&timeout)), 0, 0)
}

// Wake wakes whoever sleeps at a word, and returns how many those were.
func Wake(word *atomic.Uint32) int {
	// SAFETY: as in Sleep.
	woken, _, _ := syscall.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), 1, 1<<31-1, 0, 0, 0)
	return int(woken)
}

// Requeue moves whoever sleeps at one word to another, and returns how many those were.
func Requeue(from, to *atomic.Uint32) int {
	// SAFETY: as in Sleep.
	moved, _, _ := syscall.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(from)), 3, 0, 1<<31-1, uintptr(unsafe.Pointer(to)), 0)
	return int(moved)
}
