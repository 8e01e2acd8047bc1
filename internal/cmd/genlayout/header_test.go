package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const headerPath = "../../../libbips/include/bips/layout.h"

func TestTheHeaderShowsTheLayoutAsItIs(t *testing.T) {
	want, err := renderHeader("../../layout")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(headerPath)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not up to date: run go generate ./internal/layout", headerPath)
	}
}

// compile compiles a C file that includes the header, as C11 or C++17, and returns
// what the compiler says, "" if nothing.
func compile(t *testing.T, header, language string) string {
	t.Helper()
	compiler, standard, suffix := "cc", "-std=c11", ".c"
	if language == "C++17" {
		compiler, standard, suffix = "c++", "-std=c++17", ".cc"
	}
	path, err := exec.LookPath(compiler)
	if err != nil {
		t.Skipf("needs a compiler of %s: %v", language, err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"layout.h":     header,
		"use" + suffix: "#include \"layout.h\"\n#include \"layout.h\"\nint main(void) { return BIPS_LAYOUT_STATE_RUNNING == 0; }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cc := exec.Command(path, standard, "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", "use"+suffix)
	cc.Dir = dir
	out, err := cc.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

func TestTheHeaderCompiles(t *testing.T) {
	header, err := os.ReadFile(headerPath)
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"C11", "C++17"} {
		t.Run(language, func(t *testing.T) {
			if said := compile(t, string(header), language); said != "" {
				t.Error(said)
			}
		})
	}
}

// The assertions are there for whoever changes a struct by hand, or has another compiler.
func TestTheHeadersAssertionsFailWhenAFieldIsMoved(t *testing.T) {
	header, err := os.ReadFile(headerPath)
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"C11", "C++17"} {
		t.Run(language, func(t *testing.T) {
			moved := strings.Replace(string(header), "  uint64_t head;", "  uint32_t before_head; uint64_t head;", 1)
			if moved == string(header) {
				t.Fatal("the header has no member head")
			}
			if said := compile(t, moved, language); !strings.Contains(said, "bips_layout_pool_header") {
				t.Errorf("the compiler says %q", said)
			}
		})
	}
}

func TestNamesInC(t *testing.T) {
	for name, want := range map[string]string{
		"Head": "head", "ProducerPID": "producer_pid", "PTS": "pts", "SlotSize": "slot_size", "PIDOfProducer": "pid_of_producer", "_": "_",
	} {
		if got := snake(name); got != want {
			t.Errorf("%s becomes %s, want %s", name, got, want)
		}
	}
}
