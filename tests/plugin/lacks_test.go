package plugin

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/testmain"
)

// behind lets a shell do something first, in the process that the pipeline will be.
func behind(shell string, change func(*exec.Cmd)) func(*exec.Cmd) {
	return func(c *exec.Cmd) {
		change(c)
		c.Args = append([]string{"sh", "-c", shell + ` && exec "$@"`, "sh"}, c.Args...)
		c.Path = "/bin/sh"
	}
}

// behindMounts does so with mounts of its own.
func behindMounts(t *testing.T, shell string, change func(*exec.Cmd)) func(*exec.Cmd) {
	t.Helper()
	unshare, err := exec.LookPath("unshare")
	if err != nil || os.Getuid() != 0 || exec.Command(unshare, "--mount", "sh", "-c", shell).Run() != nil {
		t.Skip("needs the right to mount, as root has it, and the program unshare")
	}
	return func(c *exec.Cmd) {
		behind(shell, change)(c)
		c.Args = append([]string{unshare, "--mount"}, c.Args...)
		c.Path = unshare
	}
}

func TestTheLongestNameOfAPool(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	name := strings.Repeat("n", 200) // a socket's path has 107 bytes
	p := launchWith(t, dir.use, "%s ! bipssink pool=%s", endless, name)
	launchWith(t, dir.use, "bipssrc pool=%s num-buffers=3 ! fakesink", name).finish()
	p.interrupt()
	dir.isClean(t, "after all")
}

// Readers of a socket need no right to write to its folder.
func TestAFolderThatIsMountedReadOnly(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	readOnly := behindMounts(t, fmt.Sprintf("mount --bind %[1]s %[1]s && mount -o remount,ro,bind %[1]s", dir), dir.use)
	launchWith(t, readOnly, "videotestsrc num-buffers=3 ! %s ! bipssink pool=p", small).fail(`"p"`, "ead-only file system", "mount it read-write", "BIPS_SHM_DIR")
	dir.isClean(t, "after a sink that may not write")
	p := launchWith(t, dir.use, "%s ! bipssink pool=p", endless)
	launchWith(t, dir.use, "bipssrc pool=p num-buffers=1 ! fakesink").finish() // it is there
	const line = "bipssrc pool=p num-buffers=3 ! fakesink"
	if backend == "memfd" {
		launchWith(t, readOnly, line).finish()
	} else {
		launchWith(t, readOnly, line).fail(`"p"`, "ead-only file system", "mount it read-write", "BIPS_SHM_DIR")
	}
	p.interrupt()
	dir.isClean(t, "after all")
}

// As in a sandbox that has none.
func TestWithoutProc(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	without := behindMounts(t, "mount -t tmpfs tmpfs /proc", dir.use)
	p := launchWith(t, without, "%s ! bipssink pool=p", endless)
	launchWith(t, without, "bipssrc pool=p num-buffers=3 ! fakesink").finish()
	p.interrupt()
	dir.isClean(t, "after all")
}

// The pool is larger than the limit of its control group: an error comes before the kernel kills.
func TestAControlGroupWithoutRoomForThePool(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	group := testmain.NewMemoryGroup(t, 192<<20)
	inGroup := behind("echo $$ > "+group.Processes(), dir.use)
	const pictures = "videotestsrc num-buffers=3 ! video/x-raw,format=I420,width=1920,height=1080 ! bipssink pool=p sync=false "
	launchWith(t, inGroup, pictures+"slots=64").fail(`"p"`, "it needs 19", "control group leaves", "use fewer or smaller slots", "--memory")
	dir.isClean(t, "after a pool for which there is no room")
	launchWith(t, inGroup, pictures+"slots=6").finish()
	dir.isClean(t, "after one for which there is")
}

