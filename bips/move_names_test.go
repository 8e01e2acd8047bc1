package bips

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestAMoveWhosePoolIsDeletedBeforeItHasItsNameLeavesAllAsItWas(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the next pool's file is deleted before it has the name; with memfd a move makes no file")
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Every)
	publishOne(t, p)
	func() {
		p.moving.Lock()
		defer p.moving.Unlock()
		g := p.own.pool.geometry.resized(100)
		next, err := makePool(context.Background(), p.named, &g)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filesOf(next).unnamed()); err != nil {
			t.Fatal(err)
		}
		err = p.moveTo(next)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("got %v", err)
		}
	}()
	publishOne(t, p)
	if err := p.Grow(100); err != nil {
		t.Fatal(err)
	}
	publishOne(t, p)
	for want := uint64(1); want <= 3; want++ {
		f, err := c.Pull(10 * time.Second)
		if err != nil || f.Sequence != want || f.Lost > 0 {
			t.Fatalf("frame %d, lost %d, %v, want %d", f.Sequence, f.Lost, err, want)
		}
		if err := c.Push(f); err != nil {
			t.Error(err)
		}
	}
}

func TestAReaderWhoseDeadProducersSeatsWereDeletedAfterAMoveDoesNotLookForThemForEver(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the seats' file is deleted; with memfd seats have none")
	dir := testmain.Dir(t)
	p, c := newTestProducer(t), newTestConsumer(t)
	if _, err := c.Pull(0); !errors.Is(err, ErrTimeout) {
		t.Fatal(err)
	}
	if err := p.Grow(100); err != nil {
		t.Fatal(err)
	}
	// As the kernel does when it dies: all its locks are free.
	func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, o := range append(p.old, p.own) {
			_ = filesOf(o).pool.Unlock(layout.ProducerLock)
		}
	}()
	p.moving.Lock() // and it makes no names again
	defer p.moving.Unlock()
	seats, _ := filepath.Glob(filepath.Join(dir, "*.seats"))
	for _, path := range seats {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Pull(10 * time.Second); !errors.Is(err, ErrProducerLost) {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "bips.camera")); err != nil {
		t.Error(err)
	}
}

func TestAPoolThatWasMovedFromSinceItWasOpenedIsNotADeadProducers(t *testing.T) {
	testmain.OnlyOver(t, "shm", "a move gives the name to another file; with memfd the socket keeps it")
	testmain.Dir(t)
	p := newTestProducer(t)
	path := p.named.paths.pool()
	lock, err := sys.OpenLockFile(path, os.O_RDONLY, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := p.Grow(100); err != nil {
		t.Fatal(err)
	}
	f := &peerFiles{pool: lock}
	if alive, err := f.producerAlive(); alive || err != nil {
		t.Fatalf("the old pool is locked: %v, %v", alive, err)
	}
	if err := f.checkAlive(path); !errors.Is(err, errMoving) {
		t.Errorf("got %v", err)
	}
}

// A file that is deleted once is made again; one that goes each time is an error.
func TestAProducerStartsWhoseFilesAreDeletedMeanwhile(t *testing.T) {
	testmain.OnlyOver(t, "shm", "a pool's file is deleted before it has its name; with memfd it has none")
	for name, deletions := range map[string]int{"once": 1, "each time": makeTries} {
		t.Run(name, func(t *testing.T) {
			dir, left := testmain.Dir(t), deletions
			LockDescriptorHook = func(int, bool) { // of the pool, before it has its name
				unnamed, _ := filepath.Glob(filepath.Join(dir, "bips.*.new"))
				if len(unnamed) > 0 && left > 0 {
					left--
					for _, path := range unnamed {
						if err := os.Remove(path); err != nil {
							t.Error(err)
						}
					}
				}
			}
			defer func() { LockDescriptorHook = nil }()
			p, err := NewProducer("camera", ProducerOptions{SlotSize: 64})
			if deletions == makeTries {
				if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "somebody deletes") {
					t.Errorf("%v, want that somebody deletes the files", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A move that comes to nothing, since its names were deleted too, is over: at the next one a reader has as much patience with a pool that has
// no name yet.
func TestAReaderIsAsPatientWithTheNextMoveWhenTheOneBeforeCameToNothing(t *testing.T) {
	testmain.OnlyOver(t, "shm", "with memfd a move has nothing to do with the name")
	dir := testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Every)
	state := &p.own.pool.header.State
	p.moving.Lock() // the housekeeper leaves the names alone
	defer p.moving.Unlock()
	if err := os.Rename(filepath.Join(dir, "bips.camera"), filepath.Join(dir, "away")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		state.Store(layout.StateMoved)
		if _, err := c.Pull(0); !errors.Is(err, ErrTimeout) {
			t.Fatalf("while the producer moves: %v", err)
		}
		state.Store(layout.StateRunning)
		if _, err := c.Pull(namelessLimit); !errors.Is(err, ErrTimeout) {
			t.Fatalf("while it does not: %v", err)
		}
	}
	if err := os.Rename(filepath.Join(dir, "away"), filepath.Join(dir, "bips.camera")); err != nil {
		t.Fatal(err)
	}
}
