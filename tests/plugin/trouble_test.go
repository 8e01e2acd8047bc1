package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// troubleDir holds the element "trouble", or is empty.
var troubleDir string

// buildTrouble compiles testdata/trouble beside the plugin, from where a system
// without a compiler takes it, too. It returns the folder, empty if there is none.
func buildTrouble(build string) string {
	dir := filepath.Join(build, "trouble")
	library := filepath.Join(dir, "libgsttrouble.so")
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "gstreamer-base-1.0", "gstreamer-video-1.0").Output()
	if err == nil && os.MkdirAll(dir, 0o777) == nil {
		fresh := library + ".new"
		args := append([]string{"-shared", "-fPIC", "-o", fresh, "testdata/trouble/trouble.c"}, strings.Fields(string(flags))...)
		compile := exec.Command("cc", args...)
		compile.Stderr = os.Stderr
		if compile.Run() == nil {
			_ = os.Rename(fresh, library)
		}
	}
	if _, err := os.Stat(library); err != nil {
		return ""
	}
	return dir
}

// needs skips a test that wants an element which is not installed.
func needs(t *testing.T, elements ...string) {
	t.Helper()
	for _, name := range elements {
		// Without a version it asks for GStreamer's own, which our plugins do not have.
		inspect := exec.Command("gst-inspect-1.0", "--exists", "--atleast-version=0.0", name)
		inspect.Env = env
		if inspect.Run() != nil {
			if name == "trouble" {
				t.Skip("needs the element of testdata/trouble, and a C compiler and GStreamer's headers to build it")
			}
			t.Skipf("needs the element %s, which this system's GStreamer has not", name)
		}
	}
}
