package golden

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/bips-ipc/bips/internal/wire"
)

// The structs of libbips/include/bips/layout.h read the golden pools as package layout does.
func TestTheCHeaderReadsTheSegments(t *testing.T) {
	dir := t.TempDir()
	program := compile(t, "testdata/read.c")
	for _, scene := range Scenes() {
		t.Run(scene.Name, func(t *testing.T) {
			s, err := Load(folder, scene.Name)
			if err != nil {
				t.Fatal(err)
			}
			pool, seats := filepath.Join(dir, "pool"), filepath.Join(dir, "seats")
			for path, memory := range map[string][]byte{pool: s.Pool, seats: s.Seats} {
				if err := os.WriteFile(path, memory, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			out, err := exec.Command(program, pool, seats).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if want := lines(meaning(t, scene.Name)); string(out) != want {
				t.Errorf("C reads\n%swant\n%s", out, want)
			}
		})
	}
}

// compile makes a program of C sources.
func compile(t *testing.T, sources ...string) (program string) {
	t.Helper()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("needs a C compiler")
	}
	program = filepath.Join(t.TempDir(), "program")
	cc := exec.Command(compiler, append([]string{"-std=c11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I../../libbips/include", "-o", program}, sources...)...)
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// What a peer says is shown alike by Go and by C, but for characters that this Go's Unicode does not know yet: Go hides these.
func TestTheCLibraryShowsEachCharacterAsGoDoes(t *testing.T) {
	out, err := exec.Command(compile(t, "testdata/clean.c", "../../libbips/src/wire/text.c", "../../libbips/src/utf8.c")).Output()
	if err != nil {
		t.Fatal(err)
	}
	characters := strings.Fields(string(out))
	if want := 2 * (int(unicode.MaxRune) + 1); len(characters) != want {
		t.Fatalf("%d words, want %d", len(characters), want)
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		assigned := unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf, unicode.Co)
		if want := hex.EncodeToString([]byte(wire.Clean(string(r)))); assigned && characters[2*r+1] != want {
			t.Errorf("U+%04X: C shows %s, Go %s", r, characters[2*r+1], want)
		}
	}
}

// lines writes a meaning as testdata/read.c does.
func lines(m *Meaning) string {
	var out strings.Builder
	p := m.Pool
	fmt.Fprintf(&out, "pool %s instance %s move %d first %d slots %d slot_size %d seats %d pid %d state %s head %d ended %d dropped %d waiting %d latency %s\n",
		p.Version, p.Instance, p.Move, p.First, p.Slots, p.SlotSize, p.Seats, p.ProducerPID, p.State, p.Head, p.Ended, p.Dropped,
		number(p.ProducerWaiting), time(p.Latency))
	for _, f := range p.Frames {
		fmt.Fprintf(&out, "frame %d slot %d stream %d publish %d dropped %d flags %d pts %s dts %s duration %s capture %s offset %s offset_end %s",
			f.Sequence, f.Slot, f.Stream, f.PublishTime, f.Dropped, f.Flags, time(f.PTS), time(f.DTS), time(f.Duration),
			time(f.CaptureTime), time(f.Offset), time(f.OffsetEnd))
		for _, plane := range f.Planes {
			fmt.Fprintf(&out, " plane %d %d", plane.Stride, plane.Offset)
		}
		fmt.Fprintf(&out, " data %s caps %s\n", f.Data, f.Caps)
		if f.Tags != "" {
			fmt.Fprintf(&out, "tags %s\n", f.Tags)
		}
		if f.Metadata != "" {
			fmt.Fprintf(&out, "metadata %s\n", f.Metadata)
		}
	}
	for _, s := range m.Seats {
		pins := uint64(0)
		for _, slot := range s.Pins {
			pins |= 1 << slot
		}
		var granted, verdict, reserved uint64
		if s.Granted != nil {
			granted = uint64(s.Granted.Generation)<<32 | uint64(s.Granted.Pins)
		}
		if s.Demoted != nil {
			verdict = uint64(*s.Demoted)<<32 | 1
		}
		if s.Reserved != nil {
			reserved = uint64(number(s.Reserved.Kept))<<32 | uint64(s.Reserved.Generation)
		}
		fmt.Fprintf(&out, "seat %d %s generation %d cursor %d asked %d %d pid %d pins %x waiting %d key_frames %d received %d skipped %d lost %d granted %x verdict %x reserved %x\n",
			s.Seat, s.State, s.Generation, s.Cursor, s.AskedMost, s.AskedLeast, s.PID, pins, number(s.Waiting), s.KeyFrames,
			s.Received, s.Skipped, s.Lost, granted, verdict, reserved)
	}
	return out.String()
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func time(t *uint64) string {
	if t == nil {
		return "-"
	}
	return fmt.Sprint(*t)
}
