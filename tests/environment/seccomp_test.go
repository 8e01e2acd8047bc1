package environment

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// A filter, as containers have one, answers calls with EPERM, which otherwise says that a file is
// another user's.
func TestACallThatAFilterForbidsIsToldAsThat(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		for name, filter := range filters {
			if !filter.concerns(reader) && !filter.concerns(producer) {
				continue
			}
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
	})
}

// Who makes a call.
const (
	producer = "a producer"
	reader   = "a reader"
)

// filter is a call that pools need, and where an argument tells it from those of the Go runtime.
type filter struct {
	call     uintptr
	argument uint32 // from 0
	value    int
	callers  map[string][]string // by backend
}

func (f *filter) concerns(who string) bool {
	return slices.Contains(f.callers[testmain.Backend()], who)
}

var filters = map[string]filter{
	"locks":          {unix.SYS_FCNTL, 1, 37, map[string][]string{"shm": {producer, reader}, "memfd": {producer}}}, // F_OFD_SETLK
	"probes":         {unix.SYS_FCNTL, 1, 36, map[string][]string{"shm": {reader}}},                                // F_OFD_GETLK
	"shared memory":  {unix.SYS_MMAP, 3, unix.MAP_SHARED, map[string][]string{"shm": {producer, reader}, "memfd": {producer, reader}}},
	"shared futex":   {unix.SYS_FUTEX, 1, 1, map[string][]string{"shm": {producer, reader}, "memfd": {producer, reader}}}, // FUTEX_WAKE, not private
	"memfd_create":   {unix.SYS_MEMFD_CREATE, 1, unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING | unix.MFD_NOEXEC_SEAL, map[string][]string{"memfd": {producer}}},
	"seals":          {unix.SYS_FCNTL, 1, unix.F_ADD_SEALS, map[string][]string{"memfd": {producer}}},
	"looks at seals": {unix.SYS_FCNTL, 1, unix.F_GET_SEALS, map[string][]string{"memfd": {reader}}},
	"sockets":        {unix.SYS_SOCKET, 0, unix.AF_UNIX, map[string][]string{"memfd": {producer, reader}}},
}

func filtered(args []string) error {
	filter := filters[args[0]]
	if err := testmain.AnswerCall(filter.call, filter.argument, filter.value, unix.EPERM); err != nil {
		return skip("no filter of its own: %v", err)
	}
	before := descriptors()
	if filter.concerns(reader) {
		c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
		if err != nil {
			return err
		}
		_, pullErr := c.Pull(patience)
		if err := errors.Join(complainsOfFilter(pullErr), c.Close()); err != nil {
			return err
		}
	}
	if filter.concerns(producer) {
		_, startErr := newProducer("second", small)
		if err := complainsOfFilter(startErr); err != nil {
			return err
		}
	}
	if err := holdsNothing(); err != nil {
		return err
	}
	return comesBackTo(before)
}

func complainsOfFilter(err error) error {
	return complains(err, unix.EPERM, "seccomp")
}
