package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// With too little address space the Go runtime ends the process that loads the plugin: the scanner,
// most often. Which limit it was is told first.
func TestALimitOnTheAddressSpaceIsToldOf(t *testing.T) {
	t.Parallel()
	for limit, told := range map[string]bool{"600000": true, "unlimited": false} {
		c := exec.Command("sh", "-c", "ulimit -v "+limit+" && exec gst-inspect-1.0 bipssink")
		c.Env = append(env[:len(env):len(env)], "GST_REGISTRY="+filepath.Join(t.TempDir(), "registry.bin"), "GST_REGISTRY_UPDATE=yes",
			"GST_PLUGIN_SYSTEM_PATH_1_0=")
		out, err := c.CombinedOutput()
		said := strings.Contains(string(out), "1 GiB of address space") && strings.Contains(string(out), "ulimit -v")
		if said != told || (err == nil) == told {
			t.Errorf("with a limit of %s: %v\n%s", limit, err, out)
		}
	}
}

// A producer in another time namespace may have published its frames in the reader's future.
func TestAProducerInAnotherTimeNamespaceIsToldOf(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 || exec.Command("unshare", "--time", "--monotonic", "100000", "--fork", "true").Run() != nil {
		t.Skip("needs the right to make a time namespace, as root has it, and the program unshare")
	}
	dir := ownDir(t)
	w := launchWith(t, func(c *exec.Cmd) {
		dir.use(c)
		unshare, err := exec.LookPath("unshare")
		if err != nil {
			t.Fatal(err)
		}
		c.Args = append([]string{unshare, "--time", "--monotonic", "100000", "--kill-child=INT", "--fork"}, c.Args...)
		c.Path = unshare
	}, "%s ! bipssink pool=p", endless)
	source := launchWith(t, dir.use, "bipssrc pool=p num-buffers=20 ! %s", checksumSink)
	source.waitFor(1, `^WARNING: from element .*bipssrc0: The clock of the producer of pool "p" is 27h46m\d+s ahead.*time namespace`)
	source.interrupt()
	if n := len(source.matches(`^WARNING.*ahead`)); n != 1 {
		t.Errorf("%d warnings, want one", n)
	}
	w.kill() // and its child is interrupted
	dir.isClean(t, "after all")
}
