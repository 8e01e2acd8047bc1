package plugin

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// backend is that of the pools that the tests make: shm, or memfd. Readers look at what has the pool's name.
var backend = testmain.Backend()

// theBackend is the same for producers that a test makes itself.
func theBackend() bips.Backend {
	if backend == "memfd" {
		return bips.Memfd
	}
	return bips.Shm
}

var (
	sinkInALine   = regexp.MustCompile(`\bbipssink(\s|$)`)
	backendInLine = regexp.MustCompile(`\bbackend=`)
)

// overBackend gives each bipssink of a pipeline the backend that the tests run over, unless the pipeline says which.
func overBackend(line string) string {
	if backend == "shm" || backendInLine.MatchString(line) {
		return line
	}
	return sinkInALine.ReplaceAllString(line, "bipssink backend="+backend+"$1")
}

// scriptOverBackend does the same for each gst-launch-1.0 of a script. Programs of its own keep their backend.
func scriptOverBackend(t *testing.T, script *exec.Cmd) {
	t.Helper()
	if backend == "shm" {
		return
	}
	folder, err := filepath.Abs("testdata/" + backend)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range script.Env {
		if path, ok := strings.CutPrefix(v, "PATH="); ok {
			script.Env = append(script.Env, "PATH="+folder+":"+path)
			return
		}
	}
	t.Fatal("there is no PATH")
}

// Each way in which tests make pools makes them with the backend that the tests run over.
func TestThePoolsOfTheTestsHaveTheBackendThatTheyRunOver(t *testing.T) {
	line := endless + " ! bipssink pool=p"
	for name, begin := range map[string]func(t *testing.T, dir ownDirectory){
		"gst-launch-1.0": func(t *testing.T, dir ownDirectory) { launchWith(t, dir.use, "%s", line) },
		"drive":          func(t *testing.T, dir ownDirectory) { drive(t, dir.use).do("make p "+line, "set p playing") },
		"script": func(t *testing.T, dir ownDirectory) {
			script := exec.Command("sh", "-c", "exec gst-launch-1.0 -v --no-fault "+line)
			start(t, func(c *exec.Cmd) { dir.use(c); scriptOverBackend(t, c) }, line, script)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := ownDir(t)
			begin(t, dir)
			dir.hasPool(t, "p")
		})
	}
	t.Run("write", func(t *testing.T) {
		write(t, poolName(t), bips.ProducerOptions{})
		ownDirectory(os.Getenv("BIPS_SHM_DIR")).hasPool(t, poolName(t))
	})
}

// hasPool waits for a pool, and looks what its name leads to.
func (d ownDirectory) hasPool(t *testing.T, pool string) {
	t.Helper()
	want := fs.FileMode(0)
	if backend == "memfd" {
		want = fs.ModeSocket
	}
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		info, err := os.Lstat(filepath.Join(string(d), "bips."+pool))
		if err == nil {
			if info.Mode().Type() != want {
				t.Errorf("the pool is a file of mode %v, and the tests run over %s", info.Mode(), backend)
			}
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
