package environment

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAFileSystemThatCannotAllocateIsAnError(t *testing.T) { alone(t, "no fallocate") }

// noFallocate has its pools in a ramfs, which takes memory only as it is written.
func noFallocate(args []string) error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return skip("no mounts of its own: %v", err)
	}
	if err := unix.Mount("ramfs", args[0], "ramfs", 0, ""); err != nil {
		return skip("no ramfs of its own: %v", err)
	}
	if err := os.Setenv("BIPS_SHM_DIR", args[0]); err != nil {
		return err
	}
	before := descriptors()
	_, err := newProducer(poolName, small)
	return errors.Join(complains(err, unix.EOPNOTSUPP, poolName, "fallocate", "BIPS_SHM_DIR"), nothingLeft(before))
}
