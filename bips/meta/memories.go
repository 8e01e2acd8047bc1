package meta

import "github.com/bips-ipc/bips/internal/layout"

// Memories says that the frame consists of several memories, as a GstBuffer may. They lie in it one
// after the other.
type Memories struct {
	// Sizes are those of the memories in bytes, 2 to 16 of them. Their sum should be the frame's size: who uses
	// them has to check it.
	Sizes []uint64
}

// Type implements [Record].
func (Memories) Type() Type   { return TypeMemories }
func (Memories) flags() Flags { return 0 }

func (m Memories) write(w *writer) {
	if n := len(m.Sizes); n < 2 || n > layout.MetaMaxMemories {
		w.fail("%d memories, use 2 to %d", n, layout.MetaMaxMemories)
	}
	for _, size := range m.Sizes {
		w.u64(size)
	}
}

func readMemories(r *reader) Record {
	n := r.remaining() / 8
	if r.remaining()%8 != 0 || n < 2 || n > layout.MetaMaxMemories {
		r.fail("sizes of memories in %d bytes", r.remaining())
		return nil
	}
	m := Memories{Sizes: make([]uint64, n)}
	for i := range m.Sizes {
		m.Sizes[i] = r.u64()
	}
	return m
}