// A process that may open few files: with each number of them a pipeline plays, or ends with an error, and
// for some the error is the element's. For others GLib ends the process.
func TestALimitOnOpenFiles(t *testing.T) {
	t.Parallel()
	there := ownDir(t)
	p := launchWith(t, there.use, "%s ! bipssink pool=p", endless)
	launchWith(t, there.use, "bipssrc pool=p num-buffers=1 ! fakesink").finish()
	for name, c := range map[string]struct {
		line string
		dir  func(*testing.T) ownDirectory
	}{
		"sink":   {"videotestsrc num-buffers=3 ! " + small + " ! bipssink pool=p sync=false", ownDir},
		"source": {"bipssrc pool=p num-buffers=3 ! fakesink", func(*testing.T) ownDirectory { return there }},
	} {
		t.Run(name, func(t *testing.T) {
			told := 0
			for limit := 24; limit > 10; limit-- {
				dir := c.dir(t)
				q := launchWith(t, behind(fmt.Sprintf("ulimit -n %d", limit), dir.use), "%s", c.line)
				q.endsAfterAnError()
				err := q.wait(patience)
				says := strings.Contains(q.said(), "this process may open no more files: raise its limit (ulimit -n, LimitNOFILE=) or close some")
				if err == nil && says {
					t.Errorf("with %d it played, and said: %s", limit, q.said())
				}
				if says {
					told++
				}
				if dir != there && q.command.ProcessState.Exited() {
					dir.isClean(t, fmt.Sprintf("with %d files", limit))
				}
			}
			if told == 0 {
				t.Error("no limit was told of")
			}
		})
	}
	p.interrupt()
	there.isClean(t, "after all")
}

// What older kernels lack.
func TestAnOldKernel(t *testing.T) {
	t.Parallel()
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_FUTURE_WRITE | unix.F_SEAL_SEAL
	dir := ownDir(t)
	noSeals := withoutCall(t, dir, unix.SYS_FCNTL, 2, seals, unix.EINVAL)
	const frames = "videotestsrc num-buffers=3 ! " + small + " ! bipssink pool=p sync=false"
	launchWith(t, noSeals, "%s backend=memfd", frames).fail(`"p"`, "memfd needs Linux 5.1", "backend=shm")
	dir.isClean(t, "after a kernel without seals")
	launchWith(t, noSeals, "%s backend=shm", frames).finish()
	noWaitv := withoutCall(t, dir, unix.SYS_FUTEX_WAITV, 2, 0, unix.ENOSYS) // its flags
	p := launchWith(t, noWaitv, "%s ! bipssink pool=p", endless)
	launchWith(t, noWaitv, "bipssrc pool=p num-buffers=30 ! fakesink").finish()
	p.interrupt()
	dir.isClean(t, "after all")
}

// withoutCall lets a pipeline's process get an error for a system call with this value of an argument.
func withoutCall(t *testing.T, dir ownDirectory, call uintptr, argument uint32, value int, answer unix.Errno) func(*exec.Cmd) {
	t.Helper()
	return func(c *exec.Cmd) {
		dir.use(c)
		role := testmain.Child(t, "without calls", fmt.Sprint(call), fmt.Sprint(argument), fmt.Sprint(value), fmt.Sprint(int(answer)), c.Path)
		role.Args = append(role.Args, c.Args...)
		c.Env = append(c.Env, role.Env[len(role.Env)-1])
		c.Path, c.Args = role.Path, role.Args
	}
}

// withoutCalls is the role of such a process until it is a pipeline. Arguments: those of [testmain.AnswerCall], a program, and
// the program's arguments with its name.
func withoutCalls(args []string) error {
	var numbers [4]int
	for i := range numbers {
		var err error
		if numbers[i], err = strconv.Atoi(args[i]); err != nil {
			return err
		}
	}
	if err := testmain.AnswerCall(uintptr(numbers[0]), uint32(numbers[1]), numbers[2], unix.Errno(numbers[3])); err != nil {
		return err
	}
	return errors.Join(errors.New("exec"), unix.Exec(args[4], args[5:], os.Environ()))
}
