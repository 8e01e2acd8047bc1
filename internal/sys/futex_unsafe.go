package sys

import (
	"math"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The two operations of futex(2) that are used, without FUTEX_PRIVATE_FLAG: the
// words lie in memory that several processes map.
const (
	futexWait = 0
	futexWake = 1
)

// FutexWait sleeps while *word is value, at most timeout, which must be positive.
// A return means nothing but "look again", and does not tell why: the caller must check
// what it waits for.
func FutexWait(word *atomic.Uint32, value uint32, timeout time.Duration) {
	limit := unix.NsecToTimespec(timeout.Nanoseconds())
	// SAFETY: word and limit are kept alive by the call; the kernel writes to neither.
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait,
		uintptr(value), uintptr(unsafe.Pointer(&limit)), 0, 0)
}

// FutexWakeAll wakes whoever sleeps on word, in any process. The mapping may be
// read-only.
func FutexWakeAll(word *atomic.Uint32) { futexWakeUp(word, math.MaxInt32) }

// FutexWakeOne wakes one of those who sleep on word, in any process: who has slept longest. It takes no longer the more
// there are.
func FutexWakeOne(word *atomic.Uint32) { futexWakeUp(word, 1) }

func futexWakeUp(word *atomic.Uint32, sleepers uintptr) {
	// SAFETY: the kernel uses the address as a key and does not write to it.
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, sleepers, 0, 0, 0)
}

// CheckFutex returns an error where the kernel forbids futexes that processes share, as a seccomp
// filter may: whoever sleeps on one would come back at once, again and again.
func CheckFutex() error {
	var word atomic.Uint32
	// SAFETY: word is kept alive by the call; the kernel does not write to it.
	if _, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), futexWake, 1, 0, 0, 0); errno != 0 {
		return os.NewSyscallError("futex", errno)
	}
	return nil
}
