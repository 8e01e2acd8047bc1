package gopeer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// producing is a peer that produces.
type producing struct {
	name    string
	options bips.ProducerOptions
	wait    int           // consumers to wait for before the first frame
	size    int           // of frames; 0: any that fits
	limit   uint64        // frames to publish; 0: no end
	pace    time.Duration // at most, before each frame
	nap     int           // pauses up to 2 ms about once in so many frames
	ends    int           // ends the stream about once in so many frames
	moves   int           // moves to larger slots about once in so many frames
	lend    int           // so many slots are with an upstream
	keep    time.Duration // at most, that a published slot is kept
	brief   int           // closes its pool and makes it again after up to so many frames; 0: never
	quiet   bool
	busy    time.Duration // that it tries while another producer has the name, or its pool has no room
	random  *rand.Rand

	*shift
	out  *output
	pool *bips.Producer
	upstream
	kept    sync.WaitGroup // published slots that are not given back yet
	token   uint64
	next    uint64 // sequence of the next frame
	dropped uint64
	count   uint64 // frames published, in all
	left    int    // frames until a brief pool is closed
	caps    string // that are set; "": none
	tags    string // likewise
	idle    bool
	flush   bool        // as ordered
	awaited bool        // the consumers that wait is about have come
	taken   []bips.Slot // by the order hold
	gone    *sync.Once  // tells that the present pool gave way to another producer
	asked   keyFrameCount
}

func produce(pool string, args []string, out *output) error {
	p := &producing{name: pool, out: out}
	var overflow, backend string
	var seed uint64
	flags := options("produce")
	flags.IntVar(&p.options.Slots, "slots", 0, "")
	flags.IntVar(&p.options.SlotSize, "slot-size", 4096, "")
	flags.IntVar(&p.options.MetaSize, "meta-size", 0, "")
	flags.IntVar(&p.options.MaxConsumers, "seats", 0, "")
	flags.StringVar(&overflow, "overflow", "block", "")
	flags.StringVar(&backend, "backend", "shm", "")
	blockTimeout := micros(flags, "block-timeout", -1)
	flags.IntVar(&p.wait, "wait", 0, "")
	flags.IntVar(&p.size, "size", 0, "")
	flags.Uint64Var(&p.limit, "frames", 0, "")
	pause := micros(flags, "pause", 0)
	flags.IntVar(&p.nap, "nap", 0, "")
	flags.IntVar(&p.ends, "ends", 0, "")
	flags.IntVar(&p.moves, "moves", 0, "")
	flags.IntVar(&p.lend, "lend", 0, "")
	keep := micros(flags, "keep", 0)
	flags.IntVar(&p.brief, "brief", 0, "")
	flags.BoolVar(&p.quiet, "quiet", false, "")
	flags.BoolVar(&p.idle, "idle", false, "")
	busy := micros(flags, "busy", 0)
	flags.Uint64Var(&seed, "seed", 0, "")
	if err := parse(flags, args); err != nil {
		return err
	}
	switch overflow {
	case "block":
		p.options.Overflow = bips.Block
	case "drop":
		p.options.Overflow = bips.Drop
	default:
		return fmt.Errorf("--overflow=%s: use block or drop", overflow)
	}
	switch backend {
	case "shm":
		p.options.Backend = bips.Shm
	case "memfd":
		p.options.Backend = bips.Memfd
	default:
		return fmt.Errorf("--backend=%s: use shm or memfd", backend)
	}
	if p.size > p.options.SlotSize || p.size != 0 && p.size < line.HeaderSize || p.options.SlotSize < line.HeaderSize && !p.idle {
		return fmt.Errorf("--size=%d --slot-size=%d: a frame has %d bytes at least", p.size, p.options.SlotSize, line.HeaderSize)
	}
	p.options.BlockTimeout, p.pace, p.keep, p.busy = *blockTimeout, *pause, *keep, *busy
	p.random, p.shift = newRandom(seed), newShift(!p.idle)
	p.upstream.random = newRandom(seed ^ 1)
	if err := p.open(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		defer p.end()
		ended <- obey(os.Stdin, out, p.carryOut)
	}()
	p.run(p.step)
	return <-ended
}

