package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" && len(p.sources()) > 0 {
			t.Errorf("%s has no package comment", p.name())
		}
	}
}

// A list of imports cannot prove it: package net is one that brings cgo along,
// when cgo is there.
func TestLibraryBuildsWithoutCgo(t *testing.T) {
	for _, folder := range []string{"bips", "cmd"} {
		if _, err := os.Stat(filepath.Join(top(t), folder)); err != nil {
			continue
		}
		build := exec.Command("go", "build", "-o", os.DevNull, "./"+folder+"/...")
		build.Dir = top(t)
		build.Env = append(build.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Errorf("go build ./%s/... without cgo: %v\n%s", folder, err, out)
		}
	}
}
