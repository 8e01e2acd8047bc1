package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// atOnce is how long something may take, on a machine that is busy, that takes less than a
// millisecond on one that is not, and took seconds when it was wrong.
const atOnce = 3 * time.Second

// holdByte locks a byte of a pool's file, as another process would, until the end of the test or
// until release is called. The file is made if it is not there.
func holdByte(t *testing.T, name string, offset int64) (release func()) {
	t.Helper()
	lock, err := sys.CreateLockFile(filepath.Join(os.Getenv("BIPS_SHM_DIR"), name), sys.KeepGroup, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Remove(filepath.Join(os.Getenv("BIPS_SHM_DIR"), name))
		_ = lock.Close()
	})
	if ours, err := lock.TryLock(offset); err != nil || !ours {
		t.Fatalf("byte %d of %s: %v, %v", offset, name, ours, err)
	}
	return func() { _ = lock.Close() }
}

// A sink waits for half a second for a name that is taken, unless it is stopped.
func TestASinkThatWaitsForItsNameStopsAtOnce(t *testing.T) {
	t.Parallel()
	holdByte(t, "bips."+poolName(t)+".lock", layout.NameLock)
	d := drive(t, nil)
	d.do("make p videotestsrc ! " + small + " ! bipssink pool=" + poolName(t))
	const rounds = 20
	start := time.Now()
	for range rounds {
		d.do("set p playing")
		time.Sleep(10 * time.Millisecond)
		d.do("set p ready")
	}
	if took := time.Since(start); took > atOnce {
		t.Errorf("%d rounds took %v", rounds, took)
	}
	d.quit()
}

// The pause comes while the sink waits for its name. It makes the pool when it plays on, and
// offers its slots then.
func TestASinkThatWaitsForItsNamePausesAndPlaysOn(t *testing.T) {
	t.Parallel()
	for try := 0; ; try++ {
		release := holdByte(t, "bips."+poolName(t)+".lock", layout.NameLock)
		d := drive(t, nil)
		d.do("make p videotestsrc is-live=true ! "+small+" ! bipssink async=false pool="+poolName(t), "set p playing")
		time.Sleep(100 * time.Millisecond)
		d.do("set p paused")
		release()
		d.do("set p playing")
		_, failed := d.try("frames p 5")
		d.do("set p null")
		d.quit()
		if strings.Contains(failed, "another producer") && try < 3 {
			continue // on a busy machine the pause came too late
		}
		if failed != "" {
			t.Fatal(failed)
		}
		if stats := d.stats("bipssink0"); stats["in-place"] == 0 {
			t.Errorf("no frame was written into a slot: %v", stats)
		}
		return
	}
}
