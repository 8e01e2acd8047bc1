package arch

import (
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	gogst    = "github.com/go-gst/"
	elements = module + "/elements"
	gstglue  = module + "/internal/gstglue"
	libbips  = module + "/internal/libbips"
	layout   = module + "/internal/layout"
	sys      = module + "/internal/sys"
	unix     = "golang.org/x/sys/unix"
)

// A rule says what packages must not import. A name that ends in a slash means
// everything below it.
type rule struct {
	packages []string // patterns for names, as of path.Match
	except   []string
	banned   []string // by the package's own files
	through  []string // by its own files or through others
	because  string
}

var rules = []rule{
	{
		packages: []string{"bips", "cmd/*", "internal/layout", "internal/sys", "internal/wire"},
		banned:   []string{"C"},
		through:  []string{gogst, elements, gstglue, libbips},
		because:  "users of the library have no GStreamer and no cgo",
	},
	{
		packages: []string{"internal/libbips"},
		banned:   []string{"os", "net", layout, unix},
		through:  []string{gogst, elements, gstglue},
		because:  "it gives Go code the C library's calls, and does nothing else",
	},
	{
		packages: []string{"bips", "elements", "plugin", "internal/layout", "internal/wire"},
		banned:   []string{unix, "syscall"},
		because:  "there is one gate to the system: internal/sys",
	},
	{
		packages: []string{"elements"},
		banned:   []string{"C", "unsafe", layout, sys},
		because:  "elements speak to Producer and Consumer only",
	},
	{
		packages: []string{"internal/wire"},
		banned:   []string{"unsafe", "io", "net", "os"},
		through:  []string{sys},
		because:  "messages are bytes: who sends and receives them is elsewhere",
	},
	{
		packages: []string{"*", "*/*", "*/*/*"},
		except:   []string{"internal/gstglue", "internal/gststubs", "internal/libbips", "plugin"},
		banned:   []string{"C"},
		because:  "glue is apart from logic",
	},
	{
		packages: []string{"plugin"},
		banned:   []string{layout, sys},
		because:  "the plugin registers elements, nothing else",
	},
}

func TestPackagesImportOnlyWhatTheirLayerMay(t *testing.T) {
	for _, p := range packages(t) {
		for _, r := range rules {
			if !matches(r.packages, p.name()) || matches(r.except, p.name()) {
				continue
			}
			for _, i := range p.Imports {
				if covers(r.banned, i) || covers(r.through, i) {
					t.Errorf("%s imports %s, but %s", p.name(), i, r.because)
				}
			}
			for _, i := range p.Deps {
				if covers(r.through, i) && !slices.Contains(p.Imports, i) {
					t.Errorf("%s imports %s through another package, but %s", p.name(), i, r.because)
				}
			}
		}
	}
}

func TestLayoutIsData(t *testing.T) {
	allowed := []string{"structs", "sync/atomic", "unsafe"}
	for _, p := range packages(t) {
		if p.ImportPath != layout {
			continue
		}
		for _, i := range p.Imports {
			if !slices.Contains(allowed, i) {
				t.Errorf("%s imports %s, but it is data: %s will do", p.name(), i, strings.Join(allowed, ", "))
			}
		}
	}
}

// matches reports whether a pattern fits the name.
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return err == nil && ok
	})
}

// covers reports whether an import is in the list, or below a name that is.
func covers(list []string, imported string) bool {
	return slices.ContainsFunc(list, func(name string) bool {
		return imported == name || strings.HasSuffix(name, "/") && strings.HasPrefix(imported, name)
	})
}
