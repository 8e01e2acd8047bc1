package elements

import (
	"testing"

	"github.com/bips-ipc/bips/internal/gstglue"
)

func TestSlotSizeWhereTheCapsDoNotTellTheSizeOfAFrame(t *testing.T) {
	for _, c := range []struct {
		name        string
		sizes       gstglue.FrameSizes
		first, want uint64
	}{
		{"nothing is known, and the first frame is empty", gstglue.FrameSizes{}, 0, 1 << 20},
		{"nothing is known, and the first frame is small", gstglue.FrameSizes{}, 1000, 1 << 20},
		{"nothing is known, and the first frame is large", gstglue.FrameSizes{}, 1 << 20, 4 << 20},
		{"no frame should be larger", gstglue.FrameSizes{Guess: 3 << 20}, 1000, 3 << 20},
		{"the first frame is larger than any should be", gstglue.FrameSizes{Guess: 3 << 20}, 4 << 20, 16 << 20},
		{"all frames are as large as the first", gstglue.FrameSizes{Constant: true}, 12345, 12345},
		{"all frames are as large as the first, which is empty", gstglue.FrameSizes{Constant: true}, 0, 1 << 20},
	} {
		if got := guessSlotSize(c.sizes, c.first); got != c.want {
			t.Errorf("%s: slots of %d bytes, want %d", c.name, got, c.want)
		}
	}
}
