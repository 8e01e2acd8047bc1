package golden

import (
	"fmt"
	"unsafe"
)

// at returns the record of type T that lies at offset in memory. It panics when the
// record is not wholly inside: who calls it has checked the offset.
func at[T any](memory []byte, offset uint64) *T {
	var zero T
	size := uint64(unsafe.Sizeof(zero))
	if offset > uint64(len(memory)) || uint64(len(memory))-offset < size || offset%8 != 0 {
		panic(fmt.Sprintf("golden: no record of %d bytes at %d in %d", size, offset, len(memory)))
	}
	// SAFETY: the record lies within memory and offset is a multiple of 8 (checked above);
	// memory of segmentOf is aligned to 8 because it was made of words.
	return (*T)(unsafe.Pointer(unsafe.SliceData(memory[offset:])))
}

// segmentOf returns size bytes of zeros, aligned to 8.
func segmentOf(size uint64) []byte {
	words := make([]uint64, size/8)
	// SAFETY: the bytes are those of the words, which the slice keeps alive.
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), size)
}
