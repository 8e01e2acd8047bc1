package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Systems for which the plugin cannot be built are told so before anything is fetched.
func TestAHostThatThePluginIsNotForIsToldSo(t *testing.T) {
	for name, c := range map[string]struct {
		cc   string // what it answers to -dumpmachine
		bits string // of a pointer, in bytes
		says string // "": nothing
	}{
		"glibc":     {"x86_64-linux-gnu", "8", ""},
		"arm64":     {"aarch64-linux-gnu", "8", ""},
		"musl":      {"x86_64-alpine-linux-musl", "8", "musl"},
		"32 bits":   {"arm-linux-gnueabihf", "4", "32 bits"},
		"x32":       {"x86_64-linux-gnux32", "4", "32 bits"},
		"processor": {"s390x-linux-gnu", "8", "amd64 and arm64"},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			script := "#!/bin/sh\ncase $1 in\n-dumpmachine) echo " + c.cc + ";;\n*) echo '#define __SIZEOF_POINTER__ " + c.bits + "';;\nesac\n"
			if err := os.WriteFile(filepath.Join(bin, "cc"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			check := exec.Command(filepath.Join(top(t), "tools/check-host"))
			check.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
			out, err := check.CombinedOutput()
			if (err == nil) != (c.says == "") || !strings.Contains(string(out), c.says) {
				t.Errorf("%v: %s, want %q", err, out, c.says)
			}
		})
	}
}
