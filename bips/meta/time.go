package meta

import (
	"math"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
)

// NoTime is an unknown time or duration.
const NoTime = layout.NoTime

// ReferenceTime is the frame's time on a clock other than the stream's.
type ReferenceTime struct {
	// Timestamp is in nanoseconds; NoTime: unknown.
	Timestamp uint64
	// Duration is in nanoseconds; NoTime: unknown.
	Duration uint64
	// Clock says which clock it is, as caps in GStreamer's notation: "timestamp/x-ntp".
	Clock string
}

// Type implements [Record].
func (ReferenceTime) Type() Type   { return TypeReferenceTime }
func (ReferenceTime) flags() Flags { return 0 }

func (t ReferenceTime) write(w *writer) {
	w.u64(t.Timestamp)
	w.u64(t.Duration)
	w.text(t.Clock)
}

func readReferenceTime(r *reader) Record {
	return ReferenceTime{Timestamp: r.u64(), Duration: r.u64(), Clock: r.text()}
}

// TimeCodeFlags say how a time code counts.
type TimeCodeFlags uint32

const (
	DropFrame  TimeCodeFlags = layout.TimeCodeDropFrame  // numbers are left out, as 30000/1001 frames/s need
	Interlaced TimeCodeFlags = layout.TimeCodeInterlaced // the video is interlaced
)

// NoDailyJam is the daily jam of a time code that has none.
const NoDailyJam = math.MinInt64

// TimeCode is an SMPTE time code. Its values are as the producer wrote them: who uses them has to check them.
type TimeCode struct {
	// FPSNumerator over FPSDenominator is the frame rate that it counts by, in frames per second.
	FPSNumerator, FPSDenominator uint32
	// Flags say how it counts.
	Flags TimeCodeFlags
	// FieldCount is 0 of progressive video, else 1 or 2: the field.
	FieldCount uint32
	// The time code itself. Frames counts from 0 in each second.
	Hours, Minutes, Seconds, Frames uint32
	// DailyJam is when it was 0, in microseconds since 1970 (Unix time), or [NoDailyJam].
	DailyJam int64
	// DailyJamOffset is the jam's time zone, in seconds east of UTC.
	DailyJamOffset int32
}

// DailyJamTime returns the daily jam in its time zone, if there is one.
func (t TimeCode) DailyJamTime() (jam time.Time, ok bool) {
	if t.DailyJam == NoDailyJam {
		return time.Time{}, false
	}
	return time.UnixMicro(t.DailyJam).In(time.FixedZone("", int(t.DailyJamOffset))), true
}

// Type implements [Record].
func (TimeCode) Type() Type   { return TypeTimeCode }
func (TimeCode) flags() Flags { return 0 }

func (t TimeCode) write(w *writer) {
	for _, v := range []uint32{
		t.FPSNumerator, t.FPSDenominator, uint32(t.Flags), t.FieldCount, t.Hours, t.Minutes, t.Seconds, t.Frames,
	} {
		w.u32(v)
	}
	w.u64(uint64(t.DailyJam))
	w.u32(uint32(t.DailyJamOffset))
	w.u32(0)
}

func readTimeCode(r *reader) Record {
	t := TimeCode{
		FPSNumerator: r.u32(), FPSDenominator: r.u32(), Flags: TimeCodeFlags(r.u32()), FieldCount: r.u32(),
		Hours: r.u32(), Minutes: r.u32(), Seconds: r.u32(), Frames: r.u32(),
		DailyJam: int64(r.u64()), DailyJamOffset: int32(r.u32()),
	}
	r.u32() // reserved
	return t
}
