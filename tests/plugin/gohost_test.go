package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// goHost builds the Go application of testdata/gohost, or takes the one that was built outside of
// the tree in which the tests run.
func goHost(t *testing.T) string {
	t.Helper()
	plugin, err := pluginDir()
	if err != nil {
		t.Fatal(err)
	}
	product := filepath.Join(filepath.Dir(plugin), "gohost/gohost")
	build := exec.Command("../../tools/withheaders", "go", "build", "-o", product, "./testdata/gohost")
	if out, err := build.CombinedOutput(); err != nil {
		if _, missing := os.Stat(product); missing != nil {
			t.Skipf("needs the program of testdata/gohost, which cannot be built here: %v\n%s", err, out)
		}
	}
	return product
}

// A Go application that loads the plugin has two Go runtimes, which both want the process's
// signals. The application does at once whatever could get one into the other's way.
func TestAGoApplicationMayLoadThePlugin(t *testing.T) {
	t.Parallel()
	program := goHost(t)
	for name, setting := range map[string]string{"as it is": "", "collecting all the time": "GOGC=5"} {
		t.Run(name, func(t *testing.T) {
			for _, seconds := range []string{"1", "0", "0", "0"} {
				p := start(t, func(c *exec.Cmd) {
					if setting != "" {
						c.Env = append(c.Env, setting)
					}
				}, "gohost", exec.Command(program, poolName(t), seconds))
				p.finish()
				p.waitFor(1, "^ok")
			}
		})
	}
}

// An application that has a use for SIGURG of its own keeps it.
func TestAnApplicationKeepsItsHandlerOfSIGURG(t *testing.T) {
	t.Parallel()
	d := drive(t, nil)
	d.do("make p videotestsrc num-buffers=1 ! "+small+" ! bipssink pool="+poolName(t), "reach p paused")
	for before, round := 0, 0; round < 2; round++ {
		called, err := strconv.Atoi(d.do("urgent"))
		if err != nil || called <= before { // more, if the runtime had to interrupt somebody
			t.Errorf("its handler was called %d times, %d before (%v)", called, before, err)
		}
		before = called
	}
	d.quit()
}
