package environment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// A kernel that is too old for sealed memory says so in different ways.
func TestAKernelThatIsTooOldForMemfdIsToldOf(t *testing.T) {
	for name, call := range map[string]struct {
		number   uintptr
		argument uint32
		value    int
		answer   unix.Errno
	}{
		"before Linux 3.17": {unix.SYS_MEMFD_CREATE, 1, unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING | unix.MFD_NOEXEC_SEAL, unix.ENOSYS},
		"before Linux 5.1":  {unix.SYS_FCNTL, 2, unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_FUTURE_WRITE | unix.F_SEAL_SEAL, unix.EINVAL},
	} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			begin(t, nil, "on an old kernel", fmt.Sprint(call.number), fmt.Sprint(call.argument), fmt.Sprint(call.value), fmt.Sprint(int(call.answer))).ends()
		})
	}
}

// onAnOldKernel answers a call as that kernel does. Arguments: those of [testmain.AnswerCall].
func onAnOldKernel(args []string) error {
	if err := answer(args); err != nil {
		return skip("no filter of its own: %v", err)
	}
	before := descriptors()
	memfd := small
	memfd.Backend = bips.Memfd
	_, err := bips.NewProducer(poolName, memfd)
	return errors.Join(complains(err, bips.ErrBackend, poolName, "Linux 5.1", "use the backend shm"), nothingLeft(before), exchange(poolName, small))
}

func answer(args []string) error {
	var numbers [4]int
	for i := range numbers {
		var err error
		if numbers[i], err = strconv.Atoi(args[i]); err != nil {
			return err
		}
	}
	return testmain.AnswerCall(uintptr(numbers[0]), uint32(numbers[1]), numbers[2], unix.Errno(numbers[3]))
}

// futex_waitv came with Linux 5.16, and later to the filters of containers.
func TestFramesCrossOnAKernelWithoutFutexWaitv(t *testing.T) {
	for name, errno := range map[string]unix.Errno{"it does not know it": unix.ENOSYS, "a filter forbids it": unix.EPERM} {
		t.Run(name, func(t *testing.T) {
			testmain.EachBackend(t, func(t *testing.T) {
				testmain.Dir(t)
				begin(t, nil, "without futex_waitv", fmt.Sprint(unix.SYS_FUTEX_WAITV), "2", "0", fmt.Sprint(int(errno))).ends() // its flags
			})
		})
	}
}

func withoutFutexWaitv(args []string) error {
	if err := answer(args); err != nil {
		return skip("no filter of its own: %v", err)
	}
	before := descriptors()
	return errors.Join(exchange(poolName, small), nothingLeft(before))
}

// As in a sandbox (bwrap without --proc).
func TestPoolsWorkWithoutProc(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) { begin(t, withMounts, "without proc", testmain.Dir(t)).ends() })
}

func withoutProc(args []string) error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return skip("no mounts of its own: %v", err)
	}
	if err := unix.Mount("tmpfs", "/proc", "tmpfs", 0, ""); err != nil {
		return skip("/proc cannot be hidden: %v", err)
	}
	if err := exchange(poolName, small); err != nil {
		return err
	}
	if testmain.Backend() == "shm" {
		return exchange(longName, small)
	}
	// A socket's path has 107 bytes at most.
	p, err := newProducer(longName, small)
	if err != nil {
		return err
	}
	c, err := bips.NewConsumer(longName, bips.ConsumerOptions{})
	if err != nil {
		return err
	}
	_, pullErr := c.Pull(patience)
	errs := []error{complainsOfLength(pullErr), complainsOfLength(bips.WhyNoPool(longName)), c.Close(), p.Close()}
	folder := filepath.Join(args[0], longName)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	if err := os.Setenv("BIPS_SHM_DIR", folder); err != nil {
		return err
	}
	_, startErr := newProducer(poolName, small)
	return errors.Join(append(errs, complainsOfLength(startErr), os.Remove(folder))...)
}

func complainsOfLength(err error) error {
	if err == nil {
		return errors.New("there was no error")
	}
	return complains(err, err, "without /proc", "107 bytes", "use a shorter")
}
