package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }

// checkout is the root of this checkout.
func checkout(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// need skips the test where a tool is not installed.
func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed (tools/setup does it)", tool)
		}
	}
}

// run runs a command in a folder, with settings ("NAME=value") added to the environment, and returns what it prints.
func run(t *testing.T, folder string, settings []string, command ...string) string {
	t.Helper()
	out, err := try(folder, settings, command...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return out
}

func try(folder string, settings []string, command ...string) (string, error) {
	c := exec.Command(command[0], command[1:]...)
	c.Dir = folder
	c.Env = append(os.Environ(), settings...)
	out, err := c.CombinedOutput()
	return string(out), err
}

// write makes files in a new folder; their names may have folders in them.
func write(t *testing.T, files map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
