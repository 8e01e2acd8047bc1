package stress

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// consuming is a consumer process.
type consuming struct {
	consumerPlan
	*history
	random *rand.Rand
	stop   atomic.Bool

	mu   sync.Mutex
	pool *bips.Consumer

	// held are the frames that the releasing goroutine has; room has a token when it
	// gave one back.
	held     chan bips.Frame
	room     chan struct{}
	released chan struct{} // closed when that goroutine has ended

	// What came last, within one instance and one joining:
	instance uint64 // of the pool; 0: none yet
	last     payload
	known    bool // last is set, and the next frame is to follow it
	ended    bool // an end of stream came after last

	received, skipped, lost uint64 // since the consumer was made
	stats                   bips.ConsumerStats
	gone                    int // of so many entries to come some may be gone
}

// runConsumer reads until standard input ends or the history is full.
func runConsumer(text string) error {
	plan, err := decode[consumerPlan](text)
	if err != nil {
		return err
	}
	h, err := createHistory(plan.History)
	if err != nil {
		return err
	}
	c := &consuming{consumerPlan: plan, history: h, random: newRandom(plan.Seed), room: make(chan struct{}, 1)}
	if err := c.open(); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.stop.Store(true)
		c.pool.SetFlushing(true)
	}()
	for !c.stop.Load() && !c.full() {
		c.step()
	}
	c.close()
	c.complainOfLeaks()
	c.set(wordFinished, 1)
	return nil
}

// open makes a consumer and the goroutine that gives its frames back.
func (c *consuming) open() error {
	pool, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: c.Mode, MaxHeld: c.MaxHeld, Spin: c.Spin})
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.pool = pool
	if c.stop.Load() {
		pool.SetFlushing(true)
	}
	c.mu.Unlock()
	c.held = make(chan bips.Frame, c.MaxHeld)
	c.released = make(chan struct{})
	go c.release(pool, c.held, c.released, newRandom(c.random.Uint64()))
	c.received, c.skipped, c.lost, c.known = 0, 0, 0, false
	c.stats, c.gone = bips.ConsumerStats{}, 0
	return nil
}

// release gives frames back in any order, some after a while.
func (c *consuming) release(pool *bips.Consumer, held <-chan bips.Frame, released chan<- struct{}, random *rand.Rand) {
	defer close(released)
	var mine []bips.Frame
	for open := true; open || len(mine) > 0; {
		if open && len(mine) < c.MaxHeld {
			var f bips.Frame
			if len(mine) == 0 || random.IntN(3) == 0 {
				f, open = <-held
			} else {
				select {
				case f, open = <-held:
				default:
				}
			}
			if f.Data != nil {
				mine = append(mine, f)
			}
		}
		if len(mine) == 0 || (open && len(mine) < c.MaxHeld && random.IntN(3) == 0) {
			continue
		}
		if c.Pause > 0 {
			time.Sleep(upTo(random, c.Pause))
		}
		i := random.IntN(len(mine))
		c.giveBack(pool, mine[i])
		mine = append(mine[:i], mine[i+1:]...)
		select {
		case c.room <- struct{}{}:
		default:
		}
	}
}

func (c *consuming) giveBack(pool *bips.Consumer, f bips.Frame) {
	if err := checkUnchanged(&f); err != nil {
		c.complain("P2", "%v", err)
	}
	if err := pool.Push(f); err != nil {
		c.complain("P11", "Push: %v", err)
	}
	if err := pool.Push(f); !errors.Is(err, bips.ErrStale) {
		c.complain("P11", "second Push: %v", err)
	}
}

// close gives back what is held, before or after closing the consumer.
func (c *consuming) close() {
	c.mu.Lock()
	pool := c.pool
	c.mu.Unlock()
	before := c.random.IntN(2) == 0
	if before {
		c.closePool(pool)
	}
	close(c.held)
	<-c.released
	if !before {
		c.closePool(pool)
	}
	stats := pool.Stats()
	if stats.Received != c.received || stats.Skipped < c.skipped || stats.Lost < c.lost || stats.Held != 0 {
		c.complain("P7", "statistics %+v after %d received, %d skipped, %d lost", stats, c.received, c.skipped, c.lost)
	}
	c.add(eventTotals, stats.Received, stats.Skipped<<32|stats.Lost)
}

func (c *consuming) closePool(pool *bips.Consumer) {
	if err := pool.Close(); err != nil {
		c.complain("P11", "Close: %v", err)
	}
}

