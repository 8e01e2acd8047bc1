package golden

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The structs of libbips/include/bips/layout.h read the golden pools as package layout does.
func TestTheCHeaderReadsTheSegments(t *testing.T) {
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("needs a C compiler")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "read")
	cc := exec.Command(compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I../../libbips/include", "-o", program, "testdata/read.c")
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
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
