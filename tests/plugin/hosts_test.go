package plugin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

// A producer and a reader in different time namespaces: what one says about times means nothing to the other, which
// says so once. do-timestamp gives the reader times of its own.
func TestAProducerInAnotherTimeNamespaceIsToldOf(t *testing.T) {
	t.Parallel()
	unshare, err := exec.LookPath("unshare")
	if err != nil || os.Getuid() != 0 || exec.Command(unshare, "--time", "--monotonic", "100000", "--fork", "true").Run() != nil {
		t.Skip("needs the right to make a time namespace, as root has it, and the program unshare")
	}
	for which, producerIsAhead := range map[string]bool{"ahead": true, "behind": false} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			dir := ownDir(t)
			here, ahead := dir.use, func(c *exec.Cmd) {
				dir.use(c)
				c.Args = append([]string{unshare, "--time", "--monotonic", "100000", "--kill-child=INT", "--fork"}, c.Args...)
				c.Path = unshare
			}
			producing, reading := here, ahead
			if producerIsAhead {
				producing, reading = ahead, here
			}
			w := launchWith(t, producing, "videotestsrc is-live=true ! %s ! bipssink pool=p", small)
			told := fmt.Sprintf(`^WARNING: from element .*bipssrc0: The clock of the producer of pool "p" is 27h46m\d+s %s.*time namespace`, which)
			for _, mode := range []string{"every", "latest"} {
				plain := launchWith(t, reading, "bipssrc pool=p read-mode=%s ! fakesink sync=false", mode)
				plain.waitFor(1, told)
				stamped := launchWith(t, reading, "bipssrc pool=p read-mode=%s do-timestamp=true num-buffers=20 ! identity silent=false ! fakesink sync=false", mode)
				stamped.finish()
				last := time.Duration(-1)
				for i, b := range stamped.buffers() {
					if b.pts <= last || b.pts > patience {
						t.Errorf("%s: buffer %d: PTS %v after %v", mode, i, b.pts, last)
					}
					last = b.pts
				}
				if n := len(plain.matches(`^WARNING.*time namespace`)); n != 1 {
					t.Errorf("%s: %d warnings, want one", mode, n)
				}
				plain.kill() // and its child is interrupted
			}
			if producerIsAhead {
				w.kill()
			} else {
				w.interrupt()
			}
			dir.isClean(t, "after all")
		})
	}
}
