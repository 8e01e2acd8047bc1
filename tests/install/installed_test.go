package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An installation is libbips in a folder of its own, as a package has it (DESTDIR), from where it was moved.
type installation struct {
	folder string // what / is there
	build  string // where it was built
}

// environment is what a builder sets to find it.
func (i installation) environment(t *testing.T) []string {
	t.Helper()
	return []string{
		"PKG_CONFIG_SYSROOT_DIR=" + i.folder, "PKG_CONFIG_LIBDIR=" + filepath.Dir(i.file(t, "bips.pc")),
		"CMAKE_PREFIX_PATH=" + filepath.Join(i.folder, "usr"), "LD_LIBRARY_PATH=" + filepath.Dir(i.file(t, "libbips.so")),
	}
}

// file finds an installed file by its name.
func (i installation) file(t *testing.T, name string) (path string) {
	t.Helper()
	err := filepath.Walk(i.folder, func(at string, info os.FileInfo, err error) error {
		if err == nil && info.Name() == name {
			path = at
		}
		return err
	})
	if err != nil || path == "" {
		t.Fatalf("no %s is installed: %v", name, err)
	}
	return path
}

// quick is how much the library is optimised where that does not matter.
const quick = "CFLAGS=-O0"

// installers build libbips and install it into a folder.
var installers = map[string]func(t *testing.T, build, folder string){
	"meson": func(t *testing.T, build, folder string) {
		need(t, "meson", "ninja", "cc")
		run(t, checkout(t), []string{quick}, "meson", "setup", "-Dplugin=false", "-Dtests=false", "--prefix=/usr", build)
		run(t, build, nil, "meson", "compile")
		run(t, build, []string{"DESTDIR=" + folder}, "meson", "install", "--no-rebuild")
	},
	"CMake": func(t *testing.T, build, folder string) {
		need(t, "cmake", "ninja", "cc")
		run(t, checkout(t), []string{quick}, "cmake", "-G", "Ninja", "-DCMAKE_INSTALL_PREFIX=/usr", "-S", "libbips", "-B", build)
		run(t, build, nil, "cmake", "--build", ".")
		run(t, build, []string{"DESTDIR=" + folder}, "cmake", "--install", ".")
	},
}

func install(t *testing.T, with string) installation {
	t.Helper()
	build, before := filepath.Join(t.TempDir(), "build"), filepath.Join(t.TempDir(), "before")
	installers[with](t, build, before)
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(before, moved); err != nil {
		t.Fatal(err)
	}
	return installation{folder: moved, build: build}
}

// A finder builds a project of a few lines that finds libbips, and returns the program.
type finder func(t *testing.T, i installation, language string, static bool) (program string)

var finders = map[string]finder{
	"CMake": func(t *testing.T, i installation, language string, static bool) string {
		need(t, "cmake", "ninja")
		source, cmakes := program(language)
		project := write(t, map[string]string{source: read(t, filepath.Join("testdata", source)), "CMakeLists.txt": `cmake_minimum_required(VERSION 3.18)
project(outside LANGUAGES ` + cmakes + `)
find_package(bips 0.1 REQUIRED)
add_executable(use ` + source + `)
target_link_libraries(use bips::bips)
`})
		run(t, project, i.environment(t), "cmake", "-G", "Ninja", "-Dbips_USE_STATIC_LIBS="+onOff(static), "-B", "build")
		run(t, project, nil, "cmake", "--build", "build")
		return filepath.Join(project, "build", "use")
	},
	"meson": func(t *testing.T, i installation, language string, static bool) string {
		need(t, "meson", "ninja", "pkg-config")
		source, _ := program(language)
		project := write(t, map[string]string{source: read(t, filepath.Join("testdata", source)), "meson.build": `project('outside', '` + strings.TrimPrefix(filepath.Ext(source), ".") + `')
bips = dependency('bips', version: '>= 0.1', static: ` + map[bool]string{true: "true", false: "false"}[static] + `)
executable('use', '` + source + `', dependencies: bips)
`})
		run(t, project, i.environment(t), "meson", "setup", "build")
		run(t, project, nil, "meson", "compile", "-C", "build")
		return filepath.Join(project, "build", "use")
	},
	"pkg-config": func(t *testing.T, i installation, language string, static bool) string {
		need(t, "pkg-config")
		source, _ := program(language)
		project := write(t, map[string]string{source: read(t, filepath.Join("testdata", source))})
		compiler, flags := "cc", "$(pkg-config --cflags --libs bips)"
		if language == "C++" {
			compiler = "c++"
		}
		if static {
			flags = "$(pkg-config --cflags --libs-only-L bips) -l:libbips.a -pthread"
		}
		run(t, project, i.environment(t), "sh", "-c", compiler+" -Wall -Wextra -Werror -pedantic "+source+" "+flags+" -o use")
		return filepath.Join(project, "use")
	},
}

// program is the name of the source file in a language, and the language's name in CMake.
func program(language string) (source, cmakes string) {
	if language == "C++" {
		return "use.cpp", "CXX"
	}
	return "use.c", "C"
}

func onOff(on bool) string { return map[bool]string{true: "ON", false: "OFF"}[on] }

func TestAnInstalledLibraryIsFoundByOutsideProjects(t *testing.T) {
	for with := range installers {
		t.Run("installed with "+with, func(t *testing.T) {
			i := install(t, with)
			for name, find := range finders {
				for _, language := range []string{"C", "C++"} {
					for _, static := range []bool{false, true} {
						t.Run(name+" "+language+" "+kind(static), func(t *testing.T) {
							use(t, find(t, i, language, static), i.environment(t), static)
						})
					}
				}
			}
			namesInsideAreFree(t, i)
			isComplete(t, i)
		})
	}
}

func kind(static bool) string { return map[bool]string{true: "static", false: "shared"}[static] }
