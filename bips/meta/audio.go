package meta

import "github.com/bips-ipc/bips/internal/layout"

// AudioLayout says how raw audio lies in the frame. Format, rate and channels are in the caps.
//
// It is needed to read the frame. Who uses it has to check that the samples lie in the frame.
type AudioLayout struct {
	// Samples is how many there are in each channel.
	Samples uint64
	// Planar says that each channel has a plane of its own; else the channels are interleaved.
	Planar bool
	// Offsets are where the planes of planar audio begin, in bytes from the start of the frame: one of each
	// channel, at most 64. None of interleaved audio.
	Offsets []uint64
}

// Type implements [Record].
func (AudioLayout) Type() Type   { return TypeAudioLayout }
func (AudioLayout) flags() Flags { return Needed }

func (a AudioLayout) write(w *writer) {
	if n := len(a.Offsets); n > layout.MetaMaxChannels || a.Planar != (n > 0) {
		w.fail("%d planes of audio: planar audio has 1 to %d, interleaved audio none", n, layout.MetaMaxChannels)
	}
	w.u64(a.Samples)
	if a.Planar {
		w.u32(1)
	} else {
		w.u32(0)
	}
	w.u32(uint32(len(a.Offsets)))
	for _, offset := range a.Offsets {
		w.u64(offset)
	}
}

func readAudioLayout(r *reader) Record {
	a := AudioLayout{Samples: r.u64(), Planar: r.u32() != 0}
	n := r.count(8, layout.MetaMaxChannels, "planes of audio")
	if !a.Planar {
		return a
	}
	if n == 0 {
		r.fail("planar audio without planes")
		return nil
	}
	a.Offsets = make([]uint64, n)
	for i := range a.Offsets {
		a.Offsets[i] = r.u64()
	}
	return a
}
