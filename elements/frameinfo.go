package elements

import (
	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// setFrame translates what travels with a frame into what a buffer carries.
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
