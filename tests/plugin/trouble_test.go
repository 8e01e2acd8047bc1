package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// troubleDir holds the element "trouble", or is empty.
var troubleDir string

// buildTrouble compiles testdata/trouble and returns its folder, empty if there is none.
func buildTrouble(build string) string {
	if plugin := compiled(build, "testdata/trouble/trouble.c", "trouble/libgsttrouble.so", "-shared", "-fPIC"); plugin != "" {
		return filepath.Dir(plugin)
	}
	return ""
}

// buildMetas is the same for testdata/metas.
func buildMetas(build string) string {
	if plugin := compiled(build, "testdata/metas/metas.c", "metas/libgstmetas.so", "-shared", "-fPIC"); plugin != "" {
		return filepath.Dir(plugin)
	}
	return ""
}

// compiled compiles a C file to a product beside the plugin, from where a system without
// a compiler takes it, too. It returns the product's path, or "" if there is none.
func compiled(build, source, product string, how ...string) string {
	product = filepath.Join(build, product)
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "gstreamer-audio-1.0", "gstreamer-base-1.0", "gstreamer-video-1.0").Output()
	if err == nil && os.MkdirAll(filepath.Dir(product), 0o777) == nil {
		fresh := product + ".new"
		compile := exec.Command("cc", slices.Concat(how, []string{"-o", fresh, source}, strings.Fields(string(flags)))...)
		compile.Stderr = os.Stderr
		if compile.Run() == nil {
			_ = os.Rename(fresh, product)
		}
	}
	if _, err := os.Stat(product); err != nil {
		return ""
	}
	return product
}

// needs skips a test that wants an element which is not installed.
func needs(t *testing.T, elements ...string) {
	t.Helper()
	for _, name := range elements {
		// Without a version it asks for GStreamer's own, which not all plugins have.
		inspect := exec.Command("gst-inspect-1.0", "--exists", "--atleast-version=0.0", name)
		inspect.Env = env
		if inspect.Run() != nil {
			if name == "trouble" || name == "metas" {
				t.Skipf("needs the element of testdata/%s, and a C compiler and GStreamer's headers to build it", name)
			}
			t.Skipf("needs the element %s, which this system's GStreamer has not", name)
		}
	}
}
