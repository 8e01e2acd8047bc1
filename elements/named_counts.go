package elements

import (
	"sync"

	"github.com/bips-ipc/bips/internal/gstglue"
)

// maxNamed is how many names are counted each by itself.
const maxNamed = 16

// otherNames is under which the rest is counted.
const otherNames = "others"

// namedCounts counts things whose names are not known beforehand. Its methods may be called from
// any thread, and allocate nothing.
type namedCounts struct {
	// elsewhere, if set, is how often a kind was counted by somebody else, which is added.
	elsewhere func(kind uint64) uint64

	mu      sync.Mutex
	entries [maxNamed]namedCount
	used    int
	others  uint64
}

type namedCount struct {
	kind  uint64 // of the thing with the name, where it has one
	name  string
	count uint64
}

// again counts a thing of a kind that has an entry; false: it has none.
func (n *namedCounts) again(kind uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.entries[:n.used] {
		if n.entries[i].kind == kind {
			n.entries[i].count++
			return true
		}
	}
	return false
}

// count counts a thing by its name, with the others if there are too many; first: it got an entry
// of its own just now, or is the first of the others.
func (n *namedCounts) count(kind uint64, name string) (first bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.entries[:n.used] {
		if n.entries[i].name == name {
			n.entries[i].count++
			return false
		}
	}
	if n.used == maxNamed {
		n.others++
		return n.others == 1
	}
	n.entries[n.used] = namedCount{kind, name, 1}
	n.used++
	return true
}

// counts are the counters by name.
func (n *namedCounts) counts() []gstglue.Count {
	n.mu.Lock()
	defer n.mu.Unlock()
	counts := make([]gstglue.Count, 0, n.used+1)
	for _, e := range n.entries[:n.used] {
		if n.elsewhere != nil {
			e.count += n.elsewhere(e.kind)
		}
		counts = append(counts, gstglue.Count{Name: e.name, Value: e.count})
	}
	if n.others > 0 {
		counts = append(counts, gstglue.Count{Name: otherNames, Value: n.others})
	}
	return counts
}

func (n *namedCounts) reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.entries, n.used, n.others = [maxNamed]namedCount{}, 0, 0
}
