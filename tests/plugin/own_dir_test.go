package plugin

import (
	"os"
	"os/exec"
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

// An ownDirectory is a directory for pools that only one test uses, by its children.
type ownDirectory string

func ownDir(t *testing.T) ownDirectory {
	t.Helper()
	dir, err := os.MkdirTemp(os.Getenv("BIPS_SHM_DIR"), "own-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return ownDirectory(dir)
}

// use is for launchWith.
func (d ownDirectory) use(c *exec.Cmd) { c.Env = append(c.Env, "BIPS_SHM_DIR="+string(d)) }

// isClean looks for what must not be there.
func (d ownDirectory) isClean(t *testing.T, when string) {
	t.Helper()
	for _, leak := range testmain.Names(string(d)) {
		t.Errorf("left behind, %s: %s", when, leak)
	}
}
