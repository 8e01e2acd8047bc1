package gopeer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// consuming is a peer that consumes.
type consuming struct {
	name     string
	options  bips.ConsumerOptions
	limit    uint64        // frames to get; 0: no end
	pace     time.Duration // at most, between a frame and the next Pull
	hold     time.Duration // at most, before a frame is given back; 0: at once
	restless int           // does something else than pulling about twice in so many pulls; 0: never
	rests    int           // is suspended for 300 ms about once in so many pulls; 0: never
	brief    int           // leaves and joins again after up to so many frames; 0: never
	keys     int           // asks for a key frame about once in so many pulls; 0: never
	foreign  bool          // the frames are not a peer's
	detail   bool          // frames are told with all that travels with them
	random   *rand.Rand

	*shift
	out  *output
	pool *bips.Consumer

	held     chan holding  // frames for the goroutine that gives them back
	room     chan struct{} // has a token when it gave one back
	released chan struct{} // closed when that goroutine has ended

	pulled map[uint64]holding // by orders, under their numbers
	holds  uint64             // the last such number
	flush  bool               // as ordered
	count  uint64             // frames that came, in all
	left   int                // frames until a brief consumer leaves

	instance uint64 // of the last frame; 0: there was none since the pool was joined
	token    uint64
	demoted  uint64
	skipped  uint64 // in all, as far as it was told
	lost     uint64
}

// holding is a frame that is held.
type holding struct {
	frame   bips.Frame
	payload line.Payload
}

func consume(pool string, args []string, out *output) error {
	c := &consuming{name: pool, out: out, room: make(chan struct{}, 1), pulled: map[uint64]holding{}}
	var mode, payload string
	var seed uint64
	var idle bool
	flags := options("consume")
	flags.StringVar(&mode, "mode", "auto", "")
	flags.IntVar(&c.options.MaxHeld, "max-held", 0, "")
	flags.IntVar(&c.options.MinHeld, "min-held", 0, "")
	maxAge := micros(flags, "max-age", 0)
	spin := micros(flags, "spin", 0)
	stall := micros(flags, "stall-timeout", -1)
	flags.Uint64Var(&c.limit, "frames", 0, "")
	pause := micros(flags, "pause", 0)
	hold := micros(flags, "hold", 0)
	flags.IntVar(&c.restless, "restless", 0, "")
	flags.IntVar(&c.rests, "rests", 0, "")
	flags.IntVar(&c.brief, "brief", 0, "")
	flags.IntVar(&c.keys, "key-frames", 0, "")
	flags.StringVar(&payload, "payload", "peer", "")
	flags.BoolVar(&c.detail, "detail", false, "")
	flags.BoolVar(&idle, "idle", false, "")
	flags.Uint64Var(&seed, "seed", 0, "")
	if err := parse(flags, args); err != nil {
		return err
	}
	modes := map[string]bips.Mode{"auto": bips.Auto, "latest": bips.Latest, "every": bips.Every}
	var ok bool
	if c.options.Mode, ok = modes[mode]; !ok {
		return fmt.Errorf("--mode=%s: use auto, latest or every", mode)
	}
	if payload != "peer" && payload != "any" {
		return fmt.Errorf("--payload=%s: use peer or any", payload)
	}
	c.foreign = payload == "any"
	c.options.MaxAge, c.options.Spin, c.options.StallTimeout, c.pace, c.hold = *maxAge, *spin, *stall, *pause, *hold
	c.random, c.shift = newRandom(seed), newShift(!idle)
	if err := c.open(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		defer c.end()
		ended <- obey(os.Stdin, out, c.carryOut)
	}()
	c.run(c.step)
	return <-ended
}

