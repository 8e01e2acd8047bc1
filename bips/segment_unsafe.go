package bips

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/bips-ipc/bips/internal/layout"
)

// overlay returns the record of type T that lies at offset in mapped memory.
//
// T is made of integers and atomics only, so that any bytes are a valid value.
func overlay[T any](memory []byte, offset uint64) (*T, error) {
	var zero T
	size, align := uint64(unsafe.Sizeof(zero)), uint64(unsafe.Alignof(zero))
	if offset > uint64(len(memory)) || uint64(len(memory))-offset < size {
		return nil, fmt.Errorf("%w: a record of %d bytes at %d ends beyond the segment's %d", ErrDamaged, size, offset, len(memory))
	}
	if offset%align != 0 {
		return nil, fmt.Errorf("%w: a record at %d is not aligned to %d bytes", ErrDamaged, offset, align)
	}
	// SAFETY: the record lies within memory (checked above), memory is page-aligned
	// because it was mapped, so the address is aligned; it outlives the pointer because
	// segments are unmapped only when nobody holds a part of them.
	return (*T)(unsafe.Pointer(unsafe.SliceData(memory[offset:]))), nil
}

// overlayRing returns the ring's words, which lie at offset in mapped memory.
func overlayRing(memory []byte, offset uint64, length int) ([]atomic.Uint64, error) {
	first, err := overlay[atomic.Uint64](memory, offset)
	if err != nil {
		return nil, err
	}
	if _, err := overlay[atomic.Uint64](memory, offset+uint64(length-1)*layout.RingWordSize); err != nil {
		return nil, err
	}
	// SAFETY: the first and the last word lie within memory (checked above).
	return unsafe.Slice(first, length), nil
}
