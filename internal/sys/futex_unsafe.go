package sys

import (
	"math"
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

// WakeResult is why [FutexWait] returned.
type WakeResult int

const (
	// Woken: a wake-up, a signal, or the word had another value already.
	Woken WakeResult = iota
	// TimedOut: nothing happened in the time given.
	TimedOut
)

// FutexWait sleeps while *word is value, at most timeout, which must be positive.
// A return means nothing but "look again": the caller must check what it waits for.
func FutexWait(word *atomic.Uint32, value uint32, timeout time.Duration) WakeResult {
	limit := unix.NsecToTimespec(timeout.Nanoseconds())
	// SAFETY: word and limit are kept alive by the call; the kernel writes to neither.
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait,
		uintptr(value), uintptr(unsafe.Pointer(&limit)), 0, 0)
	return wakeResult(errno)
}

// FutexWaitHolding is [FutexWait] without telling the Go scheduler, which goes on
// counting the goroutine as running: it keeps its processor, and need not win one
// back after the wake-up. A collection interrupts the sleep with a signal.
func FutexWaitHolding(word *atomic.Uint32, value uint32, timeout time.Duration) WakeResult {
	limit := unix.NsecToTimespec(timeout.Nanoseconds())
	// SAFETY: as above; limit does not move, because the goroutine's stack does not grow
	// or shrink while it is in the call.
	_, _, errno := unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait,
		uintptr(value), uintptr(unsafe.Pointer(&limit)), 0, 0)
	return wakeResult(errno)
}

func wakeResult(errno unix.Errno) WakeResult {
	if errno == unix.ETIMEDOUT {
		return TimedOut
	}
	return Woken
}

// FutexWakeAll wakes whoever sleeps on word, in any process. The mapping may be
// read-only.
func FutexWakeAll(word *atomic.Uint32) {
	// SAFETY: the kernel uses the address as a key and does not write to it.
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, math.MaxInt32, 0, 0, 0)
}
