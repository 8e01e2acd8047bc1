package environment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestTooLittleAddressSpaceIsAnErrorOnBothSides(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		testmain.Dir(t)
		producer := begin(t, nil, "produce", fmt.Sprint(large.SlotSize), "-1ns", "0")
		producer.line()
		producer.tell()
		producer.line()
		begin(t, nil, "address space").ends()
		producer.tell()
		producer.report()
		producer.ends()
	})
}

// large is a pool of more than 128 MiB.
var large = bips.ProducerOptions{SlotSize: 8 << 20}

// addressSpace lets this process grow by less than the pool needs.
func addressSpace([]string) error {
	var pages, limit uint64
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	if _, err := fmt.Sscan(string(text), &pages); err != nil {
		return err
	}
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &old); err != nil {
		return err
	}
	limit = pages*uint64(os.Getpagesize()) + 96<<20 // some of it is for the Go runtime
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: limit, Max: old.Max}); err != nil {
		return err
	}
	before := descriptors()
	_, startErr := newProducer("second", large)
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
	if err != nil {
		return err
	}
	_, pullErr := c.Pull(patience)
	if err := errors.Join(
		complains(startErr, unix.ENOMEM, "second", "ulimit -v"),
		complains(pullErr, unix.ENOMEM, poolName, "ulimit -v"),
	); err != nil {
		return err
	}
	if names, _ := filepath.Glob(os.Getenv("BIPS_SHM_DIR") + "/bips.second*"); len(names) != 0 {
		return fmt.Errorf("left: %q", names)
	}
	if err := comesBackTo(before); err != nil {
		return err
	}
	if err := holdsNothing(); err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_AS, &old); err != nil {
		return err
	}
	f, err := c.Pull(patience)
	if err != nil {
		return err
	}
	return errors.Join(c.Push(f), c.Close(), exchange("second", small))
}

// Who takes more than its group may have is killed by the kernel: an error comes before.
func TestAPoolThatTheControlGroupHasNoMemoryForIsAnError(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		testmain.Dir(t)
		group := testmain.NewMemoryGroup(t, 96<<20)
		c := begin(t, nil, "memory of the group")
		c.line()
		group.Put(t, c.command.Process.Pid)
		c.tell()
		c.ends()
	})
}

func memoryOfTheGroup([]string) error {
	fmt.Println("here")
	isTold()
	before := descriptors()
	_, err := newProducer(poolName, large)
	if err := errors.Join(complains(err, bips.ErrNoSpace, poolName, "control group", "--memory"), nothingLeft(before)); err != nil {
		return err
	}
	return exchange(poolName, bips.ProducerOptions{SlotSize: 3 << 20}) // near the limit the kernel takes the program itself out of memory, again and again
}
