package plugin

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

// A pool that says it is larger than what its owner allocated would take its readers' memory.
func TestAReaderOfAPoolThatGrewTakesNoMemoryForIt(t *testing.T) {
	t.Parallel()
	testmain.OnlyOver(t, "shm", "the pool's file is made longer; memfd has a seal against that, see tests/hostile")
	dir := ownDir(t)
	w := launchWith(t, dir.use, "%s ! bipssink pool=p", endless)
	launchWith(t, dir.use, "bipssrc pool=p num-buffers=1 ! fakesink").finish() // it is there
	pool := filepath.Join(string(dir), "bips.p")
	var before, after syscall.Stat_t
	if err := syscall.Stat(pool, &before); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(pool, 256<<20); err != nil {
		t.Fatal(err)
	}
	launchWith(t, dir.use, "bipssrc pool=p num-buffers=3 ! fakesink").finish()
	if err := syscall.Stat(pool, &after); err != nil {
		t.Fatal(err)
	}
	if after.Blocks > before.Blocks {
		t.Errorf("the pool took %d KiB before it grew, %d KiB when it was read", before.Blocks/2, after.Blocks/2)
	}
	w.interrupt()
	dir.isClean(t, "after all")
}
