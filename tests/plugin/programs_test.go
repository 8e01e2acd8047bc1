package plugin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	compileLine = regexp.MustCompile(`(?m)^ {4}((?:cc|c\+\+) .*-o (\w+) .*)$`)
	cargoLine   = regexp.MustCompile(`(?m)^ {4}(cargo) run (.*) -- .*$`)
	pythonLine  = regexp.MustCompile(`(?m)^ {4}python (\w+\.py.*)$`)
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
		build(t, strings.Fields(m[1])[0], enter+m[1])
		for _, run := range regexp.MustCompile(`(?m)^ {4}\./`+m[2]+`\b.*$`).FindAllString(readme, -1) {
			lines = append(lines, enter+"exec "+strings.TrimSpace(run))
		}
	}
	for _, m := range cargo {
		build(t, m[1], enter+"cargo build "+m[2])
		lines = append(lines, enter+"exec "+strings.TrimSpace(m[0]))
	}
	if len(lines) == 0 {
		t.Fatalf("the README of %s compiles programs and runs none", recipe)
	}
	return lines
}

// build runs a compiler's line. Without the compiler, or a library that the line asks pkg-config for, the test is skipped.
func build(t *testing.T, compiler, line string) {
	t.Helper()
	if _, err := exec.LookPath(compiler); err != nil {
		t.Skipf("there is no compiler here: %v", err)
	}
	out, err := exec.Command("sh", "-c", line).CombinedOutput()
	if err != nil && noLibrary.Match(out) {
		t.Skipf("%s", out)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

// isProgram reports whether the process of a line of compilePrograms has become the program: until then the shell, and
// cargo, would take Ctrl-C.
func isProgram(pid int) bool {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return err != nil || !slices.Contains([]string{"sh", "dash", "bash", "busybox", "cargo", "rustup"}, filepath.Base(path))
}

// pythonPrograms returns the lines that run the programs in Python of a recipe's README, for a shell in any folder, with the
// Python that the recipe's own test has. Where that cannot be had the test is skipped.
func pythonPrograms(t *testing.T, recipe, readme string) (lines []string) {
	t.Helper()
	programs := pythonLine.FindAllStringSubmatch(readme, -1)
	if len(programs) == 0 {
		return nil
	}
	enter := "cd " + abs(t, recipe) + " && . ../python.sh && BIPS_BUILD=" + buildDir(t) + " && export BIPS_BUILD && use_python && "
	if out, err := exec.Command("sh", "-c", enter+"true").CombinedOutput(); err != nil {
		t.Skipf("%v\n%s", err, out)
	}
	for _, m := range programs {
		lines = append(lines, enter+`exec "$python" `+m[1])
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
