package gopeer

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// mostGrowth is how many times as large as at first slots become before the pool is made anew.
const mostGrowth = 8

// grow moves to slots that are a bit larger. Where they are large enough the pool is made anew, and begins small again.
func (p *producing) grow() error {
	size := p.pool.SlotSize()
	if size >= mostGrowth*p.options.SlotSize {
		return p.again()
	}
	err := p.growTo(size + 1 + p.random.IntN(p.options.SlotSize/4))
	if errors.Is(err, bips.ErrDropped) || errors.Is(err, bips.ErrFlushing) {
		return nil // somebody is still on the way from the move before
	}
	return err
}

func (p *producing) growTo(slotSize int) error {
	if err := p.pool.Grow(slotSize); err != nil {
		return err
	}
	p.out.write(line.Line{Event: line.Moved, Sequence: p.next, Size: p.pool.SlotSize()})
	return nil
}

// warned tells what happened to a pool's names.
func (p *producing) warned(gone *sync.Once, err error) {
	switch {
	case gaveWay(err):
		gone.Do(func() { p.out.write(line.Line{Event: line.GaveWay, Error: line.ErrorName(err), Text: err.Error()}) })
	case errors.Is(err, bips.ErrNamesDeleted):
		p.out.write(line.Line{Event: line.Renamed, Text: err.Error()})
	default:
		p.out.wrongCall("a move", err)
	}
}

// gaveWay reports whether a call failed because the pool's names were deleted and another producer took them.
func gaveWay(err error) bool {
	return errors.Is(err, bips.ErrNamesDeleted) && errors.Is(err, bips.ErrPoolBusy)
}

// keyFrameCount counts how often a pool's producer is asked for a key frame.
type keyFrameCount struct {
	count   atomic.Uint64
	enough  chan struct{}
	counted sync.WaitGroup
}

func (k *keyFrameCount) start(pool *bips.Producer) {
	enough := make(chan struct{})
	k.count.Store(0)
	k.enough = enough
	k.counted.Go(func() {
		for {
			select {
			case <-pool.KeyFrameRequests():
				k.count.Add(1)
			case <-enough:
				return
			}
		}
	})
}

func (k *keyFrameCount) stop() {
	close(k.enough)
	k.counted.Wait()
}