// open makes the pool, and another token each time.
func (p *producing) open() error {
	gone := new(sync.Once)
	p.options.Warn = func(err error) { p.warned(gone, err) }
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		pool, err := bips.NewProducer(p.name, p.options)
		if err == nil {
			p.gone = gone
			p.setPool(pool)
			break
		}
		passes := errors.Is(err, bips.ErrPoolBusy) || errors.Is(err, bips.ErrNoSpace)
		if !passes || time.Since(start) > p.busy {
			return err
		}
	}
	p.token, p.next, p.dropped, p.caps, p.tags = p.random.Uint64()|1, 1, 0, "", ""
	p.out.write(line.Line{Event: line.Opened, Token: line.Hex(p.token), Slots: p.pool.Slots()})
	p.asked.start(p.pool)
	p.lendFrom(p.pool, p.lend, p.out)
	p.left = 1 + p.random.IntN(max(p.brief, 1))
	p.awaited = p.wait == 0 || p.brief > 0 && p.random.IntN(2) == 0
	return nil
}

// setPool lets orders, which other goroutines carry out, wake who waits for the pool.
func (p *producing) setPool(pool *bips.Producer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pool = pool
	if p.flush || !p.wanted && !p.idle {
		pool.SetFlushing(true)
	}
}

// wake ends what the work waits for in the pool.
func (p *producing) wake() { p.current().SetFlushing(true) }

// current is the pool for orders that do not pause the work.
func (p *producing) current() *bips.Producer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pool
}

// halt pauses the work; then the pool is flushing only if that was ordered.
func (p *producing) halt() {
	p.pause(p.wake)
	p.pool.SetFlushing(p.flush)
}

// step publishes a frame, or ends something.
func (p *producing) step() {
	if p.limit != 0 && p.count == p.limit {
		p.stop()
		return
	}
	if !p.awaited {
		err := p.pool.WaitConsumers(p.wait, bips.Forever)
		p.mustGoOn("WaitConsumers", err)
		p.awaited = err == nil
		return
	}
	p.sleep(upTo(p.random, p.pace))
	if oneIn(p.random, p.nap) {
		p.sleep(upTo(p.random, 2*time.Millisecond))
	}
	if p.brief > 0 && p.left == 0 {
		p.mustGoOn("closing and opening again", p.again())
		return
	}
	if oneIn(p.random, p.ends) {
		p.mustGoOn("EndOfStream", p.endOfStream())
		return
	}
	if oneIn(p.random, p.moves) {
		p.mustGoOn("Grow", p.grow())
		return
	}
	slot, err := p.empty()
	switch {
	case errors.Is(err, bips.ErrDropped):
		p.dropped++
		time.Sleep(20 * time.Microsecond)
	case errors.Is(err, bips.ErrTimeout), errors.Is(err, bips.ErrFlushing):
	case err != nil:
		p.mustGoOn("Pull", err)
	default:
		p.mustGoOn("publishing", p.publish(slot))
	}
}

// mustGoOn says that a call failed, and stops the work.
func (p *producing) mustGoOn(call string, err error) {
	if gaveWay(err) {
		p.warned(p.gone, err)
		p.stop()
		return
	}
	if err != nil && !(errors.Is(err, bips.ErrFlushing) && !p.isWanted()) {
		p.out.wrongCall(call, err)
		p.stop()
	}
}

// again closes the pool right after a frame, or after the end of the stream, and makes the next one.
func (p *producing) again() error {
	var err error
	if p.random.IntN(4) > 0 {
		err = p.endOfStream()
	}
	return errors.Join(err, p.shut(), p.open())
}

func (p *producing) endOfStream() error {
	if err := p.pool.EndOfStream(); err != nil {
		return err
	}
	p.out.write(line.Line{Event: line.Ended, Token: line.Hex(p.token)})
	return nil
}