// open makes a consumer and the goroutine that gives its frames back.
func (c *consuming) open() error {
	pool, err := bips.NewConsumer(c.name, c.options)
	if err != nil {
		return err
	}
	c.setPool(pool)
	c.held, c.released = make(chan holding, bips.MaxSlots), make(chan struct{})
	c.instance, c.demoted, c.skipped, c.lost = 0, 0, 0, 0
	c.left = 1 + c.random.IntN(max(c.brief, 1))
	c.out.write(line.Line{Event: line.Opened})
	go c.release(pool, c.held, c.released, rand.New(rand.NewPCG(c.random.Uint64(), 3)))
	return nil
}

// setPool lets orders, which another goroutine carries out, wake who waits for the pool.
func (c *consuming) setPool(pool *bips.Consumer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pool = pool
	if c.flush {
		pool.SetFlushing(true)
	}
}

// wake ends what the work waits for in the pool.
func (c *consuming) wake() { c.current().SetFlushing(true) }

// current is the consumer for orders that do not pause the work.
func (c *consuming) current() *bips.Consumer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pool
}

// halt pauses the work; then the pool is flushing only if that was ordered.
func (c *consuming) halt() {
	c.pause(c.wake)
	c.pool.SetFlushing(c.flush)
}

// step pulls one frame, or does something restless.
func (c *consuming) step() {
	if c.limit != 0 && c.count == c.limit {
		c.stop()
		return
	}
	if c.brief > 0 && c.left == 0 {
		c.reopen()
		return
	}
	if c.restless > 0 && c.moves() {
		return
	}
	if oneIn(c.random, c.rests) {
		c.rest()
	}
	if oneIn(c.random, c.keys) {
		if err := c.pool.RequestKeyFrame(); err != nil {
			c.out.wrongCall("RequestKeyFrame", err)
		}
	}
	if c.pool.Held() >= c.pool.Quota() && c.random.IntN(32) > 0 { // now and then it asks, and is refused
		select {
		case <-c.room:
		case <-time.After(100 * time.Millisecond): // the other goroutine is pausing
		}
		return
	}
	f, err := c.pool.Pull(pick(c.random, bips.Forever, 0, time.Millisecond, 300*time.Millisecond))
	if err != nil {
		c.seeError(err)
		return
	}
	if h, ok := c.see(f); ok {
		c.out.write(c.lineOf(&h, line.Frame))
		c.held <- h
	}
	c.sleep(upTo(c.random, c.pace))
}

// moves does one of the things that readers do besides reading, or nothing, and reports
// whether the step is over.
func (c *consuming) moves() bool {
	switch c.random.IntN(4 * c.restless) {
	case 0, 1:
		c.reopen()
		return true
	case 2, 3:
		c.suspend(func() { time.Sleep(upTo(c.random, 2*time.Millisecond)) })
	case 4:
		c.suspend(func() {})
	case 5, 6:
		blocking := c.random.IntN(2) == 0
		c.pool.SetBlocking(blocking)
		if !blocking {
			c.out.write(line.Line{Event: line.Unblocked})
		}
	case 7:
		c.pool.SetBlocking(false)
		c.out.write(line.Line{Event: line.Unblocked})
		time.Sleep(upTo(c.random, 2*time.Millisecond))
		c.pool.SetBlocking(true)
	}
	return false
}

func (c *consuming) suspend(meanwhile func()) {
	c.pool.Suspend()
	c.out.write(line.Line{Event: line.Suspended})
	meanwhile()
	c.pool.Resume()
}

// rest is suspended for long enough to notice that the producer is dead, in Pull or elsewhere.
func (c *consuming) rest() {
	const long = 300 * time.Millisecond
	c.suspend(func() {
		if c.random.IntN(2) == 0 {
			c.sleep(long)
			return
		}
		_, err := c.pool.Pull(long)
		for _, expected := range []error{bips.ErrTimeout, bips.ErrFlushing, bips.ErrQuota} {
			if errors.Is(err, expected) {
				return
			}
		}
		c.out.wrong(line.WrongCall, "Pull while suspended: %v", err)
	})
}

// reopen leaves and joins again.
func (c *consuming) reopen() {
	err := c.leave()
	if err == nil {
		err = c.open()
	}
	if err != nil {
		c.out.wrongCall("leaving and joining again", err)
		c.stop()
	}
}

