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

func TestTooLittleSharedMemoryIsOneErrorAtTheStart(t *testing.T) { alone(t, "full at start") }

func TestSharedMemoryThatFillsUpLaterHarmsNoPoolThatIsThere(t *testing.T) { alone(t, "full later") }

func TestAFileSystemWithoutALimitHasRoom(t *testing.T) { alone(t, "no limit") }

func TestADirectoryThatTakesNoMoreFilesIsAnError(t *testing.T) { alone(t, "no more files") }

func TestAFolderForMemfdNeedsRoomForNamesOnly(t *testing.T) {
	t.Setenv("BIPS_TEST_BACKEND", "memfd")
	alone(t, "names only")
}

// small is a pool that fits into 4 MiB: 8 slots of 128 KiB.
var small = bips.ProducerOptions{Slots: 8, SlotSize: 128 << 10}

func fullAtStart(args []string) error {
	if err := mountPools(args[0], "size=4m"); err != nil {
		return skip("no tmpfs of its own: %v", err)
	}
	before := descriptors()
	for _, o := range []bips.ProducerOptions{
		{Slots: 8, SlotSize: 1 << 20}, // more than the file system has
		{Slots: 8, SlotSize: 1 << 30},
	} {
		_, err := newProducer(poolName, o)
		if err := errors.Join(complains(err, bips.ErrNoSpace, args[0], "4 MiB", "fewer or smaller slots", "--shm-size"), nothingLeft(before)); err != nil {
			return err
		}
	}
	if _, err := fill(args[0], 2<<20); err != nil {
		return err
	}
	_, err := newProducer(poolName, bips.ProducerOptions{Slots: 8, SlotSize: 400 << 10})
	if err := errors.Join(complains(err, bips.ErrNoSpace, "2 MiB are free"), nothingLeft(before)); err != nil {
		return err
	}
	return exchange(poolName, small)
}

// fill makes a file of so many bytes, or as many as there are.
func fill(folder string, bytes int64) (path string, err error) {
	path = filepath.Join(folder, "other program's")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer file.Close()
	for written := int64(0); written < bytes; written += 4096 {
		if _, err := file.Write(make([]byte, 4096)); err != nil {
			return path, nil // full
		}
	}
	return path, nil
}

// exchange makes a pool, lets frames cross, and closes it.
func exchange(name string, o bips.ProducerOptions) error {
	p, err := newProducer(name, o)
	if err != nil {
		return err
	}
	return errors.Join(cross(p), p.Close())
}

// cross lets three times as many frames as there are slots cross to a new reader.
func cross(p *bips.Producer) error {
	c, err := bips.NewConsumer(p.Name(), bips.ConsumerOptions{Mode: bips.Every})
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Pull(0); !errors.Is(err, bips.ErrTimeout) {
		return fmt.Errorf("a joiner of each frame got %w", err)
	}
	for number := uint64(1); number <= uint64(3*p.Slots()); number++ {
		if err := write(p, number); err != nil {
			return err
		}
		if err := reads(c, number); err != nil {
			return err
		}
	}
	return nil
}

// reads takes the next frame, which has to be that of a number.
func reads(c *bips.Consumer, number uint64) error {
	f, err := c.Pull(patience)
	if err != nil {
		return err
	}
	if got, err := check(&f); err != nil || got != number {
		return fmt.Errorf("frame %d, want %d: %w", got, number, err)
	}
	return c.Push(f)
}

func fullLater(args []string) error {
	if err := mountPools(args[0], "size=4m"); err != nil {
		return skip("no tmpfs of its own: %v", err)
	}
	before := descriptors()
	p, err := newProducer(poolName, small)
	if err != nil {
		return err
	}
	other, err := fill(args[0], 1<<40)
	if err != nil {
		return err
	}
	if err := os.WriteFile(other+"!", []byte{1}, 0o600); !errors.Is(err, unix.ENOSPC) {
		return fmt.Errorf("it is not full: %v", err)
	}
	if err := os.Remove(other + "!"); err != nil {
		return err
	}
	if err := cross(p); err != nil { // a slot that was not there would be SIGBUS
		return err
	}
	if _, err := newProducer("second", small); err != nil {
		if err := complains(err, bips.ErrNoSpace, "0 MiB are free"); err != nil {
			return err
		}
	}
	if err := errors.Join(cross(p), p.Close(), os.Remove(other), nothingLeft(before)); err != nil {
		return err
	}
	return exchange(poolName, small)
}

// noLimit has its pools in a tmpfs that says it has no block in all.
func noLimit(args []string) error {
	if err := mountPools(args[0], "size=0"); err != nil {
		return skip("no tmpfs of its own: %v", err)
	}
	before := descriptors()
	_, err := newProducer(poolName, bips.ProducerOptions{SlotSize: 1 << 38})
	return errors.Join(complains(err, bips.ErrNoSpace, args[0], "no limit of its own", "fewer or smaller slots"),
		exchange(poolName, small), nothingLeft(before))
}

func noMoreFiles(args []string) error {
	// The folder itself, the lock file, the seats: none is left for the pool.
	if err := mountPools(args[0], "size=4m,nr_inodes=3"); err != nil {
		return skip("no tmpfs of its own: %v", err)
	}
	before := descriptors()
	_, err := newProducer(poolName, small)
	return errors.Join(complains(err, bips.ErrNoSpace, args[0], "4 MiB are free", "df -i"), nothingLeft(before))
}

// namesOnly has pools of memfd where there is no room for their memory, and then not for a socket either.
func namesOnly(args []string) error {
	if err := mountPools(args[0], "size=4k,nr_inodes=3"); err != nil { // the folder, the lock file, the socket
		return skip("no tmpfs of its own: %v", err)
	}
	before := descriptors()
	if err := errors.Join(exchange(poolName, bips.ProducerOptions{Slots: 8, SlotSize: 1 << 20}), nothingLeft(before)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(args[0], "other program's"), nil, 0o600); err != nil {
		return err
	}
	_, err := newProducer(poolName, small)
	return errors.Join(complains(err, bips.ErrNoSpace, poolName, args[0], "df -i", "BIPS_SHM_DIR"), nothingLeft(before))
}
