package containers

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A systemd is the host's, run as process 1 of a container that has a copy-on-write view of the host's own
// file system. It knows the units that it is given, and no others.
type systemd struct {
	*process
	t       *testing.T
	outputs string // the folder with what units said
}

const systemdProgram = "/usr/lib/systemd/systemd"

// boot starts units, which are their names and texts. What BIPS and GStreamer need is in the environment of all.
func boot(t *testing.T, units map[string]string) *systemd {
	t.Helper()
	s := newStage(t, backends[0])
	system, err := hostImage()
	if err != nil {
		t.Fatal(err)
	}
	s.image = system
	folder, outputs := t.TempDir(), t.TempDir()
	wants := ""
	for name, text := range units {
		if strings.HasPrefix(text, "[Unit]") || strings.HasPrefix(text, "[Service]") {
			wants += " " + name
		}
		text = strings.Replace(text, "[Service]\n", fmt.Sprintf("[Service]\nEnvironment=GST_DEBUG=bips:4 GST_DEBUG_NO_COLOR=1 GST_REGISTRY=%[2]s\nStandardOutput=append:/outputs/%[1]s\nStandardError=append:/outputs/%[1]s\n", name, registry), 1)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"sysinit", "basic", "shutdown", "umount", "multi-user"} { // what units need by default
		if err := os.WriteFile(filepath.Join(folder, name+".target"), []byte("[Unit]\nDefaultDependencies=no\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "tested.target"), []byte("[Unit]\nWants="+wants+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := place{kind: crun, system: []mount{
		{"/sys", "sysfs", "sysfs", []string{"nosuid", "noexec", "nodev", "ro"}},
		{groups, "cgroup", "cgroup", []string{"nosuid", "noexec", "nodev", "rw"}},
		{"/dev/shm", "tmpfs", "tmpfs", []string{"nosuid", "nodev", "mode=1777"}},
		{"/dev/mqueue", "mqueue", "mqueue", []string{"nosuid", "nodev", "noexec"}},
		{"/run", "tmpfs", "tmpfs", []string{"nosuid", "nodev", "mode=755"}},
		{"/units", "bind", folder, []string{"bind", "ro"}},
		{"/outputs", "bind", outputs, []string{"bind", "rw"}},
	}}
	d := &systemd{t: t, outputs: outputs}
	d.process = s.run(p, systemdProgram, "--unit=tested.target", "--log-target=console", "--show-status=yes")
	t.Cleanup(func() {
		if t.Failed() {
			for _, name := range slices.Sorted(maps.Keys(units)) {
				said := strings.Split(d.said(name), "\n")
				t.Logf("%s:\n%s", name, strings.Join(said[max(0, len(said)-30):], "\n"))
			}
		}
	})
	return d
}

// hostImage is the host's own file system, with the plugin.
var hostImage = sync.OnceValues(func() (image, error) { return makeImage("/", "system") })

// mustHaveSystemd skips a test where there is none.
func mustHaveSystemd(t *testing.T) {
	t.Helper()
	if exec.Command(systemdProgram, "--version").Run() != nil {
		t.Skip("systemd is not installed: tools/setup containers installs it")
	}
}

// said is what a unit has said so far, over all its starts.
func (d *systemd) said(unit string) string {
	text, err := os.ReadFile(filepath.Join(d.outputs, unit))
	if err != nil {
		return ""
	}
	return string(text)
}

// await waits until a unit has said something so many times, and returns how often it did.
func (d *systemd) await(unit, text string, times int) int {
	d.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if n := strings.Count(d.said(unit), text); n >= times {
			return n
		}
		if time.Now().After(end) {
			d.t.Fatalf("%s does not say %q %d times", unit, text, times)
		}
	}
}

// awaitMore waits until a unit says something again.
func (d *systemd) awaitMore(unit, text string, times int) {
	d.t.Helper()
	d.await(unit, text, strings.Count(d.said(unit), text)+times)
}

// control is systemctl.
func (d *systemd) control(args ...string) {
	d.t.Helper()
	_ = d.pid()
	var out []byte
	var err error
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) { // it may not listen yet
		command := exec.Command("nsenter", append([]string{"-t", fmt.Sprint(d.pid()), "-m", "-p", "-C", "systemctl"}, args...)...)
		if out, err = command.CombinedOutput(); err == nil {
			return
		}
		if time.Now().After(end) {
			d.t.Fatalf("systemctl %v: %v: %s", args, err, out)
		}
	}
}
