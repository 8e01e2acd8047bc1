package elements

import (
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// testLender lends the slots of a pool of the test's own.
func testLender(t *testing.T) *lender {
	t.Helper()
	producer, err := bips.NewProducer(t.Name(), bips.ProducerOptions{SlotSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = producer.Close() })
	return newLender(producer)
}

// lendMarked lends a slot, and writes into it.
func lendMarked(t *testing.T, l *lender, mark byte) (loan int, data []byte) {
	t.Helper()
	loan, data, ok := l.Lend(false)
	if !ok {
		t.Fatal("no slot was lent")
	}
	data[0] = mark
	return loan, data
}

func TestLoansFromBeforeAMoveAreKeptApartFromThoseAfter(t *testing.T) {
	l := testLender(t)
	before, _ := lendMarked(t, l, 1)
	if err := l.producer.Grow(32); err != nil {
		t.Fatal(err)
	}
	after, data := lendMarked(t, l, 2)
	if len(data) != 32 {
		t.Errorf("a slot of %d bytes was lent, want 32", len(data))
	}
	if l.slot(before).Index() != l.slot(after).Index() {
		t.Fatal("the two slots have different indices, so that this test shows nothing")
	}
	if before == after {
		t.Fatalf("both loans have number %d", after)
	}
	for _, c := range []struct {
		loan   int
		mark   byte
		copied bool
	}{{before, 1, true}, {after, 2, false}} {
		if got := l.slot(c.loan).Data[0]; got != c.mark {
			t.Errorf("loan %d is slot %d, want %d", c.loan, got, c.mark)
		}
		if copied, err := l.publish(c.loan, bips.FrameInfo{Size: 1}); err != nil || copied != c.copied {
			t.Errorf("loan %d: copied is %v, %v", c.loan, copied, err)
		}
		l.Return(c.loan)
	}
	if lent := l.producer.Stats().Lent; lent != 0 {
		t.Errorf("%d slots are still lent", lent)
	}
}

func TestLoansAreNumberedLikeTheirSlotsAndAllocateNothing(t *testing.T) {
	l := testLender(t)
	if n := testing.AllocsPerRun(100, func() {
		loan, _, ok := l.Lend(false)
		if !ok || loan != l.slot(loan).Index() {
			t.Errorf("slot %d has number %d", l.slot(loan).Index(), loan)
		}
		l.Return(loan)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNumbersBeyondTheSlotsAreUsedAgain(t *testing.T) {
	l := testLender(t)
	for size := 32; size < 128; size += 16 {
		before, _ := lendMarked(t, l, 1)
		if err := l.producer.Grow(size); err != nil {
			t.Fatal(err)
		}
		after, _ := lendMarked(t, l, 2)
		l.Return(before)
		l.Return(after)
	}
	if got := len(l.loans); got != bips.MaxSlots+1 || len(l.spare) != 1 {
		t.Errorf("%d numbers, %d of them spare, want one more than slots", got, len(l.spare))
	}
}
