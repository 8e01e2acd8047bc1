package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestACMakeProjectBuildsTheLibraryInItself(t *testing.T) {
	need(t, "cmake", "ninja", "cc")
	for name, brings := range map[string]string{
		// What a project of others says is GIT_REPOSITORY or URL; the test has it look here.
		"FetchContent": `include(FetchContent)
FetchContent_Declare(bips GIT_REPOSITORY https://bips.invalid/bips.git GIT_TAG v0.1.0 SOURCE_SUBDIR libbips)
FetchContent_MakeAvailable(bips)`,
		"add_subdirectory": `add_subdirectory("${FETCHCONTENT_SOURCE_DIR_BIPS}/libbips" bips)`,
	} {
		t.Run(name, func(t *testing.T) {
			project := write(t, map[string]string{"use.c": read(t, "testdata/use.c"), "CMakeLists.txt": `cmake_minimum_required(VERSION 3.18)
project(outside LANGUAGES C)
` + brings + `
add_executable(use use.c)
target_link_libraries(use bips::bips)
`})
			for _, static := range []bool{true, false} { // the second time only links
				run(t, project, []string{quick}, "cmake", "-G", "Ninja", "-DFETCHCONTENT_SOURCE_DIR_BIPS="+checkout(t), "-DBUILD_SHARED_LIBS="+onOff(!static), "-B", "build")
				run(t, project, nil, "cmake", "--build", "build", "--target", "use")
				use(t, filepath.Join(project, "build", "use"), nil, static)
			}
			run(t, project, []string{"DESTDIR=" + filepath.Join(project, "destination")}, "cmake", "--build", "build")
			run(t, project, []string{"DESTDIR=" + filepath.Join(project, "destination")}, "cmake", "--install", "build")
			if _, err := os.Stat(filepath.Join(project, "destination")); err == nil {
				t.Error("a project that has libbips in it installs it, too")
			}
		})
	}
}

func TestAMesonProjectBuildsTheLibraryInItself(t *testing.T) {
	need(t, "meson", "ninja", "cc", "git")
	project := write(t, map[string]string{"use.c": read(t, "testdata/use.c"), "meson.build": `project('outside', 'c')
bips = dependency('bips', fallback: 'bips')
executable('use', 'use.c', dependencies: bips)
`})
	copySources(t, filepath.Join(project, "subprojects", "bips"))
	for _, static := range []bool{true, false} { // the second time only links
		option := "-Ddefault_library=" + kind(static)
		if static {
			// Neither GStreamer nor an installed libbips is there.
			run(t, project, []string{quick, "PKG_CONFIG_LIBDIR=" + project}, "meson", "setup", option, "build")
		} else {
			run(t, project, nil, "meson", "configure", option, strings.Replace(option, "-D", "-Dbips:", 1), "build")
		}
		run(t, project, nil, "meson", "compile", "-C", "build", "use")
		use(t, filepath.Join(project, "build", "use"), nil, static)
	}
	if out, _ := try(project, nil, "meson", "test", "-C", "build", "--list"); !strings.Contains(out, "No tests defined") {
		t.Errorf("a project that has libbips in it runs its tests: %s", out)
	}
}

// The wrap file is the one of docs/libbips.md, but for where it fetches from.
func TestAMesonProjectFetchesTheLibraryAsTheDocumentSays(t *testing.T) {
	need(t, "meson", "ninja", "cc", "git")
	_, wrap, _ := strings.Cut(read(t, "../../docs/libbips.md"), "```ini\n")
	wrap, _, found := strings.Cut(wrap, "```")
	if !found {
		t.Fatal("docs/libbips.md has no wrap file")
	}
	remote := t.TempDir()
	copySources(t, remote)
	for _, command := range []string{"init -q", "add -A", "-c user.name=test -c user.email=test@localhost commit -q -m release", "tag v" + version(t)} {
		run(t, remote, nil, append([]string{"git"}, strings.Fields(command)...)...)
	}
	url := regexp.MustCompile(`(?m)^url = .*$`)
	if !url.MatchString(wrap) {
		t.Fatalf("this wrap file says nothing of where to fetch from:\n%s", wrap)
	}
	project := write(t, map[string]string{"use.c": read(t, "testdata/use.c"), "subprojects/bips.wrap": url.ReplaceAllString(wrap, "url = file://"+remote),
		"meson.build": `project('outside', 'c')
bips = dependency('bips', version: '>= 0.1')
executable('use', 'use.c', dependencies: bips)
`})
	run(t, project, []string{"PKG_CONFIG_LIBDIR=" + project}, "meson", "setup", "build")
	if _, err := os.Stat(filepath.Join(project, "subprojects", "bips", "libbips", "include", "bips", "bips.h")); err != nil {
		t.Error(err)
	}
}

// copySources copies what a release has of libbips, and nothing else of the checkout.
func copySources(t *testing.T, folder string) {
	t.Helper()
	list := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", "meson.build", "meson_options.txt", "libbips")
	list.Dir = checkout(t)
	files, err := list.Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	for _, file := range strings.Split(strings.TrimRight(string(files), "\x00"), "\x00") {
		from, to := filepath.Join(checkout(t), file), filepath.Join(folder, file)
		info, err := os.Stat(from)
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(read(t, from)), info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
}
