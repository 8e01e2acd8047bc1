package elements

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

func TestABufferCarriesWhatTravelsWithAFrame(t *testing.T) {
	var f gstglue.Frame
	setFrame(&f, &bips.Frame{
		FrameInfo: bips.FrameInfo{
			PTS: bips.TimeOf(time.Second), DTS: bips.TimeOf(0), Duration: bips.TimeOf(time.Millisecond),
			CaptureTime: bips.TimeOf(time.Hour), Offset: 7, OffsetEnd: 8, Flags: 1 << 6,
			Planes: bips.Planes{Count: 2, Stride: [4]int32{64, 32}, Offset: [4]uint64{0, 4096}},
		},
		Data: make([]byte, 3),
	})
	if f.Size != 3 || f.PTS != 1e9 || f.DTS != 0 || f.Duration != 1e6 || f.Capture != 3600e9 || f.Offset != 7 || f.OffsetEnd != 8 ||
		f.Flags != 1<<6 || f.Planes != 2 || f.Stride != [4]int32{64, 32} || f.Start != [4]uint64{0, 4096} {
		t.Errorf("%+v", f)
	}
}

func TestUnknownTimesAreGStreamersNone(t *testing.T) {
	var f gstglue.Frame
	setFrame(&f, &bips.Frame{})
	for name, got := range map[string]uint64{"PTS": f.PTS, "DTS": f.DTS, "Duration": f.Duration, "Capture": f.Capture} {
		if got != ^uint64(0) {
			t.Errorf("%s is %d", name, got)
		}
	}
}
