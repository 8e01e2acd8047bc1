package install

import (
	"debug/elf"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A project copies the library, as one C file, and compiles it as any of its own: no flags, no build system.
func TestAProjectCompilesTheLibraryAsOneFile(t *testing.T) {
	need(t, "python3", "cc")
	library := filepath.Join(checkout(t), "libbips")
	folder := write(t, map[string]string{"use.c": read(t, "testdata/use.c")})
	run(t, folder, nil, filepath.Join(library, "amalgamate"), "bips.c")
	run(t, folder, nil, "cc", "-I", filepath.Join(library, "include"), "use.c", "bips.c", "-pthread", "-o", "use")
	use(t, filepath.Join(folder, "use"), nil, true)
	for _, compiler := range []string{"gcc", "clang"} {
		for _, flags := range [][]string{{"-std=c11", "-O2"}, {"-O3"}} { // the second are what a project has that says nothing of the language
			t.Run(compiler+" "+strings.Join(flags, " "), func(t *testing.T) {
				need(t, compiler)
				object := filepath.Join(t.TempDir(), "bips.o")
				strict := []string{"-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-I", filepath.Join(library, "include"), "-c", "bips.c", "-o", object}
				run(t, folder, nil, slices.Concat([]string{compiler}, flags, strict)...)
				if have, want := globals(t, object), exported(t); !slices.Equal(have, want) {
					t.Errorf("the file shows the names\n%q\nand not those of libbips.map:\n%q", have, want)
				}
			})
		}
	}
}

// A project in C++ compiles that file with its C compiler, and is strict about its own.
func TestACPlusPlusProjectHasTheLibraryAsOneFile(t *testing.T) {
	need(t, "python3", "cc")
	library := filepath.Join(checkout(t), "libbips")
	folder := write(t, map[string]string{"use.cpp": read(t, "testdata/use.cpp")})
	run(t, folder, nil, filepath.Join(library, "amalgamate"), "bips.c")
	run(t, folder, nil, "cc", "-I", filepath.Join(library, "include"), "-c", "bips.c")
	for _, compiler := range []string{"g++", "clang++"} {
		for _, dialect := range []string{"c++17", "c++20"} {
			t.Run(compiler+" "+dialect, func(t *testing.T) {
				need(t, compiler)
				program := filepath.Join(t.TempDir(), "use")
				run(t, folder, nil, compiler, "-std="+dialect, "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wold-style-cast", "-Werror",
					"-fno-rtti", "-I", filepath.Join(library, "include"), "use.cpp", "bips.o", "-pthread", "-o", program)
				use(t, program, nil, true)
			})
		}
	}
}

// globals are the names that an object file defines for others, sorted.
func globals(t *testing.T, object string) (names []string) {
	t.Helper()
	file, err := elf.Open(object)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, symbol := range symbols {
		if elf.ST_BIND(symbol.Info) != elf.STB_LOCAL && symbol.Section != elf.SHN_UNDEF {
			names = append(names, symbol.Name)
		}
	}
	slices.Sort(names)
	return names
}

// exported are the names of the shared library, sorted.
func exported(t *testing.T) (names []string) {
	t.Helper()
	for _, match := range regexp.MustCompile(`(?m)^ +(bips_\w+);`).FindAllStringSubmatch(read(t, "../../libbips/libbips.map"), -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return names
}
