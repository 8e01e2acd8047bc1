package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

// in puts a process's pools into a folder.
func in(folder string) func(*exec.Cmd) { return ownDirectory(folder).use }

// Frames on a disk are written to it all the time: a sink says so, once. Those of memfd do not lie in the folder.
func TestAPoolOnADiskIsToldOf(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var st syscall.Statfs_t
	const tmpfs = 0x01021994
	if err := syscall.Statfs(folder, &st); err != nil || st.Type == tmpfs {
		t.Skipf("%s is in memory: %v", folder, err)
	}
	p := launchWith(t, in(folder), "videotestsrc num-buffers=3 ! %s ! bipssink pool=p sync=false", small)
	p.finish()
	const warning = `^WARNING: from element .*bipssink0: The folder of pool "p", .*, lies on a disk.*BIPS_SHM_DIR`
	wanted := 1
	if backend == "memfd" {
		wanted = 0
	}
	if n := len(p.matches(warning)); n != wanted {
		t.Errorf("%d warnings, want %d: %s", n, wanted, p.said())
	}
	q := launch(t, "videotestsrc num-buffers=3 ! %s ! bipssink pool=%s sync=false", small, poolName(t))
	q.finish()
	if n := len(q.matches("WARNING")); n != 0 {
		t.Errorf("in memory, too: %s", q.said())
	}
	ownDirectory(folder).isClean(t, "after all")
}

// A folder that does not exist.
func TestAFolderThatDoesNotExist(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "nowhere")
	launchWith(t, in(folder), "videotestsrc num-buffers=3 ! %s ! bipssink pool=p", small).fail(`"p"`, "/nowhere does not exist", "BIPS_SHM_DIR")
	launchWith(t, in(folder), "bipssrc pool=p connect-timeout=300000000 ! fakesink").fail(`"p"`, "/nowhere does not exist", "BIPS_SHM_DIR")
}

// Who waits for a pool that does not come is told, once, after some seconds, where was looked
// and what usually is the matter; and goes on waiting.
func TestASourceThatWaitsSaysWhatItWaitsFor(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, folder string) (waitsIn string)
		says    string
	}{
		"no folder": {
			func(_ *testing.T, folder string) string { return filepath.Join(folder, "nowhere") },
			`/nowhere does not exist: .*BIPS_SHM_DIR`,
		},
		"no pool at all": {
			func(_ *testing.T, folder string) string { return folder },
			`there is no pool in /.*--ipc`,
		},
		"other pools only": {
			func(t *testing.T, folder string) string {
				p := launchWith(t, in(folder), "%s ! bipssink pool=camera1", endless)
				launchWith(t, in(folder), "bipssrc pool=camera1 num-buffers=1 ! fakesink").finish()
				t.Cleanup(p.interrupt)
				return folder
			},
			`where there are "camera1": .*check the pool's name`,
		},
		"one file of the pool": {
			func(t *testing.T, folder string) string {
				testmain.OnlyOver(t, "shm", "a pool has several files; with memfd the socket is enough, see TestASocketIsAllThatAReaderNeeds")
				p := launchWith(t, in(folder), "%s ! bipssink pool=p", endless)
				launchWith(t, in(folder), "bipssrc pool=p num-buffers=1 ! fakesink").finish()
				t.Cleanup(p.interrupt)
				other := filepath.Join(folder, "other")
				if err := os.Mkdir(other, 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.Link(filepath.Join(folder, "bips.p"), filepath.Join(other, "bips.p")); err != nil {
					t.Fatal(err)
				}
				return other
			},
			`\.seats, which belongs to it, is not: mount the whole folder`,
		},
		"a dead producer": {
			func(t *testing.T, folder string) string {
				p := launchWith(t, in(folder), "%s ! bipssink pool=p", endless)
				launchWith(t, in(folder), "bipssrc pool=p num-buffers=1 ! fakesink").finish()
				p.kill()
				return folder
			},
			`the producer of /.* is gone.*start it anew`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := c.prepare(t, string(ownDir(t)))
			source := launchWith(t, in(folder), "bipssrc pool=p ! fakesink")
			source.waitFor(1, `^Setting pipeline to PLAYING`)
			start := time.Now()
			warning := `^WARNING: from element .*bipssrc0: Pool "p": .*` + c.says
			source.waitFor(1, warning)
			if waited := time.Since(start); waited < 3*time.Second {
				t.Errorf("it complained after %v: pools may come later", waited)
			}
			source.interrupt()
			if n := len(source.matches(`^WARNING`)); n != 1 {
				t.Errorf("%d warnings, want one", n)
			}
		})
	}
}

// The socket alone is mounted, or here linked, into another folder.
func TestASocketIsAllThatAReaderNeeds(t *testing.T) {
	t.Parallel()
	testmain.OnlyOver(t, "memfd", "with shm a pool has several files, and a reader needs all of them")
	dir := ownDir(t)
	p := launchWith(t, dir.use, "%s ! bipssink pool=p", endless)
	launchWith(t, dir.use, "bipssrc pool=p num-buffers=1 ! fakesink").finish()
	other := filepath.Join(string(dir), "other")
	if err := os.Mkdir(other, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(string(dir), "bips.p"), filepath.Join(other, "bips.p")); err != nil {
		t.Fatal(err)
	}
	launchWith(t, in(other), "bipssrc pool=p num-buffers=3 ! fakesink").finish()
	p.interrupt()
}

// It is no trouble to wait while paused, nor to have waited.
func TestASourceWhosePoolComesLateSaysNothingMore(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	source := launchWith(t, dir.use, "bipssrc pool=p num-buffers=2 ! %s", checksumSink)
	source.waitFor(1, `^WARNING`)
	p := launchWith(t, dir.use, "%s ! bipssink pool=p", endless)
	source.finish()
	p.interrupt()
	if n := len(source.matches(`^WARNING`)); n != 1 {
		t.Errorf("%d warnings, want one", n)
	}
}

// A pool that another user made and did not share, which root could read.
func TestAPoolOfNobody(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	if err := os.Chmod(string(dir), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	p := launchWith(t, dir.as(nobody), "%s ! bipssink pool=p", endless)
	launchWith(t, dir.as(nobody), "bipssrc pool=p num-buffers=1 ! fakesink").finish()
	launchWith(t, dir.use, "bipssrc pool=p ! fakesink").
		fail(`"p"`, "did not share", "of user 65534 (nobody)", "group 65534", "permissions 0600", "perms=")
	p.interrupt()
	dir.isClean(t, "after all")
}
