package arch

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// mayBeUnsafe are the packages that speak to C.
var mayBeUnsafe = []string{"internal/gstglue", "internal/gststubs", "internal/libbips", "plugin"}

func TestUnsafeIsInFilesNamedForIt(t *testing.T) {
	for _, p := range packages(t) {
		if matches(mayBeUnsafe, p.name()) {
			continue
		}
		for _, file := range p.sources() {
			if importsUnsafe(t, file) && !strings.HasSuffix(file, "_unsafe.go") {
				t.Errorf("%s/%s imports unsafe: what needs it goes into a file whose name ends in _unsafe.go", p.name(), filepath.Base(file))
			}
		}
	}
}

func importsUnsafe(t *testing.T, file string) bool {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range parsed.Imports {
		if i.Path.Value == `"unsafe"` {
			return true
		}
	}
	return false
}
