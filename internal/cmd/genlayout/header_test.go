package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// headers are those in the checkout. constant is one of its own that is not 0, and member
// one of owner that is not the last.
var headers = []struct {
	from                    *described
	constant, member, owner string
}{
	{&memory, "BIPS_LAYOUT_STATE_RUNNING", "uint64_t head;", "bips_layout_pool_header"},
	{&wires, "BIPS_WIRE_BAD_MESSAGE", "uint32_t wanted;", "bips_wire_hello"},
}

func headerPath(d *described) string {
	return filepath.Join("../../../libbips/include/bips", d.header)
}

func readHeader(t *testing.T, d *described) string {
	t.Helper()
	header, err := os.ReadFile(headerPath(d))
	if err != nil {
		t.Fatal(err)
	}
	return string(header)
}

func TestTheHeaderShowsTheLayoutAsItIs(t *testing.T) {
	for _, h := range headers {
		want, err := renderHeader(h.from, "../../"+h.from.name)
		if err != nil {
			t.Fatal(err)
		}
		if readHeader(t, h.from) != want {
			t.Errorf("%s is not up to date: run go generate ./internal/%s", headerPath(h.from), h.from.name)
		}
	}
}

// compile compiles a C file that includes the header, as C11 or C++17, and returns
// what the compiler says, "" if nothing.
func compile(t *testing.T, header, constant, language string) string {
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
		"header.h":     header,
		"use" + suffix: "#include \"header.h\"\n#include \"header.h\"\nint main(void) { return " + constant + " == 0; }\n",
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
	for _, h := range headers {
		for _, language := range []string{"C11", "C++17"} {
			t.Run(h.from.header+" as "+language, func(t *testing.T) {
				if said := compile(t, readHeader(t, h.from), h.constant, language); said != "" {
					t.Error(said)
				}
			})
		}
	}
}

func TestBothHeadersCanBeUsedAtOnce(t *testing.T) {
	for _, language := range []string{"C11", "C++17"} {
		t.Run(language, func(t *testing.T) {
			if said := compile(t, readHeader(t, &memory)+readHeader(t, &wires), "BIPS_LAYOUT_MAX_SLOTS + BIPS_WIRE_MAX_SIZE", language); said != "" {
				t.Error(said)
			}
		})
	}
}

// The assertions are there for whoever changes a struct by hand, or has another compiler.
func TestTheHeadersAssertionsFailWhenAFieldIsMoved(t *testing.T) {
	for _, h := range headers {
		for _, language := range []string{"C11", "C++17"} {
			t.Run(h.from.header+" as "+language, func(t *testing.T) {
				header := readHeader(t, h.from)
				moved := strings.Replace(header, "  "+h.member, "  uint32_t before; "+h.member, 1)
				if moved == header {
					t.Fatal("the header has no member", h.member)
				}
				if said := compile(t, moved, h.constant, language); !strings.Contains(said, h.owner) {
					t.Errorf("the compiler says %q", said)
				}
			})
		}
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
