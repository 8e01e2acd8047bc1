package bips

import (
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/testmain"
)

// What a fault must not leave behind: the file of the seats is cut short between two steps of
// the producer, and is whole again later.

// cutAndRestore runs do while the seats are cut short, and returns its fault.
func cutAndRestore(t *testing.T, do func()) (err error) {
	t.Helper()
	testmain.NeedFaults(t)
	files, globErr := filepath.Glob(filepath.Join(shmDir(), "*.seats"))
	if globErr != nil || len(files) != 1 {
		t.Fatalf("seats: %q, %v", files, globErr)
	}
	whole, statErr := os.Stat(files[0])
	if statErr != nil {
		t.Fatal(statErr)
	}
	if err := os.Truncate(files[0], 0); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.Truncate(files[0], whole.Size()); err != nil {
			t.Fatal(err)
		}
	}()
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	do()
	return nil
}

func faultProducer(t *testing.T) *Producer {
	t.Helper()
	t.Setenv("BIPS_SHM_DIR", t.TempDir())
	p, err := NewProducer("camera", ProducerOptions{Slots: 6, SlotSize: 1, MaxConsumers: 1, Backend: testBackend()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestAFaultWhileASeatIsTakenBackDoesNotLeaveItLocked(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the seats' file is cut short, against which memfd has a seal")
	p := faultProducer(t)
	err := cutAndRestore(t, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.own.reclaim(0, func() {})
	})
	if !errors.Is(err, ErrDamaged) {
		t.Fatalf("got %v", err)
	}
	locks, err := openLocks(p)
	if err != nil {
		t.Fatal(err)
	}
	defer locks.Close()
	if ours, err := locks.TryLock(layout.SeatLockBase); err != nil || !ours {
		t.Errorf("nobody can sit there any more: %v, %v", ours, err)
	}
}

func TestAFaultDuringAVerdictDoesNotLeaveItForEver(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the seats' file is cut short, against which memfd has a seal")
	p := faultProducer(t)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := cutAndRestore(t, func() { p.demote(0, 0) }); !errors.Is(err, ErrDamaged) {
		t.Fatalf("got %v", err)
	}
	p.reclaimDead() // nobody sits there
	if word := p.own.pool.words[0].Verdict.Load(); word != 0 {
		t.Errorf("verdict %#x: no consumer ever takes that seat again", word)
	}
}

func openLocks(p *Producer) (*sys.LockFile, error) {
	return sys.OpenLockFile(filesOf(p.own).seatsPath(), os.O_RDWR, nil)
}
