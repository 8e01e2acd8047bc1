package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// Settings that cannot work: the pipeline does not start, and says why and what to do.
func TestBadSettings(t *testing.T) {
	frame := "videotestsrc num-buffers=3 ! " + small
	for _, c := range []struct {
		name, line string
		says       []string
	}{
		{"a sink without a name", frame + " ! bipssink", []string{"No pool is named", "pool=NAME"}},
		{"a source without a name", "bipssrc ! fakesink", []string{"No pool is named", "pool=NAME"}},
		{"a slash in a name", frame + " ! bipssink pool=a/b", []string{`"a/b"`, `'/'`, "letters, digits, _ and -"}},
		{"a slash in a source's name", "bipssrc pool=../b ! fakesink", []string{`"../b"`, "letters, digits, _ and -"}},
		{"a long name", frame + " ! bipssink pool=" + strings.Repeat("n", 201), []string{"201 bytes", "200"}},
		{"no slots", frame + " ! bipssink pool=p slots=0", []string{"slots=0", "2 to 64"}},
		{"one slot", frame + " ! bipssink pool=p slots=1", []string{"slots=1", "2 to 64"}},
		{"too many slots", frame + " ! bipssink pool=p slots=65", []string{"slots=65", "2 to 64"}},
		{"too many readers", frame + " ! bipssink pool=p max-consumers=65", []string{"max-consumers=65", "1 to 64"}},
		{"no readers", frame + " ! bipssink pool=p max-consumers=0", []string{"max-consumers=0", "1 to 64"}},
		{"waiting for more than may come", frame + " ! bipssink pool=p max-consumers=2 wait-for-consumers=3", []string{"wait-for-consumers=3", "max-consumers=2"}},
		{"slots smaller than a frame", frame + " ! bipssink pool=small-slots slot-size=1000", []string{"1000", "3072"}},
		{"no slot may be held", "bipssrc pool=p max-held=0 ! fakesink", []string{"max-held=0", "1 to 63"}},
		{"too much to hold", "bipssrc pool=p max-held=64 ! fakesink", []string{"max-held=64", "1 to 63"}},
		{"too long a spin", "bipssrc pool=p spin=101 ! fakesink", []string{"spin=101", "100 microseconds"}},
		{"a time that is none", "bipssrc pool=p connect-timeout=-2 ! fakesink", []string{"connect-timeout=-2", "-1 (for ever)"}},
		{"a stall at once", "bipssrc pool=p stall-timeout=0 ! fakesink", []string{"stall-timeout=0", "more than 0, or -1 (never)"}},
		{"a time to block that is none", frame + " ! bipssink pool=p block-timeout=-3", []string{"block-timeout=-3", "-1 (for ever)", "-2 (automatic)"}},
		{"permissions that are none", frame + " ! bipssink pool=p perms=4096", []string{"perms=4096", "010000", "0666 (everyone)", "in octal, with a 0 in front."}},
		{"permissions in decimal", frame + " ! bipssink pool=p perms=444", []string{"perms=444", "0674", "nobody executes a pool", "in octal, with a 0 in front: perms=0644."}},
		{"other permissions in decimal", frame + " ! bipssink pool=p perms=660", []string{"perms=660", "01224", "perms=0660."}},
		{"permissions to write and not read", frame + " ! bipssink pool=p perms=0620", []string{"0620", "some could write and not read"}},
		{"permissions to execute", frame + " ! bipssink pool=p perms=0777", []string{"0777", "nobody executes"}},
		{"no permissions", frame + " ! bipssink pool=p perms=0", []string{"perms=0", "its own user"}},
		{"a group that is not there", frame + " ! bipssink pool=p perms=0660 group=no-such-group", []string{"group=no-such-group", "no such group"}},
		{"a group without a right", frame + " ! bipssink pool=p group=0", []string{"group=0", "perms=0600", "perms=0660"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := ownDir(t)
			launchWith(t, dir.use, "%s", c.line).fail(c.says...)
			dir.isClean(t, c.name)
		})
	}
}

// One slash in front is accepted and means nothing.
func TestALeadingSlash(t *testing.T) {
	t.Parallel()
	source := launch(t, "bipssrc pool=%s num-buffers=3 ! fakesink", poolName(t))
	p := launch(t, "%s ! bipssink pool=/%s", endless, poolName(t))
	source.finish()
	p.interrupt()
}

