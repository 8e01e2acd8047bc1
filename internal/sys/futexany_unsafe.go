package sys

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MaxFutexWords is how many words [FutexWaitAny] sleeps at.
const MaxFutexWords = 65

// FutexWord is a word to sleep at.
type FutexWord struct {
	Word  *atomic.Uint32
	Value uint32 // what it was when there was nothing to do
}

// ErrNoWaitAny: the kernel cannot sleep at several words, or may not (before Linux 5.16; seccomp).
var ErrNoWaitAny = errors.New("no futex_waitv")

// waiter is struct futex_waitv of linux/futex.h.
type waiter struct {
	value    uint64
	address  uint64
	flags    uint32
	reserved uint32
}

// escape is false, which the compiler cannot know.
var (
	escape  bool
	escaped *atomic.Uint32
)

// futexSize32 is FUTEX2_SIZE_U32. Without FUTEX2_PRIVATE the word is one that processes may share, as in
// [FutexWait].
const futexSize32 = 2

// FutexWaitAny sleeps while each word has its value, at most timeout, which must be positive, at 1 to [MaxFutexWords] words. As
// with [FutexWait] a return without an error means nothing but "look again", and those who wake use the same
// functions. A word whose memory is not mapped any more ends the sleep at once. An error wraps [ErrNoWaitAny] where the kernel does not do that; then nobody slept.
func FutexWaitAny(words []FutexWord, timeout time.Duration) error {
	if len(words) == 0 || len(words) > MaxFutexWords {
		return fmt.Errorf("sleep at %d words: at least 1, at most %d", len(words), MaxFutexWords)
	}
	var waiters [MaxFutexWords]waiter
	for i, w := range words {
		if escape { // never: but so no word lies on a stack, which may move before the call
			escaped = w.Word
		}
		// SAFETY: a word in Go's memory does not move, see above, and words keeps it alive until the call is over, see below.
		waiters[i] = waiter{value: uint64(w.Value), address: uint64(uintptr(unsafe.Pointer(w.Word))), flags: futexSize32}
	}
	limit := unix.NsecToTimespec((Monotonic() + timeout).Nanoseconds()) // a point in time, unlike that of FUTEX_WAIT
	// SAFETY: waiters and limit are kept alive by the call; the kernel writes to neither, and reads no more
	// waiters than it is told of.
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX_WAITV, uintptr(unsafe.Pointer(&waiters)), uintptr(len(words)), 0,
		uintptr(unsafe.Pointer(&limit)), unix.CLOCK_MONOTONIC, 0)
	runtime.KeepAlive(words)
	switch errno {
	case 0, unix.EAGAIN, unix.EINTR, unix.ETIMEDOUT:
		return nil
	case unix.EFAULT: // a word's memory was unmapped: the caller looks again, and it is not among the words any more
		return nil
	case unix.ENOSYS, unix.EPERM:
		return fmt.Errorf("%w: %w", ErrNoWaitAny, errno)
	}
	return os.NewSyscallError("futex_waitv", errno)
}
