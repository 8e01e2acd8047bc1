package elements

import (
	"sync"

	"github.com/bips-ipc/bips/bips"
)

// leaseTable gives leases numbers under which GStreamer ends them. It outlives all
// elements, as the buffers may. It grows to the greatest number of leases ever held at
// a time, and then allocates no more.
type leaseTable struct {
	mu      sync.Mutex
	entries []bips.Lease
	unused  []uint32
}

var leases leaseTable

// add keeps a lease and returns its number.
func (t *leaseTable) add(l bips.Lease) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last := len(t.unused) - 1; last >= 0 {
		n := t.unused[last]
		t.unused = t.unused[:last]
		t.entries[n] = l
		return n
	}
	t.entries = append(t.entries, l)
	return uint32(len(t.entries) - 1)
}

// free ends a lease: its slot may be written again.
func (t *leaseTable) free(n uint32) {
	// A pool that was damaged meanwhile cannot take its frame back, and need not.
	_ = t.take(n).Release()
}

// take takes a lease out of the table.
func (t *leaseTable) take(n uint32) bips.Lease {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.entries[n]
	t.entries[n] = bips.Lease{}
	t.unused = append(t.unused, n)
	return l
}