// Upstream that has frames in some other memory only: it fails itself, since bipssink does
// not offer to take them, and bipssink says why.
func TestCapsInOtherMemory(t *testing.T) {
	for feature, converter := range map[string]string{
		"memory:NVMM":     "nvvidconv",
		"memory:GLMemory": "gldownload",
		"memory:DMABuf":   "converter",
	} {
		t.Run(feature, func(t *testing.T) {
			t.Parallel()
			dir := ownDir(t)
			// gst-launch-1.0 may end before the sentence comes: the other element's error is first.
			for range 20 {
				p := launchWith(t, dir.use, "filesrc location=/dev/zero num-buffers=3 blocksize=3072 ! video/x-raw(%s),format=GRAY8,width=64,height=48,framerate=30/1 ! bipssink pool=p", feature)
				p.fail()
				if said := p.said(); strings.Contains(said, "frames in "+feature+" only") && strings.Contains(said, converter) {
					return
				}
			}
			t.Error("the sink did not say why")
		})
	}
}

// A frame in memory that the CPU cannot map, though the caps do not say so.
func TestAFrameThatCannotBeMapped(t *testing.T) {
	t.Parallel()
	needs(t, "trouble")
	launch(t, "videotestsrc num-buffers=3 ! %s ! trouble kind=unmappable ! bipssink pool=%s sync=false", small, poolName(t)).
		fail("cannot map", "converter")
}

func TestASecondProducer(t *testing.T) {
	t.Parallel()
	w := write(t, poolName(t), bips.ProducerOptions{})
	launch(t, "%s ! bipssink pool=%s", endless, poolName(t)).fail("nother producer is alive", poolName(t))
	w.frames(1) // the first goes on
}

func TestTooManyReaders(t *testing.T) {
	t.Run("seats", func(t *testing.T) {
		t.Parallel()
		w := write(t, poolName(t), bips.ProducerOptions{MaxConsumers: 1})
		launch(t, "bipssrc pool=%s ! fakesink", poolName(t))
		w.awaits(1)
		launch(t, "bipssrc pool=%s ! fakesink", poolName(t)).fail("ool full", "max-consumers")
	})
	t.Run("slots", func(t *testing.T) {
		t.Parallel()
		w := write(t, poolName(t), bips.ProducerOptions{Slots: 4}) // three are the producer's
		launch(t, "bipssrc pool=%s ! fakesink", poolName(t))
		w.awaits(1)
		launch(t, "bipssrc pool=%s ! fakesink", poolName(t)).fail("ool full", "slots")
	})
}

// No such pool: the directory is there, the name is not.
func TestNoSuchPool(t *testing.T) {
	t.Parallel()
	for _, timeout := range []string{"1", "0"} {
		launch(t, "bipssrc pool=%s connect-timeout=%s ! fakesink", poolName(t), timeout).fail(poolName(t), "start its producer", "BIPS_SHM_DIR")
	}
}

// connect-timeout=0 does not wait for a pool, and reads the one that is there.
func TestAPoolThatIsThereIsFoundWithoutWaiting(t *testing.T) {
	t.Parallel()
	write(t, poolName(t), bips.ProducerOptions{}).frames(1)
	launch(t, "bipssrc pool=%s connect-timeout=0 num-buffers=1 ! fakesink", poolName(t)).finish()
}

// Pools that are not what they should be.
func TestDamagedPools(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the pool's file is damaged; tests/hostile damages what comes over a socket")
	for _, c := range []struct {
		name string
		harm func(t *testing.T, file *os.File)
		says []string
	}{
		{"another version", func(t *testing.T, file *os.File) { overwrite(t, file, 8, 0xff) }, []string{"version"}},
		{"not a pool", func(t *testing.T, file *os.File) { overwrite(t, file, 0, 'x') }, []string{"ool"}},
		{"cut short", func(t *testing.T, file *os.File) { truncate(t, file, 5000) }, []string{"damaged"}},
		{"cut to nothing", func(t *testing.T, file *os.File) { truncate(t, file, 0) }, []string{"damaged"}},
		{"full of holes", func(t *testing.T, file *os.File) { truncate(t, file, 8192); truncate(t, file, 1<<20) }, []string{"damaged", "holes"}},
		{"scribbled on", func(t *testing.T, file *os.File) {
			for at := range int64(4096 - 16) {
				overwrite(t, file, at+16, 0xa5)
			}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := ownDir(t)
			p := launchWith(t, dir.use, "%s ! bipssink pool=p", endless)
			launchWith(t, dir.use, "bipssrc pool=p num-buffers=1 ! fakesink").finish()
			p.kill() // a living producer is not what is tested here
			path := filepath.Join(string(dir), "bips.p")
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			holdProducerLock(t, file)
			c.harm(t, file)
			launchWith(t, dir.use, "bipssrc pool=p connect-timeout=2000000000 ! fakesink").fail(append(c.says, "p")...)
		})
	}
}

