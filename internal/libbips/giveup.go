package libbips

// #include <stdlib.h>
// static void set (int *word) { __atomic_store_n (word, 1, __ATOMIC_SEQ_CST); }
import "C"

import "unsafe"

// GiveUp ends the making of a producer that another goroutine is about.
type GiveUp struct{ word *C.int }

// NewGiveUp returns one that has ended nothing. Free it when the producer is made, or not.
func NewGiveUp() GiveUp { return GiveUp{(*C.int)(C.calloc(1, C.sizeof_int))} }

// Now lets [Open] return [ErrInterrupted] where it waits. It may be called again.
func (g GiveUp) Now() { C.set(g.word) }

// Free gives its memory back.
func (g GiveUp) Free() { C.free(unsafe.Pointer(g.word)) }
