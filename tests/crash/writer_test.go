package crash

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// writerPlan is what a producer process is told.
type writerPlan struct {
	Pool         string
	Seed         uint64
	Overflow     bips.Overflow
	BlockTimeout time.Duration
	Slowly       bool // lets all others fall asleep before each frame
	Brief        bool // ends its pool after some frames, and makes the next one
}

// writer is a producer that does all a producer can do.
type writer struct {
	writerPlan
	random *rand.Rand
	pool   *bips.Producer
	token  uint64
	next   uint64         // sequence of the next entry
	lent   []bips.Slot    // empty, for upstream
	kept   sync.WaitGroup // slots that are published, and not given back yet
	broken atomic.Value   // the error of one that could not be given back
}

func newWriter(plan writerPlan) *writer {
	return &writer{writerPlan: plan, random: rand.New(rand.NewPCG(plan.Seed, 1))}
}

// write is a producer process. It publishes until it is told to "hold", which it
// answers when it has all slots but the newest entry's, and then waits for "go".
func write(args []string) error {
	var plan writerPlan
	if err := json.Unmarshal([]byte(args[0]), &plan); err != nil {
		return err
	}
	w, told := newWriter(plan), orders()
	for {
		if err := w.open(); err != nil {
			return err
		}
		for left := w.length(); left != 0; left-- {
			select {
			case _, more := <-told:
				if !more {
					return w.close()
				}
				if err := w.hold(told); err != nil {
					return err
				}
			default:
			}
			if err := w.publish(); err != nil {
				return err
			}
		}
		if err := w.close(); err != nil {
			return err
		}
	}
}

// open makes the pool and waits for its readers, who look for one every 50 ms; who is
// brief does not always.
func (w *writer) open() error {
	pool, err := bips.NewProducer(w.Pool, bips.ProducerOptions{
		Slots: stageSlots, SlotSize: frameSize, MaxConsumers: stageSeats, Overflow: w.Overflow, BlockTimeout: w.BlockTimeout,
	})
	if err != nil {
		return err
	}
	w.pool, w.token, w.next = pool, w.random.Uint64(), 1
	if w.Brief && w.random.IntN(2) == 0 {
		return nil
	}
	return pool.WaitConsumers(2, patience)
}

// length is how many frames to publish; -1: no end.
func (w *writer) length() int {
	if !w.Brief {
		return -1
	}
	return 1 + w.random.IntN(40)
}

// publish publishes one entry.
func (w *writer) publish() error {
	if w.Slowly || w.random.IntN(100) == 0 {
		time.Sleep(time.Duration(w.random.IntN(2000)) * time.Microsecond)
	}
	if w.random.IntN(60) == 0 {
		w.next++
		return w.pool.EndOfStream(patience)
	}
	slot, err := w.empty()
	if errors.Is(err, bips.ErrDropped) {
		time.Sleep(20 * time.Microsecond)
		return nil
	}
	if err != nil {
		return err
	}
	info := payload{w.token, w.next}.write(slot.Data)
	if sequence, err := w.pool.Publish(slot, info); err != nil || sequence != w.next {
		return fmt.Errorf("entry %d was published as %d: %w", w.next, sequence, err)
	}
	w.next++
	if w.random.IntN(3) > 0 {
		return w.giveBack(slot)
	}
	w.kept.Add(1)
	delay := time.Duration(w.random.IntN(200)) * time.Microsecond
	go func() {
		defer w.kept.Done()
		time.Sleep(delay)
		if err := w.giveBack(slot); err != nil {
			w.broken.Store(err)
		}
	}()
	return nil
}

// empty is a slot to fill: one of those that upstream has, or else another.
func (w *writer) empty() (bips.Slot, error) {
	if len(w.lent) < 4 {
		if slot, err := w.pool.Lend(0); err == nil {
			w.lent = append(w.lent, slot)
		} else if !errors.Is(err, bips.ErrTimeout) {
			return slot, err
		}
	}
	if i := w.random.IntN(8); i < len(w.lent) {
		slot := w.lent[i]
		w.lent = append(w.lent[:i], w.lent[i+1:]...)
		return slot, nil
	}
	return w.pool.Pull(patience)
}

// giveBack gives back a slot that was published, and that nobody has written to since.
func (w *writer) giveBack(slot bips.Slot) error {
	if err := checkWhole(slot.Data); err != nil {
		return fmt.Errorf("a slot that was published and kept: %w", err)
	}
	return w.pool.Return(slot)
}

// giveAllBack gives back what upstream has, and waits until nothing is kept.
func (w *writer) giveAllBack() error {
	err := w.putBack(w.lent)
	w.lent = nil
	w.kept.Wait()
	broken, _ := w.broken.Load().(error)
	return errors.Join(err, broken)
}

// take pulls every slot but the newest entry's, and returns them.
func (w *writer) take() (pulled []bips.Slot, err error) {
	if err := w.giveAllBack(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(patience); len(pulled) < stageSlots-1; {
		slot, err := w.pool.Pull(patience)
		switch {
		case err == nil:
			pulled = append(pulled, slot)
		case !errors.Is(err, bips.ErrDropped) || time.Now().After(end):
			return pulled, fmt.Errorf("after %d of %d slots: %w", len(pulled), stageSlots-1, err)
		default:
			time.Sleep(time.Millisecond)
		}
	}
	return pulled, nil
}

func (w *writer) putBack(pulled []bips.Slot) (err error) {
	for _, slot := range pulled {
		err = errors.Join(err, w.pool.Return(slot))
	}
	return err
}

func (w *writer) hold(told <-chan string) error {
	pulled, err := w.take()
	if err != nil {
		return err
	}
	if err := answer("holding"); err != nil {
		return err
	}
	<-told
	return errors.Join(w.putBack(pulled), answer("going on"))
}

func (w *writer) close() error {
	return errors.Join(w.giveAllBack(), w.pool.EndOfStream(patience), w.pool.Close())
}