// leave gives back what is held, before or after closing the consumer.
func (c *consuming) leave() error {
	var err error
	before := c.random.IntN(2) == 0
	if before {
		err = c.pool.Close()
	}
	close(c.held)
	<-c.released
	for number := range c.pulled {
		err = errors.Join(err, c.giveBackPulled(number))
	}
	if !before {
		err = errors.Join(err, c.pool.Close())
	}
	left := c.stats()
	left.Event = line.Closed
	c.out.write(left)
	return err
}

// seeError tells of a Pull without a frame.
func (c *consuming) seeError(err error) {
	switch {
	case errors.Is(err, bips.ErrEndOfStream):
		info, _ := c.pool.Pool()
		skipped, lost := c.missing()
		c.out.write(c.standing(line.Line{Event: line.End, Instance: line.Hex(info.Instance), Skipped: skipped, Lost: lost}))
	case errors.Is(err, bips.ErrProducerLost):
		skipped, lost := c.missing()
		c.out.write(line.Line{Event: line.Lost, Skipped: skipped, Lost: lost})
	case errors.Is(err, bips.ErrStalled):
		c.out.write(line.Line{Event: line.Stalled})
	case errors.Is(err, bips.ErrPoolFull):
		c.out.write(line.Line{Event: line.Full, Text: err.Error()})
	case errors.Is(err, bips.ErrQuota):
		time.Sleep(20 * time.Microsecond)
	case errors.Is(err, bips.ErrTimeout):
	case errors.Is(err, bips.ErrFlushing):
		if c.isWanted() {
			time.Sleep(time.Millisecond) // it was ordered
		}
	default:
		c.out.wrongCall("Pull", err)
		c.stop()
	}
}

// missing is what the counters say that was not given since the last frame.
func (c *consuming) missing() (skipped, lost uint64) {
	stats := c.pool.Stats()
	skipped, lost = stats.Skipped-c.skipped, stats.Lost-c.lost
	c.skipped, c.lost = stats.Skipped, stats.Lost
	return skipped, lost
}

// see checks a frame as it comes. A frame that is not whole is given back at once.
func (c *consuming) see(f bips.Frame) (holding, bool) {
	h := holding{frame: f}
	if !c.foreign {
		var err error
		if h.payload, err = readFrame(&f); err != nil {
			c.out.wrong(line.WrongWhole, "frame %d: %v", f.Sequence, err)
			if err := c.pool.Push(f); err != nil {
				c.out.wrongCall("Push", err)
			}
			return h, false
		}
	}
	c.count++
	c.skipped += f.Skipped
	c.lost += f.Lost
	c.left--
	if f.Instance != c.instance || h.payload.Token != c.token {
		c.instance, c.token = f.Instance, h.payload.Token
		c.missing() // when the one before ended: it is not told of
		info, _ := c.pool.Pool()
		l := line.Line{Event: line.Instance, Instance: line.Hex(f.Instance), Slots: info.Slots}
		if !c.foreign {
			l.Token = line.Hex(h.payload.Token)
		}
		c.out.write(l)
	}
	return h, true
}

// standing adds to a line whether the producer waits for this reader.
func (c *consuming) standing(l line.Line) line.Line {
	stats := c.pool.Stats()
	if stats.Demoted != c.demoted {
		c.demoted = stats.Demoted
		l.Demoted = stats.Demoted
	}
	l.Unwaited = c.options.Mode == bips.Every && !stats.Blocking
	return l
}

// lineOf tells of a frame.
func (c *consuming) lineOf(h *holding, event string) line.Line {
	f := &h.frame
	l := c.standing(line.Line{
		Event: event, Sequence: f.Sequence, Dropped: h.payload.Dropped,
		Skipped: f.Skipped, Lost: f.Lost, Discont: f.Discontinuity,
	})
	if c.detail {
		l.Info = recordOf(f)
	}
	return l
}
