package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	compileLine = regexp.MustCompile(`(?m)^ {4}((?:cc|c\+\+) .*-o (\w+) .*)$`)
	cargoLine   = regexp.MustCompile(`(?m)^ {4}(cargo) run .*$`)
)

// buildDir is the folder that the plugin and libbips were built in.
func buildDir(t *testing.T) string {
	t.Helper()
	plugin, err := pluginDir()
	if err == nil {
		plugin, err = filepath.Abs(filepath.Dir(plugin))
	}
	if err != nil {
		t.Fatal(err)
	}
	return plugin
}

// compilePrograms does what a recipe's README says to compile its programs, in a copy of the recipe, and
// returns the README's lines that run them, for a shell in any folder. Without such lines there is nothing to do. Without a
// compiler, libbips or another library that they name the test is skipped.
func compilePrograms(t *testing.T, recipe, readme string) (lines []string) {
	t.Helper()
	compile, cargo := compileLine.FindAllStringSubmatch(readme, -1), cargoLine.FindAllStringSubmatch(readme, -1)
	if len(compile)+len(cargo) == 0 {
		return nil
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(recipe)); err != nil {
		t.Fatal(err)
	}
	enter := "cd " + folder + " && . " + abs(t, filepath.Join(recipe, "../libbips.sh")) +
		" && BIPS_BUILD=" + buildDir(t) + " && use_libbips && "
	for _, m := range compile {
		if _, err := exec.LookPath(strings.Fields(m[1])[0]); err != nil {
			t.Skipf("there is no compiler here: %v", err)
		}
		// pkg-config says which library it does not find, and then the compiler lacks it.
		out, err := exec.Command("sh", "-c", enter+m[1]).CombinedOutput()
		if err != nil && noLibrary.Match(out) {
			t.Skipf("%s", out)
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", m[1], err, out)
		}
		for _, run := range regexp.MustCompile(`(?m)^ {4}\./`+m[2]+`\b.*$`).FindAllString(readme, -1) {
			lines = append(lines, enter+"exec "+strings.TrimSpace(run))
		}
	}
	for _, m := range cargo {
		if _, err := exec.LookPath(m[1]); err != nil {
			t.Skipf("there is no cargo here: %v", err)
		}
		lines = append(lines, enter+strings.TrimSpace(m[0]))
	}
	if len(lines) == 0 {
		t.Fatalf("the README of %s compiles programs and runs none", recipe)
	}
	return lines
}

// noLibrary is what pkg-config and use_libbips say.
var noLibrary = regexp.MustCompile(`was not found in the pkg-config search path|^there is no libbips|pkg-config is not installed`)

func abs(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
