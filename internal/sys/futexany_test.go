package sys

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/testmain"
)

// waitAny skips the test where the kernel has no futex_waitv.
func waitAny(t *testing.T, words []FutexWord, timeout time.Duration) {
	t.Helper()
	if err := FutexWaitAny(words, timeout); errors.Is(err, ErrNoWaitAny) {
		t.Skip(err)
	} else if err != nil {
		t.Error(err)
	}
}

func TestFutexWaitAnyTimesOutAndReturnsAtOnceWhenAWordChanged(t *testing.T) {
	words := make([]FutexWord, MaxFutexWords)
	for i := range words {
		words[i] = FutexWord{new(atomic.Uint32), 0}
	}
	start := time.Now()
	waitAny(t, words, time.Millisecond)
	if slept := time.Since(start); slept < time.Millisecond {
		t.Errorf("slept %v, want 1 ms: nothing happened", slept)
	}
	for _, changed := range []int{0, 30, MaxFutexWords - 1} {
		words[changed].Word.Store(1)
		waitAny(t, words, time.Hour)
		words[changed].Word.Store(0)
	}
	for range 100 { // whatever a word on a stack would do
		grow(64)
		words[0].Value = 1
		waitAny(t, words, time.Hour)
	}
}

func grow(depth int) byte {
	var room [512]byte
	if depth > 0 {
		room[depth] = grow(depth - 1)
	}
	return room[depth/2]
}

func TestFutexWaitAnySleepsAtOneToSixtyFiveWords(t *testing.T) {
	for _, n := range []int{0, MaxFutexWords + 1} {
		if err := FutexWaitAny(make([]FutexWord, n), time.Hour); err == nil || errors.Is(err, ErrNoWaitAny) || !strings.Contains(err.Error(), fmt.Sprint(n)) {
			t.Errorf("%d words: %v", n, err)
		}
	}
}

func TestAWakeAtAnyWordOfAnyMappingEndsFutexWaitAny(t *testing.T) {
	file, err := CreateAllocated(filepath.Join(t.TempDir(), "words"), 4096)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var mappings [2]*Mapping
	for i := range mappings {
		if mappings[i], err = Map(file, 4096, ReadWrite); err != nil {
			t.Fatal(err)
		}
		defer mappings[i].Unmap()
	}
	word := func(m *Mapping) *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(unsafe.SliceData(m.Bytes))) }
	private := new(atomic.Uint32)
	words := []FutexWord{{new(atomic.Uint32), 0}, {word(mappings[0]), 0}, {private, 0}}
	waitAny(t, words, time.Millisecond)
	for name, wake := range map[string]func(){
		"another mapping of a file": func() { FutexWakeOne(word(mappings[1])) },
		"a word of its own":         func() { FutexWakeOne(private) },
		"all":                       func() { FutexWakeAll(word(mappings[1])) },
	} {
		woken := make(chan error)
		go func() { woken <- FutexWaitAny(words, time.Hour) }()
		for end := time.Now().Add(patience); ; wake() {
			select {
			case err := <-woken:
				if err != nil {
					t.Error(name, err)
				}
			case <-time.After(time.Millisecond):
				if time.Now().Before(end) {
					continue
				}
				t.Fatal(name, "wakes nobody")
			}
			break
		}
	}
}

func TestFutexWakeOneWakesOne(t *testing.T) {
	own, err := os.ReadFile("/proc/thread-self/syscall")
	if err == nil && !strings.HasPrefix(string(own), fmt.Sprintf("%d ", unix.SYS_READ)) {
		t.Skipf("in which call a thread is has another number here, as under qemu: %s", own)
	}
	for range 100 {
		if wakesOneOfTwo(t) {
			return
		}
	}
	t.Error("the other did not sleep on")
}

// wakesOneOfTwo returns false when both sleepers woke up, as by a signal of the Go runtime's.
func wakesOneOfTwo(t *testing.T) bool {
	t.Helper()
	word := new(atomic.Uint32)
	woken := make(chan struct{}, 2)
	for range 2 {
		go func() {
			FutexWait(word, 0, time.Hour)
			woken <- struct{}{}
		}()
	}
	waitUntil(t, "two sleepers", func() bool { return sleepersAt(t, word)+len(woken) == 2 })
	disturbed := len(woken) > 0
	FutexWakeOne(word)
	soon(t, "one who was woken", woken)
	for range 100 {
		disturbed = disturbed || sleepersAt(t, word) != 1
	}
	FutexWakeOne(word)
	soon(t, "the other", woken)
	return !disturbed
}

// sleepersAt counts the threads of this process that are in a call of futex with that word.
func sleepersAt(t *testing.T, word *atomic.Uint32) (n int) {
	t.Helper()
	calls, err := filepath.Glob("/proc/self/task/*/syscall")
	if err != nil {
		t.Fatal(err)
	}
	begin := fmt.Sprintf("%d %#x 0x0 0x0 ", unix.SYS_FUTEX, unsafe.Pointer(word))
	for _, call := range calls {
		text, err := os.ReadFile(call)
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ESRCH) {
			t.Skip(err)
		}
		if strings.HasPrefix(string(text), begin) {
			n++
		}
	}
	return n
}

func TestAWordThatWasUnmappedEndsFutexWaitAny(t *testing.T) {
	m, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	gone := (*atomic.Uint32)(unsafe.Pointer(unsafe.SliceData(m)))
	if err := unix.Munmap(m); err != nil {
		t.Fatal(err)
	}
	waitAny(t, []FutexWord{{new(atomic.Uint32), 0}, {gone, 0}}, time.Hour)
}

func TestFutexWaitAnyAllocatesNothing(t *testing.T) {
	words := []FutexWord{{new(atomic.Uint32), 1}, {new(atomic.Uint32), 1}}
	waitAny(t, words, time.Hour)
	if n := testing.AllocsPerRun(100, func() { _ = FutexWaitAny(words, time.Hour) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAKernelThatSleepsAtOneWordOnlySaysSo(t *testing.T) {
	for _, answer := range []string{"ENOSYS", "EPERM"} {
		play(t, testmain.Child(t, "sleep at one word", answer))
	}
}

func sleepAtOneWord(args []string) error {
	answers := map[string]unix.Errno{"ENOSYS": unix.ENOSYS, "EPERM": unix.EPERM}
	if err := testmain.AnswerCall(unix.SYS_FUTEX_WAITV, 2, 0, answers[args[0]]); err != nil {
		return skipRole(err)
	}
	if err := FutexWaitAny([]FutexWord{{new(atomic.Uint32), 0}}, time.Hour); !errors.Is(err, ErrNoWaitAny) {
		return fmt.Errorf("slept: %v", err)
	}
	return nil
}
