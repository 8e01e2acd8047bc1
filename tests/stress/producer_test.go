package stress

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

const poolName = "stress"

// producing is a producer process.
type producing struct {
	producerPlan
	*history
	random  *rand.Rand
	pool    *bips.Producer
	token   uint64
	next    uint64 // sequence of the next entry
	dropped uint64
	caps    string
	stop    atomic.Bool
	lent    chan bips.Slot // nil without Lend
}

// runProducer publishes until standard input ends.
func runProducer(text string) error {
	plan, err := decode[producerPlan](text)
	if err != nil {
		return err
	}
	h, err := createHistory(plan.History)
	if err != nil {
		return err
	}
	p := &producing{producerPlan: plan, history: h, random: newRandom(plan.Seed), token: plan.Seed | 1, next: 1}
	p.set(wordToken, p.token)
	if err := p.open(); err != nil {
		return err
	}
	told := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		p.stop.Store(true)
		p.pool.SetFlushing(true)
		close(told)
	}()
	if p.Lend {
		p.lent = make(chan bips.Slot)
		go p.lend()
	}
	for !p.stop.Load() {
		p.publish()
	}
	<-told
	p.pool.SetFlushing(false)
	p.finish()
	return nil
}

// open waits for the name: who had it may have been killed a moment ago.
func (p *producing) open() error {
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		pool, err := bips.NewProducer(poolName, bips.ProducerOptions{
			Slots: p.Slots, SlotSize: p.SlotSize, Overflow: p.Overflow, BlockTimeout: p.BlockTimeout, MaxConsumers: 8,
		})
		if err == nil {
			p.pool = pool
			return nil
		}
		if !errors.Is(err, bips.ErrPoolBusy) || time.Since(start) > patience {
			return err
		}
	}
}

// lend is upstream: it takes slots and hands them to the publisher, or gives them
// back unpublished.
func (p *producing) lend() {
	defer close(p.lent)
	random := newRandom(p.Seed + 1)
	for !p.stop.Load() {
		slot, err := p.pool.Lend(20 * time.Millisecond)
		if err != nil {
			if !errors.Is(err, bips.ErrTimeout) && !errors.Is(err, bips.ErrFlushing) {
				p.complain("P11", "Lend: %v", err)
			}
			continue
		}
		clear(slot.Data) // upstream writes where it likes
		if random.IntN(8) == 0 {
			p.giveBack(slot)
			continue
		}
		p.lent <- slot
	}
}

func (p *producing) giveBack(slot bips.Slot) {
	if err := p.pool.Return(slot); err != nil {
		p.complain("P11", "Return: %v", err)
	}
}

func (p *producing) publish() {
	p.set(wordBeats, p.get(wordBeats)+1)
	if p.Pause > 0 {
		time.Sleep(upTo(p.random, p.Pause))
	}
	if p.Lend && p.random.IntN(16) == 0 {
		err := p.pool.WaitLendable(time.Millisecond)
		if err != nil && !errors.Is(err, bips.ErrTimeout) && !errors.Is(err, bips.ErrFlushing) {
			p.complain("P11", "WaitLendable: %v", err)
		}
	}
	var slot bips.Slot
	var err error
	select {
	case lent, ok := <-p.lent:
		if !ok {
			return
		}
		slot = lent
	default:
		slot, err = p.pool.Pull(pick(p.random, bips.Forever, 100*time.Millisecond))
	}
	switch {
	case errors.Is(err, bips.ErrDropped):
		p.dropped++
		time.Sleep(20 * time.Microsecond)
		return
	case errors.Is(err, bips.ErrTimeout), errors.Is(err, bips.ErrFlushing):
		return
	case err != nil:
		p.complain("P11", "Pull: %v", err)
		p.stop.Store(true)
		return
	}
	p.push(slot)
}

func (p *producing) push(slot bips.Slot) {
	frame := payload{token: p.token, sequence: p.next, dropped: p.dropped}
	frame.size = payloadHeader + p.random.IntN(p.SlotSize-payloadHeader+1)
	if caps := frame.caps(); caps != p.caps {
		if err := p.pool.SetCaps(caps); err != nil {
			p.complain("P11", "SetCaps: %v", err)
		}
		p.caps = caps
	}
	info := frame.write(slot.Data)
	var err error
	if p.random.IntN(4) == 0 { // kept a little longer, as by a tee upstream
		if _, err = p.pool.Publish(slot, info); err == nil {
			err = p.pool.Return(slot)
		}
	} else {
		err = p.pool.Push(slot, info)
	}
	if err != nil {
		p.complain("P11", "Push: %v", err)
		p.stop.Store(true)
		return
	}
	p.set(wordPublished, p.next)
	p.set(wordFrames, p.get(wordFrames)+1)
	p.next++
}

// finish counts the slots that can be pulled, which is right only when no consumer
// is left, and closes the pool.
func (p *producing) finish() {
	if p.Lend {
		for slot := range p.lent {
			p.giveBack(slot)
		}
	}
	if p.EndOfStream {
		if err := p.pool.EndOfStream(patience); err != nil {
			p.complain("P11", "EndOfStream: %v", err)
		} else {
			p.set(wordPublished, p.next)
			p.next++
		}
	}
	stats := p.pool.Stats()
	if stats.Published != p.next-1 || stats.Dropped != p.dropped || stats.Lent != 0 || stats.Banned != 0 {
		p.complain("P7", "statistics %+v after %d entries and %d drops", stats, p.next-1, p.dropped)
	}
	if p.BlockTimeout == bips.Forever && stats.Demoted != 0 {
		p.complain("P7", "demoted %d readers without a time-out", stats.Demoted)
	}
	p.set(wordDemoted, stats.Demoted)
	p.set(wordReclaimed, stats.Reclaimed)
	// A dead reader's slots are promised within 100 ms; the policy Drop does not wait for them.
	var pulled []bips.Slot
	for end := time.Now().Add(100 * time.Millisecond); len(pulled) < p.Slots-1; {
		slot, err := p.pool.Pull(max(0, time.Until(end)))
		if err == nil {
			pulled = append(pulled, slot)
		} else if !errors.Is(err, bips.ErrDropped) || time.Now().After(end) {
			break
		}
	}
	p.set(wordDrained, 1+uint64(len(pulled)))
	for _, slot := range pulled {
		p.giveBack(slot)
	}
	if err := p.pool.Close(); err != nil {
		p.complain("P11", "Close: %v", err)
	}
	p.set(wordClosed, 1)
	p.complainOfLeaks()
	p.set(wordFinished, 1)
}

func (h *history) complainOfLeaks() {
	for _, leak := range testmain.Held() {
		h.complain("P9", "%s", leak)
	}
}
