package stress

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// producerPlan is what a round's producers are.
type producerPlan struct {
	Backends     []string // each producer draws one of them
	Slots        int
	SlotSize     int
	Overflow     bips.Overflow
	BlockTimeout time.Duration
	Pause        time.Duration // at most, between frames; 0: as fast as it can
	Ends         int           // ends its stream about once in so many frames; 0: not before it closes
	Moves        int           // moves to larger slots about once in so many frames; 0: never
	Brief        int           // closes its pool, and makes it again, after up to so many frames; 0: as it is told
	Lend         bool          // half of the frames are written into slots that were lent before
}

// consumerPlan is what one of a round's consumers is.
type consumerPlan struct {
	Mode     bips.Mode
	MaxHeld  int
	Pause    time.Duration // at most, before a frame is given back; 0: at once
	Restless int           // suspends, or leaves and joins again, about once in so many frames; 0: never
	Spin     time.Duration
	Keys     int // asks for a key frame about once in so many pulls; 0: never
	MaxAge   time.Duration
}

// plan is one round: a pool, its producers and consumers.
type plan struct {
	producer  producerPlan
	consumers []consumerPlan
	deletes   bool          // the names are deleted now and then
	tempo     time.Duration // at most, between two things that happen to processes
}

func (p plan) String() string {
	text := fmt.Sprintf("backends %v, tempo %v, deletes %v, %d slots of %d, overflow %d after %v, moves %d, brief %d, lend %v, pause %v;", p.producer.Backends, p.tempo, p.deletes, p.producer.Slots, p.producer.SlotSize,
		p.producer.Overflow, p.producer.BlockTimeout, p.producer.Moves, p.producer.Brief, p.producer.Lend, p.producer.Pause)
	for _, c := range p.consumers {
		text += fmt.Sprintf(" mode %d held %d pause %v max age %v;", c.Mode, c.MaxHeld, c.Pause, c.MaxAge)
	}
	return text
}

// makePlan draws a round. Slots are as few as admission allows, or a few more.
func makePlan(random *rand.Rand) plan {
	p := plan{producer: producerPlan{
		SlotSize:     pick(random, 64, 1000, 5000, 70000),
		BlockTimeout: pick(random, bips.Forever, bips.Forever, 5*time.Millisecond, 30*time.Millisecond),
		Overflow:     pick(random, bips.Block, bips.Block, bips.Block, bips.Drop),
		Pause:        pick(random, 0, 0, 50*time.Microsecond, time.Millisecond),
		Ends:         pick(random, 0, 20, 500),
		Moves:        pick(random, 0, 30, 200, 1000),
		Brief:        pick(random, 0, 0, 0, 300),
		Lend:         random.IntN(2) == 0,
	}}
	quotas := 0
	for range 1 + random.IntN(4) {
		c := consumerPlan{
			Mode: pick(random, bips.Latest, bips.Every), MaxHeld: 1 + random.IntN(3),
			Pause:    pick(random, 0, 0, 20*time.Microsecond, 3*time.Millisecond),
			Restless: pick(random, 0, 20, 300, 3000), Spin: pick(random, 0, 0, 0, 20*time.Microsecond),
			Keys: pick(random, 0, 0, 50), MaxAge: pick(random, 0, 0, 2*time.Millisecond),
		}
		if c.Mode == bips.Every && c.Pause > time.Millisecond {
			c.Pause = 300 * time.Microsecond
		}
		quotas += c.MaxHeld
		p.consumers = append(p.consumers, c)
	}
	p.deletes = random.IntN(3) == 0
	p.tempo = pick(random, 5*time.Millisecond, 15*time.Millisecond, 80*time.Millisecond)
	p.producer.Slots = 4 + quotas + pick(random, 0, 0, 1, 5)
	if random.IntN(4) == 0 {
		p.rush()
	}
	p.producer.Backends = pick(random, []string{shm}, []string{memfd}, []string{memfd}, []string{shm, memfd})
	return p
}

// Backends, as peers and BIPS_STRESS_BACKEND have them.
const (
	shm   = "shm"
	memfd = "memfd"
)

// force makes it a round over one backend, if that has a name.
func (p *plan) force(backend string) error {
	switch backend {
	case "":
	case shm, memfd:
		p.producer.Backends = []string{backend}
	default:
		return fmt.Errorf("BIPS_STRESS_BACKEND=%s: use shm or memfd, or leave it out", backend)
	}
	return nil
}

// rush makes it a round in which little happens but frames: most of those that are delivered are
// delivered here.
func (p *plan) rush() {
	p.tempo = 300 * time.Millisecond
	p.producer.SlotSize = min(p.producer.SlotSize, 1000)
	p.producer.Overflow, p.producer.Pause = bips.Block, 0
	for i := range p.consumers {
		c := &p.consumers[i]
		c.Mode, c.Pause, c.Restless = bips.Every, 0, 0
	}
}

func pick[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

// upTo draws a duration below limit.
func upTo(random *rand.Rand, limit time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(limit)))
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x5eed)) }

// stays reports whether a producer keeps its pool for some seconds if nobody ends it: whoever closes it and makes it again may find
// that another one has taken the name. Who moves does so when its slots cannot grow any more, after some 60 moves.
func (p producerPlan) stays() bool {
	return p.Brief == 0 && (p.Moves == 0 || p.Moves >= 1000 && p.Pause > 0)
}

// args are the options of a peer over a backend, which tries for so long while another producer has the name.
func (p producerPlan) args(backend string, seed uint64, busy time.Duration) []string {
	overflow := "block"
	if p.Overflow == bips.Drop {
		overflow = "drop"
	}
	args := []string{
		fmt.Sprintf("--slots=%d", p.Slots), fmt.Sprintf("--slot-size=%d", p.SlotSize), "--seats=8", "--overflow=" + overflow,
		"--block-timeout=" + micros(p.BlockTimeout), "--pause=" + micros(p.Pause), "--busy=" + micros(busy), fmt.Sprintf("--seed=%d", seed),
		"--backend=" + backend,
	}
	if p.Ends > 0 {
		args = append(args, fmt.Sprintf("--ends=%d", p.Ends))
	}
	if p.Brief > 0 {
		// Half of the pools wait for a reader: the others may live for less time than a reader needs to find one and get a seat.
		args = append(args, fmt.Sprintf("--brief=%d", p.Brief), "--wait=1")
	}
	if p.Moves > 0 {
		args = append(args, fmt.Sprintf("--moves=%d", p.Moves))
	}
	if p.Lend {
		args = append(args, "--lend=1")
	}
	return args
}

func (p consumerPlan) args(seed uint64) []string {
	mode := "latest"
	if p.Mode == bips.Every {
		mode = "every"
	}
	return []string{
		"--mode=" + mode, fmt.Sprintf("--max-held=%d", p.MaxHeld), "--hold=" + micros(p.Pause), "--spin=" + micros(p.Spin),
		fmt.Sprintf("--restless=%d", p.Restless), fmt.Sprintf("--key-frames=%d", p.Keys), fmt.Sprintf("--seed=%d", seed),
		"--max-age=" + micros(p.MaxAge),
	}
}

// micros is a duration as peers have it; -1 is for ever.
func micros(d time.Duration) string {
	if d < 0 {
		return "-1"
	}
	return fmt.Sprint(d.Microseconds())
}
