package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// crampedFolder is a folder that has room for one and a half of the stage's pools.
func crampedFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp(os.Getenv("BIPS_SHM_DIR"), "cramped-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	size := stagePoolSize(t)
	if err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d", size+size/2), "tmpfs", folder).Run(); err != nil {
		t.Skip("needs the right to mount a small tmpfs, as root has it")
	}
	t.Cleanup(func() {
		if err := exec.Command("umount", folder).Run(); err != nil {
			t.Errorf("umount %s: %v", folder, err)
		}
	})
	return folder
}

// stagePoolSize is how many bytes a pool of the stage takes.
func stagePoolSize(t *testing.T) (size int64) {
	t.Helper()
	const name = "measured"
	p, err := bips.NewProducer(name, bips.ProducerOptions{Slots: stageSlots, SlotSize: frameSize, MaxConsumers: stageSeats})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	dir := os.Getenv("BIPS_SHM_DIR")
	for _, file := range names(dir, name) {
		info, err := os.Stat(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	return size
}
