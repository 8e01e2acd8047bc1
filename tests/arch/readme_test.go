package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The map in README.md names each folder at the top that has files in the repository.
func TestTheReadmeNamesEveryFolder(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(top(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	list := exec.Command("git", "ls-files")
	list.Dir = top(t)
	files, err := list.Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	seen := map[string]bool{}
	for _, file := range strings.Fields(string(files)) {
		folder, _, below := strings.Cut(file, "/")
		if !below || strings.HasPrefix(folder, ".") || seen[folder] {
			continue
		}
		seen[folder] = true
		if !strings.Contains(string(readme), "| ["+folder+"]("+folder+") |") {
			t.Errorf("README.md's map has no row for %s", folder)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)

// Links of the pages for users lead somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, pattern := range []string{"*.md", "docs/*.md", "pipelines/*.md", "pipelines/*/*.md"} {
		pages, err := filepath.Glob(filepath.Join(top(t), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range link.FindAllStringSubmatch(string(text), -1) {
				if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
					t.Errorf("%s links to %s, which is not there", page, m[1])
				}
			}
		}
	}
}
