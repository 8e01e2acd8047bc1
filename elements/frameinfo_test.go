package elements

import (
	"reflect"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

func TestFrameInfoSurvivesTheWayThroughAPool(t *testing.T) {
	const none = ^uint64(0)
	tests := map[string]bips.FrameInfo{
		"all known": {
			Size: 3, PTS: bips.TimeOf(time.Second), DTS: bips.TimeOf(0), Duration: bips.TimeOf(time.Millisecond),
			CaptureTime: bips.TimeOf(time.Hour), Offset: 7, OffsetEnd: 8, Flags: 1 << 6,
			Planes: bips.Planes{Count: 2, Stride: [4]int32{64, 32}, Offset: [4]uint64{0, 4096}},
		},
		"times unknown": {Size: 3, Offset: none, OffsetEnd: none},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			var f gstglue.Frame
			setFrame(&f, &bips.Frame{FrameInfo: want, Data: make([]byte, want.Size)})
			if got := frameInfo(&f); !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
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
