package abi

import (
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// ErrNoCompiler says that there is no cc to ask.
var ErrNoCompiler = errors.New("the interface of libbips is read with a C compiler, and there is no cc: install gcc or clang")

// run runs the compiler and returns what it prints.
func run(args ...string) (string, error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return "", ErrNoCompiler
	}
	command := exec.Command(cc, args...)
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("cc %s: %w\n%s", strings.Join(args, " "), err, complaints.String())
	}
	return string(out), nil
}

// includes is the beginning of a C file that knows the headers.
func includes() string {
	var text strings.Builder
	for _, header := range headers {
		fmt.Fprintf(&text, "#include <%s>\n", header)
	}
	return text.String()
}

// scratch writes a C file into a folder that the caller removes.
func scratch(text string) (dir, file string, err error) {
	if dir, err = os.MkdirTemp("", "bips-abi-"); err != nil {
		return "", "", err
	}
	file = filepath.Join(dir, "probe.c")
	return dir, file, os.WriteFile(file, []byte(text), 0o666)
}

var defined = regexp.MustCompile(`(?m)^#define (BIPS_\w+)(\(\S*\))? ?(.*)$`)

// A macro is what a macro of the headers stands for.
type macro struct {
	arguments string // "(x)" of a macro that takes some
	text      string
}

// macros are those of the headers that stand for something. What marks functions is no part of the interface, and the
// version is another one with each release.
func macros(include string) (map[string]macro, error) {
	dir, file, err := scratch(includes())
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	text, err := run("-E", "-dM", "-I"+include, file)
	if err != nil {
		return nil, err
	}
	found := map[string]macro{}
	for _, m := range defined.FindAllStringSubmatch(text, -1) {
		if m[3] != "" && m[1] != "BIPS_API" && !strings.HasPrefix(m[1], "BIPS_VERSION_") {
			found[m[1]] = macro{arguments: m[2], text: m[3]}
		}
	}
	return found, nil
}

// A variable of the probe is named after what it stands for, behind one of these.
const (
	functionPrefix = "function_"
	macroPrefix    = "macro_"
)

// initialised is the struct that a macro initialises, "" if it is a number.
func initialised(macro string) string {
	name, found := strings.CutSuffix(macro, "_INIT")
	if !found {
		return ""
	}
	return strings.ToLower(name)
}

// initialiser is the macro that initialises a struct, if there is one. Such structs begin with their size.
func initialiser(name string) string { return strings.ToUpper(name) + "_INIT" }

// compile compiles a file that has all functions and macros in its variables, for what the debugger is told of them. Nothing
// is run, so that any compiler will do.
func compile(include string, functions map[string]string, macros map[string]macro) (*elf.File, error) {
	text := includes()
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		text += fmt.Sprintf("__typeof__(&%s) %s%s;\n", name, functionPrefix, name)
	}
	for _, name := range slices.Sorted(maps.Keys(macros)) {
		switch {
		case macros[name].arguments != "":
		case initialised(name) != "":
			text += fmt.Sprintf("%s %s%s = %s;\n", initialised(name), macroPrefix, name, name)
		default:
			text += fmt.Sprintf("__typeof__(%s) %s%s = %s;\n", name, macroPrefix, name, name)
		}
	}
	dir, file, err := scratch(text)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	object := filepath.Join(dir, "probe.o")
	if _, err := run("-std=gnu11", "-gdwarf-4", "-O0", "-fno-eliminate-unused-debug-types", "-I"+include, "-c", "-o", object, file); err != nil {
		return nil, err
	}
	return elf.Open(object)
}
