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

// A filter, as containers have one, answers calls with EPERM, which otherwise says that a file is
// another user's.
func TestACallThatAFilterForbidsIsToldAsThat(t *testing.T) {
	for name := range filters {
		t.Run(name, func(t *testing.T) {
			dir := testmain.Dir(t)
			if name == "locks" { // who cannot lock its lock file must not remove it
				defer os.Remove(filepath.Join(dir, "bips.second.lock"))
			}
			producer := begin(t, nil, "produce", "4096", "-1ns", "0")
			producer.line()
			producer.tell()
			producer.line()
			begin(t, nil, "filtered", name).ends()
			producer.tell()
			producer.report()
			producer.ends()
		})
	}
}

// filters are calls that this project's files need, and where their arguments tell them from
// those of the Go runtime.
var filters = map[string]struct {
	call     uintptr
	argument uint32 // from 0
	value    int
}{
	"locks":         {unix.SYS_FCNTL, 1, 37}, // F_OFD_SETLK
	"probes":        {unix.SYS_FCNTL, 1, 36}, // F_OFD_GETLK
	"shared memory": {unix.SYS_MMAP, 3, unix.MAP_SHARED},
	"shared futex":  {unix.SYS_FUTEX, 1, 1}, // FUTEX_WAKE, not private
}

func filtered(args []string) error {
	filter := filters[args[0]]
	if err := testmain.AnswerCall(filter.call, filter.argument, filter.value, unix.EPERM); err != nil {
		return skip("no filter of its own: %v", err)
	}
	before := descriptors()
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
	if err != nil {
		return err
	}
	_, pullErr := c.Pull(patience)
	if err := errors.Join(complainsOfFilter(pullErr), c.Close()); err != nil {
		return err
	}
	if args[0] != "probes" { // of which a producer needs none at its start
		_, startErr := bips.NewProducer("second", small)
		if err := complainsOfFilter(startErr); err != nil {
			return err
		}
	}
	if after := descriptors(); len(after) != len(before) || len(testmain.Held()) > 0 {
		return fmt.Errorf("%q and %q are left", after, testmain.Held())
	}
	return nil
}

func complainsOfFilter(err error) error {
	return complains(err, unix.EPERM, "seccomp")
}
