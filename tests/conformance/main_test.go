// Package conformance holds the implementations of the protocol together: each one as producer with each one as consumer,
// in either mode, over either backend. README.md says what is compared, and how a language joins.
package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/tests/peer/drive"
)

func TestMain(m *testing.M) {
	drive.Role(nil).Play()
	scratch, err := os.MkdirTemp("", "bips-conformance-")
	if err == nil {
		err = prepare(scratch)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tests/conformance:", err)
		os.Exit(1)
	}
	testmain.Run(cleaning{m, scratch})
}

// cleaning removes a folder after the tests.
type cleaning struct {
	m       *testing.M
	scratch string
}

func (c cleaning) Run() int {
	defer os.RemoveAll(c.scratch)
	return c.m.Run()
}

// build is the build folder.
var build string

// gstreamer is the environment of processes with the elements in them: nothing of the machine's own settings of GStreamer, and a
// registry of our own.
var gstreamer []string

func prepare(scratch string) error {
	build = os.Getenv("BIPS_BUILD")
	if build == "" {
		build = "../../build"
	}
	var err error
	if build, err = filepath.Abs(build); err != nil {
		return err
	}
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "GST_") {
			os.Unsetenv(name)
		}
	}
	folders := []string{filepath.Join(build, "plugin"), filepath.Join(build, "metas")}
	if folder := os.Getenv("BIPS_PLUGIN_DIR"); folder != "" {
		folders[0] = folder
	}
	gstreamer = []string{
		"GST_PLUGIN_PATH_1_0=" + strings.Join(folders, ":"), "GST_REGISTRY=" + filepath.Join(scratch, "registry.bin"), "GST_DEBUG_NO_COLOR=1", "LANG=C.UTF-8",
	}
	inspect := exec.Command("gst-inspect-1.0", "bips") // makes the registry: once, since that takes seconds
	inspect.Env = append(os.Environ(), gstreamer...)
	if out, err := inspect.CombinedOutput(); err != nil {
		return fmt.Errorf("GStreamer does not load the plugin in %s: %w\n%s", folders[0], err, out)
	}
	gstreamer = append(gstreamer, "GST_REGISTRY_UPDATE=no")
	return nil
}