// step pulls one frame, or does something restless.
func (c *consuming) step() {
	c.set(wordBeats, c.get(wordBeats)+1)
	if c.Restless > 0 {
		switch c.random.IntN(2 * c.Restless) {
		case 0:
			c.reopen()
			return
		case 2:
			c.pool.SetBlocking(c.random.IntN(2) == 0)
		case 1:
			c.pool.Suspend()
			c.add(eventBreak, 1, 0)
			c.known = false
			time.Sleep(upTo(c.random, 2*time.Millisecond))
			c.pool.Resume()
		}
	}
	if c.pool.Held() >= c.MaxHeld {
		select {
		case <-c.room:
		case <-time.After(100 * time.Millisecond): // the releasing goroutine is pausing
		}
		return
	}
	f, err := c.pool.Pull(pick(c.random, bips.Forever, 0, time.Millisecond, 300*time.Millisecond))
	switch {
	case err == nil:
		c.look(&f)
		c.held <- f
	case errors.Is(err, bips.ErrEndOfStream):
		if !c.wasWaitedFor() {
			c.add(eventUnwaited, 0, 0)
		}
		c.add(eventEnd, 0, 0)
		c.ended = true
	case errors.Is(err, bips.ErrProducerLost):
		c.add(eventLost, 0, 0)
		c.known = false
	case errors.Is(err, bips.ErrPoolFull):
		c.set(wordRefused, c.get(wordRefused)+1)
	case errors.Is(err, bips.ErrTimeout), errors.Is(err, bips.ErrFlushing):
	default:
		c.complain("P11", "Pull: %v", err)
		c.stop.Store(true)
	}
}

// reopen leaves and joins again.
func (c *consuming) reopen() {
	c.close()
	c.add(eventBreak, 0, 0)
	if err := c.open(); err != nil {
		c.complain("P11", "NewConsumer: %v", err)
		c.stop.Store(true)
	}
}

// wasWaitedFor reports whether no entry may be missing since the last call: the producer has waited for us
// for longer than what the pool has room for.
func (c *consuming) wasWaitedFor() bool {
	now := c.pool.Stats()
	if now.Demoted > c.stats.Demoted {
		c.add(eventDemoted, 0, 0)
	}
	if !c.stats.Blocking || !now.Blocking || now.Demoted > c.stats.Demoted {
		info, _ := c.pool.Pool()
		c.gone = info.Slots
	} else if c.gone > 0 {
		c.gone--
	}
	c.stats = now
	return c.gone == 0
}

// look checks a frame as it comes, and notes it.
func (c *consuming) look(f *bips.Frame) {
	p, err := readPayload(f)
	if err != nil {
		c.complain("P1", "frame %d: %v", f.Sequence, err)
		return
	}
	if c.known && f.Instance == c.instance && p.token != c.last.token {
		c.complain("P1", "frame %d is of another producer", f.Sequence)
	}
	if f.Instance != c.instance {
		c.add(eventInstance, 0, p.token)
		c.instance, c.known, c.ended = f.Instance, false, false
	}
	c.received++
	c.skipped += f.Skipped
	c.lost += f.Lost
	waited := c.wasWaitedFor()
	if !c.known && !f.Discontinuity {
		c.complain("P6", "frame %d is the first one and no discontinuity", f.Sequence)
	}
	if c.known {
		c.compare(f, p, waited)
	}
	if !waited {
		c.add(eventUnwaited, 0, 0)
	}
	c.add(eventFrame, f.Sequence, f.Skipped<<32|f.Lost)
	c.set(wordFrames, c.get(wordFrames)+1)
	c.last, c.known, c.ended = p, true, false
}

// compare checks the counts of a frame that follows another.
func (c *consuming) compare(f *bips.Frame, p payload, waited bool) {
	between := p.sequence - c.last.sequence - 1
	dropped := p.dropped - c.last.dropped
	switch {
	case c.ended: // the end of the stream is one of those between, and counted by itself
	case c.Mode == bips.Latest && (f.Skipped != between || f.Lost != dropped):
		c.complain("P6", "frame %d after %d: %d skipped, %d lost, %d were dropped", p.sequence, c.last.sequence, f.Skipped, f.Lost, dropped)
	case c.Mode == bips.Every && f.Lost != between+dropped:
		c.complain("P6", "frame %d after %d: %d lost, %d were dropped", p.sequence, c.last.sequence, f.Lost, dropped)
	case c.Mode == bips.Every && waited && between != 0:
		c.complain("P4", "frame %d after %d", p.sequence, c.last.sequence)
	}
}
