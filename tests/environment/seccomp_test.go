package environment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

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
	call     uint32
	argument uint32 // from 0
	value    uint32
}{
	"locks":         {unix.SYS_FCNTL, 1, 37}, // F_OFD_SETLK
	"probes":        {unix.SYS_FCNTL, 1, 36}, // F_OFD_GETLK
	"shared memory": {unix.SYS_MMAP, 3, unix.MAP_SHARED},
	"shared futex":  {unix.SYS_FUTEX, 1, 1}, // FUTEX_WAKE, not private
}

func filtered(args []string) error {
	filter := filters[args[0]]
	if err := forbid(filter.call, filter.argument, filter.value); err != nil {
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

// forbid makes the kernel answer a call with EPERM from now on, in all threads, if an argument has a value.
func forbid(call, argument, value uint32) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	const firstArgument, argumentSize = 16, 8 // struct seccomp_data, little-endian
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: firstArgument + argument*argumentSize},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: value, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	// SAFETY: the kernel reads the program, which is alive until the call returns.
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	if errno != 0 {
		return errno
	}
	return nil
}