// holdProducerLock makes a pool look as if its producer lived, by its lock.
func holdProducerLock(t *testing.T, file *os.File) {
	t.Helper()
	const setLock = 37 // F_OFD_SETLK
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Start: 0, Len: 1}
	if err := syscall.FcntlFlock(file.Fd(), setLock, &lock); err != nil {
		t.Fatal(err)
	}
}

func overwrite(t *testing.T, file *os.File, at int64, value byte) {
	t.Helper()
	if _, err := file.WriteAt([]byte{value}, at); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, file *os.File, size int64) {
	t.Helper()
	if err := file.Truncate(size); err != nil {
		t.Fatal(err)
	}
}

// The shared memory is too small: an error at the start that names both sizes, and
// nothing left behind.
func TestTooLittleSharedMemory(t *testing.T) {
	t.Parallel()
	dir := smallTmpfs(t)
	const line = "videotestsrc num-buffers=3 ! video/x-raw,format=I420,width=640,height=480 ! bipssink pool=p sync=false"
	launchWith(t, dir.use, line).fail("it needs 10 MiB", "has 4 MiB", "fewer or smaller slots")
	dir.isClean(t, "after ENOSPC")
	launchWith(t, dir.use, line+" slots=4").finish()
	dir.isClean(t, "after success")
}

// smallTmpfs mounts 4 MB of memory.
func smallTmpfs(t *testing.T) ownDirectory {
	t.Helper()
	testmain.OnlyOver(t, "shm", "a pool's memory is part of its folder's file system; that of memfd is not")
	dir := ownDir(t)
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", string(dir)).Run(); err != nil {
		t.Skip("needs the right to mount a small tmpfs, as root has it")
	}
	t.Cleanup(func() { _ = exec.Command("umount", string(dir)).Run() })
	return dir
}

// A pool of another user: refused with a sentence on perms, allowed with them.
func TestPermissions(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root, to run readers as another user")
	}
	const nobody = 65534
	dir := ownDir(t)
	for _, path := range []string{string(dir), filepath.Dir(string(dir))} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	stranger := func(c *exec.Cmd) {
		dir.use(c)
		c.Env = append(c.Env, "HOME=/nonexistent", "GST_DEBUG_FILE=")
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	readable(t)
	private := launchWith(t, dir.use, "%s ! bipssink pool=private", endless)
	launchWith(t, dir.use, "bipssrc pool=private num-buffers=1 ! fakesink").finish()
	launchWith(t, stranger, "bipssrc pool=private connect-timeout=5000000000 ! fakesink").fail("ermission", "perms=")
	private.interrupt()

	public := launchWith(t, dir.use, "%s ! bipssink pool=public perms=0666", endless)
	launchWith(t, stranger, "bipssrc pool=public num-buffers=3 ! fakesink").finish()
	public.interrupt()

	launchWith(t, stranger, "videotestsrc num-buffers=1 ! %s ! bipssink pool=mine", small).fail("ermission denied")
}

// readable makes the plugin and the registry readable for another user, as they are when
// they are installed; a checkout in root's home is not.
func readable(t *testing.T) {
	t.Helper()
	if err := os.Chmod(scratch, 0o755); err != nil {
		t.Fatal(err)
	}
	inspect := exec.Command("gst-inspect-1.0", "bipssrc")
	inspect.Env = env
	inspect.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := inspect.CombinedOutput(); err != nil {
		t.Skipf("another user cannot read the plugin where it was built: %s", out)
	}
}
