package environment

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// withMounts gives a child mounts of its own: as root it needs a mount namespace, else a
// user namespace too, which not every system allows.
func withMounts(command *exec.Cmd) {
	attributes := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		attributes.Cloneflags |= syscall.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	command.SysProcAttr = attributes
}

// alone runs a role with mounts of its own, in a folder that it may mount over.
func alone(t *testing.T, role string) {
	t.Helper()
	begin(t, withMounts, role, t.TempDir()).ends()
}

// mountPools mounts a small tmpfs in a folder, for pools to be in.
func mountPools(folder, options string) error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, options); err != nil {
		return err
	}
	return os.Setenv("BIPS_SHM_DIR", folder)
}

// mountAgain mounts a folder in another place, where it is read-only.
func mountAgain(folder string) (other string, err error) {
	other = filepath.Join(folder, "other")
	if err := os.Mkdir(other, 0o755); err != nil {
		return "", err
	}
	if err := unix.Mount(folder, other, "", unix.MS_BIND, ""); err != nil {
		return "", err
	}
	return other, unix.Mount("", other, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
}