// empty is a slot to fill: one that upstream had, or another.
func (p *producing) empty() (bips.Slot, error) {
	if p.lend > 0 && p.random.IntN(16) == 0 {
		err := p.pool.WaitLendable(time.Millisecond)
		if err != nil && !errors.Is(err, bips.ErrTimeout) && !errors.Is(err, bips.ErrFlushing) && !gaveWay(err) {
			p.out.wrongCall("WaitLendable", err)
		}
	}
	select {
	case slot := <-p.lent:
		return slot, nil
	default:
		return p.pool.Pull(pick(p.random, bips.Forever, 100*time.Millisecond))
	}
}

// publish fills a slot with the next payload and publishes it in one way or another.
func (p *producing) publish(slot bips.Slot) error {
	frame := line.Payload{Token: p.token, Sequence: p.next, Dropped: p.dropped, Size: uint64(p.size)}
	if p.size == 0 {
		frame.Size = uint64(line.HeaderSize + p.random.IntN(len(slot.Data)-line.HeaderSize+1))
	}
	if err := p.setCapsAndTags(frame); err != nil {
		return errors.Join(err, p.pool.Return(slot))
	}
	data := slot.Data[:frame.Size]
	frame.Write(data)
	sequence, err := p.pool.Publish(slot, infoOf(frame))
	if errors.Is(err, bips.ErrDropped) || errors.Is(err, bips.ErrFlushing) { // it was lent before a move, and there is no other one for it
		if errors.Is(err, bips.ErrDropped) {
			p.dropped++
		}
		return p.pool.Return(slot)
	}
	if err != nil {
		return errors.Join(err, p.pool.Return(slot))
	}
	if sequence != p.next {
		return fmt.Errorf("frame %d was published as %d", p.next, sequence)
	}
	if !p.quiet {
		p.out.write(line.Line{Event: line.Published, Sequence: sequence, Dropped: p.dropped})
	}
	p.next++
	p.count++
	p.left--
	if p.keep == 0 || p.random.IntN(3) > 0 {
		return p.giveBack(p.pool, slot, frame)
	}
	p.kept.Add(1)
	delay := upTo(p.random, p.keep)
	go func(pool *bips.Producer) {
		defer p.kept.Done()
		time.Sleep(delay)
		if err := p.giveBack(pool, slot, frame); err != nil {
			p.out.wrongCall("Return", err)
		}
	}(p.pool)
	return nil
}

// setCapsAndTags sets those of a frame, where they are others than before.
func (p *producing) setCapsAndTags(frame line.Payload) error {
	if caps := frame.Caps(); caps != p.caps {
		if err := p.pool.SetCaps(caps); err != nil {
			return err
		}
		p.caps = caps
	}
	if tags := frame.Tags(); string(tags) != p.tags {
		if err := p.pool.SetTags(tags); err != nil {
			return err
		}
		p.tags = string(tags)
	}
	return nil
}

// giveBack gives back a slot that was published, and that nobody has written to since.
func (p *producing) giveBack(pool *bips.Producer, slot bips.Slot, frame line.Payload) error {
	if err := line.Same(slot.Data[:frame.Size], frame); err != nil {
		p.out.wrong(line.WrongHeld, "a slot that was published and kept: %v", err)
	}
	return pool.Return(slot)
}

// shut gives all slots back and closes the pool.
func (p *producing) shut() error {
	p.stopLending()
	p.kept.Wait()
	err := p.putBack(p.taken)
	p.taken = nil
	p.asked.stop()
	closed := p.stats()
	err = errors.Join(err, p.pool.Close())
	closed.Event, closed.Token, closed.Drops = line.Closed, line.Hex(p.token), p.dropped
	p.out.write(closed)
	return err
}

// putBack gives back what was pulled and not published.
func (p *producing) putBack(slots []bips.Slot) (err error) {
	for _, slot := range slots {
		err = errors.Join(err, p.pool.Return(slot))
	}
	return err
}
