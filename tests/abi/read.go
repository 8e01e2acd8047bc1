package abi

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Record is the name of the record in the folder of libbips.
const Record = "abi.txt"

const title = `# What programs are compiled with that use libbips (tests/abi). "go generate ./tests/abi" adds what is new.
# Sizes and offsets are bytes.
`

// headers are those whose contents are the interface.
var headers = []string{"bips/bips.h", "bips/meta.h"}

// Read returns the interface of the libbips in a folder, as the record has it: a line for each thing that a program can
// rely on, sorted. It needs cc, whose fault an error may be.
func Read(folder string) ([]string, error) {
	functions, err := exported(filepath.Join(folder, "libbips.map"))
	if err != nil {
		return nil, err
	}
	include := filepath.Join(folder, "include")
	macros, err := macros(include)
	if err != nil {
		return nil, err
	}
	object, err := compile(include, functions, macros)
	if err != nil {
		return nil, err
	}
	defer object.Close()
	d := description{functions: functions, macros: macros}
	if err := d.read(object); err != nil {
		return nil, fmt.Errorf("what cc tells of %s: %w", include, err)
	}
	slices.Sort(d.lines)
	return d.lines, nil
}

// ReadRecord returns the lines of the record in a folder of libbips. Where there is none yet, there are none.
func ReadRecord(folder string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(folder, Record))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, line := range strings.Split(string(text), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// WriteRecord writes the record into a folder of libbips.
func WriteRecord(folder string, lines []string) error {
	return os.WriteFile(filepath.Join(folder, Record), []byte(title+strings.Join(lines, "\n")+"\n"), 0o666)
}

// Compare returns what a library has that the record has not, and what the record has that is gone or is another now.
func Compare(record, now []string) (added, broken []string) {
	for _, line := range now {
		if _, found := slices.BinarySearch(record, line); !found {
			added = append(added, line)
		}
	}
	for _, line := range record {
		if _, found := slices.BinarySearch(now, line); !found {
			broken = append(broken, line)
		}
	}
	return added, broken
}

var (
	node   = regexp.MustCompile(`^(\w+(?:\.\w+)*) \{`)
	symbol = regexp.MustCompile(`^\s+(bips_\w+);`)
)

// exported reads a linker's map: the functions, and the version that each has.
func exported(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	versions, version := map[string]string{}, ""
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if m := node.FindStringSubmatch(lines.Text()); m != nil {
			version = m[1]
		} else if m := symbol.FindStringSubmatch(lines.Text()); m != nil {
			versions[m[1]] = version
		}
	}
	return versions, lines.Err()
}
