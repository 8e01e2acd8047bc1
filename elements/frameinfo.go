package elements

import (
	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// frameInfo translates what a buffer carries into what travels with a frame.
func frameInfo(f *gstglue.Frame) bips.FrameInfo {
	info := bips.FrameInfo{
		Size:        int(f.Size),
		PTS:         bips.TimeFromNanoseconds(f.PTS),
		DTS:         bips.TimeFromNanoseconds(f.DTS),
		Duration:    bips.TimeFromNanoseconds(f.Duration),
		CaptureTime: bips.TimeFromNanoseconds(f.Capture),
		Offset:      f.Offset,
		OffsetEnd:   f.OffsetEnd,
		Flags:       f.Flags,
		Meta:        f.Meta(),
	}
	info.Planes.Count = int(f.Planes)
	for i := range info.Planes.Count {
		info.Planes.Stride[i] = f.Stride[i]
		info.Planes.Offset[i] = f.Start[i]
	}
	return info
}

// setFrame is the reverse.
func setFrame(f *gstglue.Frame, from *bips.Frame) {
	f.SetData(from.Data)
	f.SetMeta(from.Meta)
	f.PTS = from.PTS.Nanoseconds()
	f.DTS = from.DTS.Nanoseconds()
	f.Duration = from.Duration.Nanoseconds()
	f.Capture = from.CaptureTime.Nanoseconds()
	f.Offset = from.Offset
	f.OffsetEnd = from.OffsetEnd
	f.Flags = from.Flags
	f.Planes = uint32(from.Planes.Count)
	for i := range min(from.Planes.Count, gstglue.MaxPlanes) {
		f.Stride[i] = from.Planes.Stride[i]
		f.Start[i] = from.Planes.Offset[i]
	}
}
