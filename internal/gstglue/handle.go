package gstglue

import (
	"sync"
	"sync/atomic"
)

// maxHandles is how many objects of one kind C can know at a time.
const maxHandles = 1 << 12

// handles gives objects numbers under which C may call them. Looking one up takes no
// lock and allocates nothing: it happens for every frame.
type handles[T any] struct {
	mu      sync.Mutex
	free    []uint64
	highest uint64
	entries [maxHandles]atomic.Pointer[T]
}

// add returns a number for v, or 0 when there are too many.
func (h *handles[T]) add(v T) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var n uint64
	switch last := len(h.free) - 1; {
	case last >= 0:
		n, h.free = h.free[last], h.free[:last]
	case h.highest+1 < maxHandles:
		h.highest++
		n = h.highest
	default:
		return 0
	}
	h.entries[n].Store(&v)
	return n
}

// get returns the object with number n.
func (h *handles[T]) get(n uint64) (v T, ok bool) {
	if n >= maxHandles {
		return v, false
	}
	p := h.entries[n].Load()
	if p == nil {
		return v, false
	}
	return *p, true
}

// remove forgets n, which may be given out again.
func (h *handles[T]) remove(n uint64) {
	if n == 0 || n >= maxHandles {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.entries[n].Swap(nil) != nil {
		h.free = append(h.free, n)
	}
}
