package environment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
)

func TestWhoHasOnlyOneFileOfAPoolMountedIsToldToMountTheFolder(t *testing.T) { alone(t, "one file") }

// oneFile mounts one file of a pool into a folder of its own, as is done with containers.
func oneFile(args []string) error {
	if err := mountPools(args[0], "size=4m"); err != nil {
		return skip("no tmpfs of its own: %v", err)
	}
	p, err := newProducer(poolName, small)
	if err != nil {
		return err
	}
	defer p.Close()
	seats, _ := filepath.Glob(filepath.Join(args[0], "*.seats"))
	for _, c := range []struct{ file, says string }{
		{filepath.Join(args[0], "bips."+poolName), ".seats, which belongs to it, is not"},
		{seats[0], "bips." + poolName + ", which belongs to it, is not"},
	} {
		if err := mountAlone(c.file, args[0]); err != nil {
			return skip("a file cannot be mounted: %v", err)
		}
		if err := waitsFor(c.says, "mount the whole folder"); err != nil {
			return err
		}
	}
	if err := mountAlone(filepath.Join(args[0], "bips."+poolName), args[0]); err != nil {
		return err
	}
	if err := p.Close(); err != nil {
		return err
	}
	return waitsFor("mounted by itself", "mount the whole folder")
}

// waitsFor checks what is said to who waits for the pool.
func waitsFor(texts ...string) error {
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
	if err != nil {
		return err
	}
	if _, err := c.Pull(0); !errors.Is(err, bips.ErrTimeout) {
		return fmt.Errorf("got %v", err)
	}
	return errors.Join(complains(bips.WhyNoPool(poolName), bips.ErrNoPool, append(texts, poolName)...), c.Close())
}

// mountAlone mounts a file into a new folder of another file system, which is the one for pools then.
func mountAlone(file, below string) error {
	folder, err := os.MkdirTemp(below, "container-")
	if err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=1m"); err != nil {
		return err
	}
	place := filepath.Join(folder, filepath.Base(file))
	if err := os.WriteFile(place, nil, 0o600); err != nil {
		return err
	}
	if err := unix.Mount(file, place, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	return os.Setenv("BIPS_SHM_DIR", folder)
}
