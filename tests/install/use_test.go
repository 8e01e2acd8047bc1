package install

import (
	"debug/elf"
	"slices"
	"strings"
	"testing"
)

// use runs a program that was built of a file of testdata.
func use(t *testing.T, program string, environment []string, static bool) {
	t.Helper()
	needs := slices.Contains(libraries(t, program), "libbips.so.0")
	if needs == static {
		t.Errorf("the program needs libbips.so.0: %v", needs)
	}
	if static {
		environment = nil // and runs where libbips.so is not
	}
	if out := run(t, t.TempDir(), environment, program); out != "hello text/plain, libbips "+version(t)+", a record is a region\n" {
		t.Errorf("the program says %q", out)
	}
}

// libraries are the shared ones that a program or library needs.
func libraries(t *testing.T, path string) []string {
	t.Helper()
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	needed, err := file.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	return needed
}

// version is that of bips.h.
func version(t *testing.T) string {
	t.Helper()
	var numbers []string
	for _, part := range []string{"MAJOR", "MINOR", "PATCH"} {
		_, number, _ := strings.Cut(read(t, "../../libbips/include/bips/bips.h"), "#define BIPS_VERSION_"+part+" ")
		number, _, _ = strings.Cut(number, "\n")
		numbers = append(numbers, number)
	}
	return strings.Join(numbers, ".")
}
