package abi_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/tests/abi"
)

func TestMain(m *testing.M) { testmain.Run(m) }

const libbips = "../../libbips"

func read(t *testing.T, folder string) []string {
	t.Helper()
	lines, err := abi.Read(folder)
	if errors.Is(err, abi.ErrNoCompiler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func readRecord(t *testing.T, folder string) []string {
	t.Helper()
	lines, err := abi.ReadRecord(folder)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestTheInterfaceIsTheRecordedOne(t *testing.T) {
	added, broken := abi.Compare(readRecord(t, libbips), read(t, libbips))
	for _, line := range broken {
		t.Errorf("breaks programs that were compiled before, gone or another one now: %s", line)
	}
	for _, line := range added {
		t.Errorf("not recorded yet (go generate ./tests/abi): %s", line)
	}
}

func TestTheRecordHasEachKindOfThing(t *testing.T) {
	record := strings.Join(readRecord(t, libbips), "\n")
	for _, line := range []string{
		"function bips_consumer_pull@LIBBIPS_0.1: (pointer to bips_consumer, int64_t, pointer to pointer to bips_frame) returns int of 32 bits",
		"struct bips_frame_info.pts: at 16, 8 bytes, uint64_t",
		"struct bips_meta_writer.levels.count: ", // of a struct without a name
		"struct bips_meta_value.as: at 24, 48 bytes, union",
		"struct bips_meta_value.as.real: at 0, 8 bytes, float of 64 bits",
		"struct bips_consumer: opaque",
		"enum bips_error.BIPS_TIMEOUT: 110",
		"macro BIPS_FOREVER: int of 64 bits -1",
		"macro BIPS_NO_TIME: unsigned int of 64 bits 18446744073709551615",
		"macro BIPS_FRAME_INFO_INIT: at 16, 0xffffffffffffffff",
		"macro BIPS_META_TEXT(literal): ",
		"type bips_warning: pointer to (pointer to void, int of 32 bits, pointer to const char) returns void",
	} {
		if !strings.Contains("\n"+record, "\n"+line) {
			t.Errorf("nothing in the record begins with %q", line)
		}
	}
}

// What breaks programs is told from what they do not notice.
func TestAChangeIsNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		file, from, to string
		added, broken  string // what one of the lines says; "": there is none
	}{
		"a field is moved": {
			"include/bips/bips.h", "  uint64_t pts;          /* times of the producer's stream, ns from a start of its own; BIPS_NO_TIME: unknown */\n  uint64_t dts;\n",
			"  uint64_t dts;\n  uint64_t pts;\n",
			"struct bips_frame_info.dts: at 16", "struct bips_frame_info.pts: at 16",
		},
		"a field is put in front of others": {
			"include/bips/bips.h", "  uint32_t held;      /*", "  uint32_t before; uint32_t held;      /*",
			"struct bips_consumer_stats.before", "struct bips_consumer_stats.held",
		},
		"a field is put behind all others": {
			"include/bips/bips.h", "} bips_consumer_stats;", "  uint64_t later;\n} bips_consumer_stats;",
			"struct bips_consumer_stats.later: at 64", "",
		},
		"a struct gets longer that has no size": {
			"include/bips/meta.h", "} bips_meta_record;", "  uint64_t later;\n} bips_meta_record;",
			"struct bips_meta_record: 40 bytes", "struct bips_meta_record: 32 bytes",
		},
		"a field has another type": {
			"include/bips/meta.h", "  int32_t numerator, denominator;", "  uint32_t numerator; int32_t denominator;",
			"numerator: at 0, 4 bytes, uint32_t", "numerator: at 0, 4 bytes, int32_t",
		},
		"an error has another number": {"include/bips/bips.h", "BIPS_FORKED = 1016", "BIPS_FORKED = 1020", "BIPS_FORKED: 1020", "BIPS_FORKED: 1016"},
		"a macro has another value":   {"include/bips/bips.h", "BIPS_MAX_SLOTS 64", "BIPS_MAX_SLOTS 32", "BIPS_MAX_SLOTS: int of 32 bits 32", "BIPS_MAX_SLOTS: int of 32 bits 64"},
		"a parameter has another type": {
			"include/bips/bips.h", "int bips_consumer_set_max_age(bips_consumer *consumer, int64_t max_age)", "int bips_consumer_set_max_age(bips_consumer *consumer, int max_age)",
			"function bips_consumer_set_max_age@LIBBIPS_0.1: (pointer to bips_consumer, int of 32 bits)", "bips_consumer_set_max_age@LIBBIPS_0.1: (pointer to bips_consumer, int64_t)",
		},
		"a function is of another version": {
			"libbips.map", "    bips_check_name;\n", "", "", "function bips_check_name@LIBBIPS_0.1",
		},
		"an error is added": {"include/bips/bips.h", "  BIPS_FORKED = 1016,", "  BIPS_FORKED = 1016, BIPS_NEW_ERROR = 1999,", "BIPS_NEW_ERROR: 1999", ""},
	} {
		t.Run(name, func(t *testing.T) {
			changed := t.TempDir()
			if err := os.CopyFS(changed, os.DirFS(libbips)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(changed, c.file)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(text), c.from) != 1 {
				t.Fatalf("%s has %q not once: change this test", c.file, c.from)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), c.from, c.to, 1)), 0o666); err != nil {
				t.Fatal(err)
			}
			added, broken := abi.Compare(readRecord(t, libbips), read(t, changed))
			check(t, "added", added, c.added)
			check(t, "broken", broken, c.broken)
		})
	}
}

// check checks that one of the lines has the text in it, or that there are none for "".
func check(t *testing.T, what string, lines []string, text string) {
	t.Helper()
	if all := strings.Join(lines, "\n"); text == "" && all != "" || !strings.Contains(all, text) {
		t.Errorf("%s: %q, want %q", what, lines, text)
	}
}
