package install

import (
	"debug/elf"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// namesInsideAreFree links libbips.a with a program that has functions of its own of all the names inside the library:
// "fail", "wrap" and hundreds more. Whoever uses a library knows the names of its headers, no others.
func namesInsideAreFree(t *testing.T, i installation) {
	t.Run("names inside are free", func(t *testing.T) {
		names, objects := namesInside(t, i.build)
		if !slices.Contains(names, "fail") || !slices.Contains(names, "wrap") || len(names) < 100 {
			t.Fatalf("these are not the names inside libbips: %v", names)
		}
		text := "#include <stdlib.h>\n"
		for _, name := range names {
			text += fmt.Sprintf("void %s(void);\nvoid %s(void) { abort(); }\n", name, name)
		}
		project := write(t, map[string]string{"use.c": read(t, "testdata/use.c"), "own.c": text})
		compile := []string{"cc", "-fno-builtin", "-I" + filepath.Join(i.folder, "usr/include"), "use.c", "own.c", "-pthread", "-o", "use"}
		run(t, project, nil, append(compile, i.file(t, "libbips.a"))...)
		use(t, filepath.Join(project, "use"), nil, true)
		// The objects as they were compiled have these names for all to see.
		if out, err := try(project, nil, append(compile, objects...)...); err == nil || !strings.Contains(out, "multiple definition") {
			t.Errorf("the objects link with it too, so this shows nothing: %v\n%s", err, out)
		}
	})
}

// namesInside are the functions and variables of libbips' own objects that one file of it has for the others, and no header.
func namesInside(t *testing.T, build string) (names, objects []string) {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(build, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".o" || strings.HasPrefix(filepath.Base(path), "bips-one") {
			return err
		}
		objects = append(objects, path)
		return inside(path, found)
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found)), objects
}

func inside(path string, found map[string]bool) error {
	object, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer object.Close()
	symbols, err := object.Symbols()
	if err != nil {
		return err
	}
	for _, s := range symbols {
		if elf.ST_BIND(s.Info) == elf.STB_GLOBAL && elf.ST_VISIBILITY(s.Other) == elf.STV_HIDDEN && s.Section != elf.SHN_UNDEF {
			found[s.Name] = true
		}
	}
	return nil
}

// isComplete checks that an installation has the files that others look for, and exports what it should.
func isComplete(t *testing.T, i installation) {
	t.Run("files", func(t *testing.T) {
		for _, name := range []string{"bips.h", "meta.h", "bips.hpp", "meta.hpp", "libbips.so", "libbips.so.0", "libbips.so." + version(t), "libbips.a", "bips.pc",
			"bips-config.cmake", "bips-config-version.cmake"} {
			i.file(t, name)
		}
		if out := run(t, i.folder, i.environment(t), "pkg-config", "--modversion", "bips"); strings.TrimSpace(out) != version(t) {
			t.Errorf("bips.pc is of version %s, bips.h of %s", out, version(t))
		}
	})
	t.Run("dependencies", func(t *testing.T) {
		for _, name := range libraries(t, i.file(t, "libbips.so")) {
			if !strings.HasPrefix(name, "libc.so.") && !strings.HasPrefix(name, "libpthread.so.") && !strings.HasPrefix(name, "ld-linux") {
				t.Errorf("libbips.so needs %s: it is to need libc alone", name)
			}
		}
	})
	t.Run("exports", func(t *testing.T) {
		libbips := filepath.Join(checkout(t), "libbips")
		run(t, libbips, nil, "tests/exports", i.file(t, "libbips.so"), i.file(t, "libbips.a"), "libbips.map", "include/bips/bips.h", "include/bips/meta.h")
	})
}

// Each source of the library is compiled by all who compile it.
func TestSourcesAreListed(t *testing.T) {
	libbips := filepath.Join(checkout(t), "libbips")
	var files []string
	err := filepath.WalkDir(filepath.Join(libbips, "src"), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".c" {
			name, _ := filepath.Rel(libbips, path)
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	listed, err := os.ReadFile(filepath.Join(libbips, "sources.txt"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	if text := strings.Join(files, "\n") + "\n"; string(listed) != text {
		t.Errorf("libbips/sources.txt does not list the files of libbips/src, sorted; it should be\n%s", text)
	}
}
