package sys

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestFutexWaitTimesOutAndReturnsAtOnceWhenTheWordChanged(t *testing.T) {
	var word atomic.Uint32
	start := time.Now()
	FutexWait(&word, 0, time.Millisecond)
	if slept := time.Since(start); slept < time.Millisecond {
		t.Errorf("slept %v, want 1 ms: nothing happened", slept)
	}
	FutexWait(&word, 1, time.Hour)
}

func TestAWakeReachesAReadOnlyMappingOfTheSameFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "word")
	file, err := CreateAllocated(path, 4096)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	writable, err := Map(file, 4096, ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer writable.Unmap()
	id, err := StatPath(path)
	if err != nil {
		t.Fatal(err)
	}
	readable, err := MapPath(path, id, id.Size, ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer readable.Unmap()
	bell := (*atomic.Uint32)(unsafe.Pointer(unsafe.SliceData(writable.Bytes)))
	watched := (*atomic.Uint32)(unsafe.Pointer(unsafe.SliceData(readable.Bytes)))
	woken := make(chan struct{})
	go func() {
		defer close(woken)
		for watched.Load() == 0 {
			FutexWait(watched, 0, time.Hour)
		}
	}()
	bell.Store(1)
	for {
		FutexWakeAll(bell)
		select {
		case <-woken:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func TestMapPathRefusesAFileThatWasReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for range 2 {
		file, err := CreateAllocated(path, 4096)
		if err != nil {
			t.Fatal(err)
		}
		file.Close()
		id, err := StatPath(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path, path+".old"); err != nil {
			t.Fatal(err)
		}
		other, err := CreateAllocated(path, 4096)
		if err != nil {
			t.Fatal(err)
		}
		other.Close()
		if _, err := MapPath(path, id, id.Size, ReadOnly); err == nil {
			t.Error("mapped another file than was meant")
		}
		os.Remove(path)
	}
}

// A pipe is waited for by whoever opens it without O_NONBLOCK, until somebody writes to it.
func TestMapPathDoesNotWaitForAPipeThatWasPutInAFilesPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, access := range []Access{ReadOnly, ReadWrite} {
		mapped := make(chan error, 1)
		go func() {
			_, err := MapPath(path, FileID{}, 4096, access)
			mapped <- err
		}()
		select {
		case err := <-mapped:
			if !errors.Is(err, os.ErrNotExist) {
				t.Errorf("got %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it waits")
		}
	}
}

func TestMonotonicIsTheKernelsClock(t *testing.T) {
	base, at := pairClocks()
	difference := (base + time.Since(at)) - Monotonic()
	if difference.Abs() > time.Millisecond {
		t.Errorf("two pairings differ by %v", difference)
	}
}
