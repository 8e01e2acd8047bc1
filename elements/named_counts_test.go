package elements

import (
	"fmt"
	"testing"
)

func TestNamesAreCountedEachByItselfUpToALimit(t *testing.T) {
	var n namedCounts
	for i := range uint64(20) {
		name := fmt.Sprint("name", i)
		if n.again(i) {
			t.Errorf("%s was counted before it was known", name)
		}
		if first := n.count(i, name); first != (i <= maxNamed) {
			t.Errorf("%s: first is %v", name, first)
		}
		if known := n.again(i); known != (i < maxNamed) {
			t.Errorf("%s: known is %v", name, known)
		}
	}
	if n.count(77, "name0") {
		t.Error("a name that has an entry is no new one")
	}
	counts := n.counts()
	if len(counts) != maxNamed+1 {
		t.Fatalf("got %d counters: %v", len(counts), counts)
	}
	if c := counts[0]; c.Name != "name0" || c.Value != 3 {
		t.Errorf("the first: %v", c)
	}
	if c := counts[maxNamed]; c.Name != otherNames || c.Value != 4 {
		t.Errorf("the others: %v", c)
	}
	n.reset()
	if counts := n.counts(); len(counts) != 0 {
		t.Errorf("after a reset: %v", counts)
	}
}

func TestCountingANameAgainAllocatesNothing(t *testing.T) {
	var n namedCounts
	n.count(1, "one")
	if allocs := testing.AllocsPerRun(100, func() { n.again(1) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
