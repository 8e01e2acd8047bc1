package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// module is the path that go.mod declares.
const module = "github.com/bips-ipc/bips"

// pkg is what "go list" tells of one package.
type pkg struct {
	ImportPath string
	Dir        string
	Doc        string
	GoFiles    []string
	CgoFiles   []string
	Imports    []string // of its own files, "C" included
	Deps       []string // through others, too
}

// name is the path inside the module: "bips", "internal/sys".
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// sources are the files that are built, tests apart.
func (p pkg) sources() []string {
	var paths []string
	for _, f := range append(p.GoFiles, p.CgoFiles...) {
		paths = append(paths, filepath.Join(p.Dir, f))
	}
	return paths
}

// top is the root of the checkout.
func top(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// packages lists the module. It compiles nothing.
func packages(t *testing.T) []pkg {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,GoFiles,CgoFiles,Imports,Deps", "./...")
	list.Dir = top(t)
	list.Env = append(list.Environ(), "CGO_ENABLED=1")
	var complaints bytes.Buffer
	list.Stderr = &complaints
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &complaints)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("what go list prints: %v", err)
		}
		all = append(all, p)
	}
}
