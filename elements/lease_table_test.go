package elements

import (
	"sync"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

func TestLeaseTableUsesNumbersAgain(t *testing.T) {
	var table leaseTable
	a, b := table.add(bips.Lease{}), table.add(bips.Lease{})
	if a == b {
		t.Fatalf("two leases have number %d", a)
	}
	table.free(a)
	if c := table.add(bips.Lease{}); c != a {
		t.Errorf("number %d, want %d again", c, a)
	}
}

func TestLeaseTableAllocatesNothingOnceGrown(t *testing.T) {
	var table leaseTable
	table.free(table.add(bips.Lease{}))
	if n := testing.AllocsPerRun(100, func() { table.free(table.add(bips.Lease{})) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestLeaseTableIsForAllThreads(t *testing.T) {
	var table leaseTable
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 1000 {
				table.free(table.add(bips.Lease{}))
			}
		}()
	}
	all.Wait()
	if len(table.unused) != len(table.entries) {
		t.Errorf("%d of %d numbers are free", len(table.unused), len(table.entries))
	}
}
