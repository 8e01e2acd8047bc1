package elements

import (
	"slices"
	"testing"

	"github.com/bips-ipc/bips/internal/gstglue"
)

func TestSizesThatSlotsGrowTo(t *testing.T) {
	for _, c := range []struct {
		name  string
		sizes gstglue.FrameSizes
		room  uint64
		want  []uint64
	}{
		{"the caps tell the size", gstglue.FrameSizes{Frame: 100, Slot: 120}, 130, []uint64{130}},
		{"all frames are of one size", gstglue.FrameSizes{Constant: true}, 130, []uint64{130}},
		{"frames differ, and nothing is known", gstglue.FrameSizes{}, 1 << 20, []uint64{4 << 20, 1<<20 + 1<<18, 1 << 20}},
		{"frames differ, and hardly any is larger", gstglue.FrameSizes{Guess: 3 << 20}, 1 << 20, []uint64{3 << 20, 1<<20 + 1<<18, 1 << 20}},
		{"the frame is nearly as large as any", gstglue.FrameSizes{Guess: 3 << 20}, 3<<20 - 1, []uint64{3 << 20, 3<<20 - 1}},
		{"the frame is larger than any should be", gstglue.FrameSizes{Guess: 3 << 20}, 4 << 20, []uint64{16 << 20, 5 << 20, 4 << 20}},
	} {
		got := grownSizes(c.sizes, c.room)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		if slices.Min(got) < c.room {
			t.Errorf("%s: %d have no room for %d", c.name, got, c.room)
		}
	}
}
