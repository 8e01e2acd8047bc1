package elements

import (
	"sync"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// lendPatience is how long upstream may be kept waiting for a slot. Longer, and
// elements that acquire buffers while they hold a lock cannot be stopped.
const lendPatience = 20 * time.Millisecond

// lender lends the slots of one pool instance to upstream. It lives as long as upstream
// has any of its slots or buffer pools, which can be longer than the element.
type lender struct {
	producer *bips.Producer

	mu sync.Mutex
	// loans are the slots upstream, by index.
	loans [bips.MaxSlots]bips.Slot
	// starved: upstream waited in vain, and no slot was free since. It is not kept
	// waiting again until there is one: each frame would come late by the whole wait.
	starved bool
}

// Lend implements gstglue.Lender.
func (l *lender) Lend(wait bool) (slot int, data []byte, ok bool) {
	loan, err := l.producer.Lend(l.patience(wait))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.starved = err != nil
	if err != nil {
		return 0, nil, false
	}
	l.loans[loan.Index()] = loan
	return loan.Index(), loan.Data, true
}

func (l *lender) patience(wait bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !wait || l.starved {
		return 0
	}
	return lendPatience
}

func (l *lender) loan(slot int) bips.Slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.loans[slot]
}

// publish publishes a slot that upstream filled. It stays lent: upstream may still look at it.
func (l *lender) publish(slot int, info bips.FrameInfo) error {
	_, err := l.producer.Publish(l.loan(slot), info)
	return err
}

// Return implements gstglue.Lender.
func (l *lender) Return(slot int) {
	// A pool that was damaged meanwhile cannot take its slot back, and need not.
	_ = l.producer.Return(l.loan(slot))
}

// Gone implements gstglue.Lender.
func (l *lender) Gone() {}
