// Command withqemu runs a command whose children may be programs for arm64, on a machine that is of another kind: the kernel
// starts them with qemu.
//
//	withqemu CMD...
//
// Where the system does that already (binfmt_misc), the command is simply run. Else it gets a user namespace with a
// binfmt_misc of its own, for which Linux 6.7 is needed; nothing changes for others. Where there is no such namespace, the
// command runs without it, and this is said: programs that start themselves anew cannot do so under qemu then.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

const (
	emulator = "qemu-aarch64-static"
	folder   = "/proc/sys/fs/binfmt_misc"
	// insideVariable is set in the namespace.
	insideVariable = "BIPS_WITHQEMU_INSIDE"
	// An ELF header of 64 bits, little-endian, of an executable (fixed or not) for processor 183; zeroes in the mask are bits
	// that may be anything. F: qemu is opened now. P: it is told how a program was called.
	rule = `:bips-arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:` +
		`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:%s:FP`
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: withqemu CMD...")
		os.Exit(2)
	}
	err := run(os.Args[1:])
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() > 0 {
		os.Exit(ended.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "withqemu:", err)
		os.Exit(1)
	}
}

func run(command []string) error {
	qemu, err := exec.LookPath(emulator)
	if err != nil {
		return fmt.Errorf("%w: tools/setup arm64 installs it", err)
	}
	switch {
	case os.Getenv(insideVariable) != "":
		os.Unsetenv(insideVariable)
		if err := register(qemu); err != nil {
			fmt.Fprintf(os.Stderr, "withqemu: programs cannot start programs for arm64 here: %v\n", err)
		}
		return replace(command)
	case registered():
		return replace(command)
	}
	inside := exec.Command("/proc/self/exe", command...)
	inside.Env = append(os.Environ(), insideVariable+"=1")
	inside.Stdin, inside.Stdout, inside.Stderr = os.Stdin, os.Stdout, os.Stderr
	if inside.SysProcAttr, err = namespaces(); err != nil {
		return err
	}
	signal.Ignore(os.Interrupt) // the command gets it, too
	if err := inside.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "withqemu: programs cannot start programs for arm64 here: no namespaces: %v\n", err)
		return replace(command)
	}
	return inside.Wait()
}

// registered reports whether programs for arm64 are started by whatever the system has for them.
func registered() bool {
	rules, _ := os.ReadDir(folder)
	for _, r := range rules {
		text, err := os.ReadFile(folder + "/" + r.Name())
		if err == nil && bytes.HasPrefix(text, []byte("enabled")) && bytes.Contains(text, []byte("aarch64")) {
			return true
		}
	}
	return false
}

// capSysAdmin is CAP_SYS_ADMIN: mounting needs it.
const capSysAdmin = 21

// namespaces are those of the command: its users are who they are outside, as far as they may be.
func namespaces() (*syscall.SysProcAttr, error) {
	attributes := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		AmbientCaps: []uintptr{capSysAdmin},
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
	}
	if os.Getuid() != 0 {
		return attributes, nil
	}
	var err error
	if attributes.UidMappings, err = everybody("/proc/self/uid_map"); err == nil {
		attributes.GidMappings, err = everybody("/proc/self/gid_map")
		attributes.GidMappingsEnableSetgroups = true
	}
	return attributes, err
}

// everybody maps all who are known here to themselves.
func everybody(file string) (maps []syscall.SysProcIDMap, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var here, outside, size int
		if _, err := fmt.Sscan(line, &here, &outside, &size); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", file, line, err)
		}
		maps = append(maps, syscall.SysProcIDMap{ContainerID: here, HostID: here, Size: size})
	}
	return maps, nil
}

func register(qemu string) error {
	if err := syscall.Mount("binfmt_misc", folder, "binfmt_misc", 0, ""); err != nil {
		return fmt.Errorf("a binfmt_misc of this namespace's own (Linux 6.7): %w", err)
	}
	if err := os.WriteFile(folder+"/register", fmt.Appendf(nil, rule, qemu), 0); err != nil {
		return fmt.Errorf("register %s: %w", qemu, err)
	}
	return nil
}

// replace makes this process the command, with no right that it had not outside.
func replace(command []string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	const clearAll = 4 // PR_CAP_AMBIENT_CLEAR_ALL
	_, _, _ = syscall.RawSyscall6(syscall.SYS_PRCTL, 47 /* PR_CAP_AMBIENT */, clearAll, 0, 0, 0, 0)
	return syscall.Exec(path, command, os.Environ())
}
