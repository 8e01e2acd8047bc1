package elements

import (
	"sync"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// lendPatience is how long upstream may be kept waiting for a slot. Longer, and
// elements that acquire buffers while they hold a lock cannot be stopped.
const lendPatience = 20 * time.Millisecond

// lender lends the slots of one producer to upstream. It lives as long as upstream
// has any of its slots or buffer pools, which can be longer than the element.
type lender struct {
	producer *bips.Producer

	mu sync.Mutex
	// loans are the slots upstream, by the number that each was given; Data nil: the number is free. A slot has its index
	// as number, for which buffer pools keep a buffer. If a slot of the pool before a move still has that, it gets one from MaxSlots on.
	loans []bips.Slot
	spare []int // numbers from MaxSlots on that are free
	// starved: upstream waited in vain, and no slot was free since. It is not kept
	// waiting again until there is one: each frame would come late by the whole wait.
	starved bool
}

func newLender(producer *bips.Producer) *lender {
	return &lender{producer: producer, loans: make([]bips.Slot, bips.MaxSlots)}
}

// Lend implements gstglue.Lender.
func (l *lender) Lend(wait bool) (loan int, data []byte, ok bool) {
	slot, err := l.producer.Lend(l.patience(wait))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.starved = err != nil
	if err != nil {
		return 0, nil, false
	}
	return l.number(slot), slot.Data, true
}

// number gives a slot a number that no other has now. Called with l.mu held.
func (l *lender) number(slot bips.Slot) int {
	n := slot.Index()
	if l.loans[n].Data != nil {
		if len(l.spare) == 0 {
			l.spare = append(l.spare, len(l.loans))
			l.loans = append(l.loans, bips.Slot{})
		}
		last := len(l.spare) - 1
		n, l.spare = l.spare[last], l.spare[:last]
	}
	l.loans[n] = slot
	return n
}

func (l *lender) patience(wait bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !wait || l.starved {
		return 0
	}
	return lendPatience
}

// slot is the slot with a number.
func (l *lender) slot(loan int) bips.Slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.loans[loan]
}

// publish publishes a slot that upstream filled. It stays lent: upstream may still look at it. copied: it was
// lent before the producer moved, and had to be copied.
func (l *lender) publish(loan int, info bips.FrameInfo) (copied bool, err error) {
	slot := l.slot(loan)
	copied = l.producer.HasMovedFrom(slot)
	_, err = l.producer.Publish(slot, info)
	return copied, err
}

// Return implements gstglue.Lender.
func (l *lender) Return(loan int) {
	// A pool that was damaged meanwhile cannot take its slot back, and need not.
	_ = l.producer.Return(l.take(loan))
}

// take takes a slot back, and frees its number.
func (l *lender) take(loan int) bips.Slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	slot := l.loans[loan]
	l.loans[loan] = bips.Slot{}
	if loan >= bips.MaxSlots {
		l.spare = append(l.spare, loan)
	}
	return slot
}

// Gone implements gstglue.Lender.
func (l *lender) Gone() {}
