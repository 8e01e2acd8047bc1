package sys

import (
	"os"
	"path/filepath"
	"testing"
)

func newLock(t *testing.T, path string, flags int) *LockFile {
	t.Helper()
	lock, err := OpenLockFile(path, flags, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	return lock
}

func TestALockKeepsOthersOutUntilItIsClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locked")
	first, err := CreateLockFile(path, KeepGroup, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	second := newLock(t, path, os.O_RDWR)
	probe := newLock(t, path, os.O_RDONLY)
	if ours, err := first.TryLock(64); err != nil || !ours {
		t.Fatal(ours, err)
	}
	if ours, err := second.TryLock(64); err != nil || ours {
		t.Error("two holders of one byte", err)
	}
	if ours, err := second.TryLock(65); err != nil || !ours {
		t.Error("the neighbour's byte was refused", err)
	}
	if locked, err := probe.IsLocked(64); err != nil || !locked {
		t.Error("a living holder was not seen", err)
	}
	first.Close()
	if locked, err := probe.IsLocked(64); err != nil || locked {
		t.Error("a closed holder was seen", err)
	}
	if ours, err := second.TryLock(64); err != nil || !ours {
		t.Error("a free byte was refused", err)
	}
}

func TestTheHookIsToldOfEachDescriptorTwice(t *testing.T) {
	open := map[int]bool{}
	hook := func(fd int, opened bool) {
		if open[fd] == opened {
			t.Errorf("descriptor %d: opened %v twice", fd, opened)
		}
		open[fd] = opened
	}
	path := filepath.Join(t.TempDir(), "locked")
	for range 3 {
		lock, err := CreateLockFile(path, KeepGroup, 0o640, hook)
		if err != nil {
			t.Fatal(err)
		}
		lock.Close()
	}
	if len(open) == 0 {
		t.Error("the hook was told nothing")
	}
	id, err := StatPath(path)
	if err != nil || id.Mode != 0o640 {
		t.Errorf("mode %o, want 640 whatever the umask is (%v)", id.Mode, err)
	}
}

func TestCreateAllocatedLeavesNothingWhenThereIsNoRoom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge")
	if _, err := CreateAllocated(path, 1<<60); err == nil {
		t.Fatal("there was room for an exabyte")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is left")
	}
}
