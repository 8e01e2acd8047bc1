package bips

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
)

// What a round of looking for a slot can end with, besides a slot.
var (
	// errNothingFree: no slot now; wait for the door.
	errNothingFree = errors.New("no slot is free")
	// errAllUpstream: upstream has all it may have; waiting for consumers is no use.
	errAllUpstream = errors.New("all slots are upstream")
)

// Producer fills a pool's slots and publishes them. There is one per pool; a second
// one on the same name is refused with [ErrPoolBusy] while the first lives.
//
// All methods may be called from several goroutines at once.
type Producer struct {
	name         string
	overflow     Overflow
	blockTimeout atomic.Int64 // a time.Duration
	demotions    atomic.Uint64

	files *shmProducer
	pool  *poolSegment
	seats *seatSegment
	door  doorbell
	done  chan struct{} // closed by Close: the housekeeper ends
	house sync.WaitGroup

	errTimeout error // made ahead: who polls gets it for every frame

	// mu is over scan, reclaim and publish: without it two threads take the same slot,
	// each seeing the other's probe as free. It is never held while sleeping, and
	// protects all below.
	mu          sync.Mutex
	flushing    bool
	closed      bool
	unmapped    bool
	inside      int              // calls that look at the segments without holding mu
	watched     bool             // a thread has found nothing since a slot that came back last rang the door
	head        uint64           // sequence of the newest entry
	sequences   [MaxSlots]uint64 // of the entry in each slot; 0: none
	lent        uint64           // slots lent
	pushed      uint64           // of those, the ones published
	loans       [MaxSlots]uint64 // counts each slot's lendings
	reserved    Slot             // lent to ourselves by WaitLendable; Data nil: none
	views       []seatView       // by seat
	judgements  int              // verdicts taken back in the present round
	lastReclaim time.Time        // when a look for dead consumers last found none
	dropping    blockade         // since no slot was free, with the policy Drop
	capsText    string
	capsIndex   int
	capsVersion uint64
	slotCaps    [MaxSlots]int // caps record that each slot refers to
	stats       ProducerStats
}

// NewProducer makes the pool of a name, all of its memory allocated, and publishes
// it. A pool that a dead producer left under the name is replaced.
//
// Errors: [ErrName], [ErrOption], [ErrBackend], [ErrPoolBusy], [ErrNoSpace], and those
// of the file system ([ErrPermission] among them).
func NewProducer(name string, o ProducerOptions) (*Producer, error) {
	return NewProducerContext(context.Background(), name, o)
}

// NewProducerContext is [NewProducer] that stops waiting when the context ends, and returns the
// cause: a name that is taken is tried for half a second, since its producer may just have died.
// Once the pool is made, the context means nothing to it.
func NewProducerContext(ctx context.Context, name string, o ProducerOptions) (*Producer, error) {
	bare, err := poolName(name)
	if err != nil {
		return nil, err
	}
	if err := o.setDefaults(); err != nil {
		return nil, fmt.Errorf("pool %q: %w", bare, err)
	}
	who, err := newAccess(o.Permissions, o.Group)
	if err != nil {
		return nil, fmt.Errorf("pool %q: %w", bare, err)
	}
	files, g, err := createShm(ctx, bare, func(instance uint64) geometry {
		return planGeometry(o.Slots, o.SlotSize, o.MaxConsumers, instance, os.Getpid())
	}, who)
	if err != nil {
		return nil, err
	}
	p := &Producer{
		name: bare, overflow: o.Overflow,
		files: files, done: make(chan struct{}), views: make([]seatView, o.MaxConsumers),
		errTimeout: fmt.Errorf("pool %q: no slot is free: %w", bare, ErrTimeout),
	}
	p.blockTimeout.Store(int64(o.BlockTimeout))
	if err := p.fill(&g, o.Caps); err != nil {
		files.abandon()
		return nil, fmt.Errorf("pool %q: %w", bare, err)
	}
	p.house.Add(1)
	go func() {
		defer p.house.Done()
		p.keepHouse()
	}()
	return p, nil
}

// fill writes the segments, magic numbers last, and gives the pool its name. Readers may open
// the seats by now, and cut them short.
func (p *Producer) fill(g *geometry, caps string) (err error) {
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	if p.seats, err = initSeatSegment(p.files.seatMap.Bytes, g); err != nil {
		return err
	}
	if p.pool, err = newPoolSegment(p.files.poolMap.Bytes, *g); err != nil {
		return err
	}
	p.door.header = p.seats.header
	g.store(p.pool.header)
	p.pool.header.State.Store(layout.StateRunning)
	p.pool.header.Latency.Store(layout.NoTime)
	if err := p.storeCaps(caps); err != nil {
		return err
	}
	crashpoint.Hit("S4e")
	p.seats.header.Magic.Store(layout.SeatMagic)
	p.pool.header.Magic.Store(layout.PoolMagic)
	crashpoint.Hit("S4f")
	return p.files.publish()
}

func (o *ProducerOptions) setDefaults() error {
	if o.Backend != Shm {
		return fmt.Errorf("%w: %d", ErrBackend, o.Backend)
	}
	defaultTo(&o.Slots, DefaultSlots)
	defaultTo(&o.MaxConsumers, DefaultMaxConsumers)
	defaultTo(&o.Permissions, DefaultPermissions)
	if o.BlockTimeout == 0 {
		o.BlockTimeout = Forever
	}
	switch {
	case o.Slots < MinSlots || o.Slots > MaxSlots:
		return fmt.Errorf("%w: %d slots: use %d to %d", ErrOption, o.Slots, MinSlots, MaxSlots)
	case o.MaxConsumers < 1 || o.MaxConsumers > MaxSeats:
		return fmt.Errorf("%w: %d consumers: use 1 to %d", ErrOption, o.MaxConsumers, MaxSeats)
	case o.SlotSize < 1 || uint64(o.SlotSize) > layout.MaxSegmentSize/MaxSlots:
		return fmt.Errorf("%w: slots of %d bytes: use 1 to %d", ErrOption, o.SlotSize, uint64(layout.MaxSegmentSize/MaxSlots))
	case o.Overflow != Block && o.Overflow != Drop:
		return fmt.Errorf("%w: overflow %d: use Block or Drop", ErrOption, o.Overflow)
	}
	return nil
}

func defaultTo[T comparable](option *T, value T) {
	var zero T
	if *option == zero {
		*option = value
	}
}

// Name returns the pool's name, without a leading slash.
func (p *Producer) Name() string { return p.name }

// SlotSize returns how many bytes of a slot may be used.
func (p *Producer) SlotSize() int { return int(p.pool.slotSize) }

// Folder returns the folder that the pool's files are in, and reports whether its file system is
// nothing but memory, as that of /dev/shm is. On a disk the system writes all frames back, which
// costs time and the disk.
func (p *Producer) Folder() (folder string, inMemory bool) { return p.files.dir, p.files.inMemory }

// Slots returns the number of slots.
func (p *Producer) Slots() int { return p.pool.slots }

// Pull returns an empty slot to write a frame into. When none is free it applies
// the overflow policy: [Block] waits, [Drop] counts the frame as dropped. Consumers of mode
// [Every] that have kept all slots from coming free for BlockTimeout are demoted, and it goes on.
//
// Errors: [ErrTimeout], [ErrDropped], [ErrFlushing], [ErrClosed], [ErrDamaged].
func (p *Producer) Pull(timeout time.Duration) (Slot, error) {
	return p.acquire(forFrame, timeout)
}

// Lend returns an empty slot for a pipeline upstream to write into, of which it may
// hold several. It leaves enough slots for every seated consumer's quota, and one
// for the next Pull, so that a frame that has to be copied always finds one. It
// neither demotes nor drops.
//
// Errors: [ErrTimeout], [ErrFlushing], [ErrClosed], [ErrDamaged].
func (p *Producer) Lend(timeout time.Duration) (Slot, error) {
	return p.acquire(forUpstream, timeout)
}

// WaitLendable waits, with the policy [Block], until [Lend] would not have to. It
// returns at once when that is in upstream's own hands, which holds all the slots
// it may have, and with the policy [Drop].
//
// Errors as for [Producer.Pull].
func (p *Producer) WaitLendable(timeout time.Duration) error {
	if p.overflow == Drop {
		return nil
	}
	if lendable, err := p.isLendable(); lendable || err != nil {
		return err
	}
	slot, err := p.acquire(forReserve, timeout)
	if errors.Is(err, errAllUpstream) {
		return nil
	}
	if err != nil {
		return err
	}
	kept, err := p.reserve(slot)
	if kept {
		return nil
	}
	return errors.Join(err, p.Return(slot))
}

// isLendable reports whether Lend would not wait because a slot is reserved, or could not
// succeed before upstream gives one back.
func (p *Producer) isLendable() (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.interrupted(); err != nil {
		return false, err
	}
	quotas := 0
	for i := range p.views {
		quotas += p.views[i].quota
	}
	return p.reserved.Data != nil || p.upstreamIsFull(quotas), nil
}

// reserve keeps a slot for the next Lend. A slot that it does not keep is still the caller's:
// another thread was quicker, or the producer was closed since.
func (p *Producer) reserve(slot Slot) (kept bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false, ErrClosed
	}
	if p.reserved.Data != nil {
		return false, nil
	}
	p.reserved = slot
	return true, nil
}

// upstreamIsFull reports whether all slots are lent but those that stay back: the
// newest entry's, one for a frame that must be copied, and the quotas. Called with p.mu held.
func (p *Producer) upstreamIsFull(quotas int) bool {
	return onesCount(p.lent) >= p.pool.slots-2-quotas
}

func onesCount(set uint64) int { return bits.OnesCount64(set) }

// Push publishes a slot and gives it back: consumers may read it from now on, and
// the caller may no longer touch it.
//
// Errors: [ErrStale], [ErrTooLarge], [ErrClosed], [ErrDamaged]. After the last three the
// slot is still the caller's, who has to [Producer.Return] it.
func (p *Producer) Push(s Slot, f FrameInfo) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.publishLoan(s, &f); err != nil {
		return err
	}
	p.endLoan(s)
	return nil
}

// Publish publishes a slot and keeps it lent: consumers may read it from now on, and
// it is not written again before [Producer.Return], for a caller who still reads it.
// It returns the frame's sequence. Errors as for [Producer.Push].
func (p *Producer) Publish(s Slot, f FrameInfo) (sequence uint64, err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.publishLoan(s, &f)
}

// publishLoan is Publish, called with p.mu held.
func (p *Producer) publishLoan(s Slot, f *FrameInfo) (sequence uint64, err error) {
	if err := p.checkFrame(f); err != nil {
		return 0, err
	}
	if err := p.checkLoan(s); err != nil {
		return 0, err
	}
	if p.closed {
		return 0, ErrClosed
	}
	if p.pushed&(1<<s.index) != 0 {
		return 0, fmt.Errorf("pool %q: slot %d is published already: %w", p.name, s.index, ErrStale)
	}
	return p.publish(s.index, layout.KindFrame, f), nil
}

// Drop counts a frame that is not published, such as one that is larger than a slot. Consumers
// of mode [Every] learn with the next frame that one is missing. It never waits.
//
// Errors: [ErrClosed], [ErrDamaged].
func (p *Producer) Drop() (err error) {
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.countDropped()
	return nil
}

// countDropped is called with p.mu held.
func (p *Producer) countDropped() {
	p.stats.Dropped++
	p.pool.header.Dropped.Store(p.stats.Dropped)
}

func (p *Producer) checkFrame(f *FrameInfo) error {
	switch {
	case f.Size < 0 || f.Size > int(p.pool.slotSize):
		return fmt.Errorf("pool %q: a frame of %d bytes in slots of %d: %w: make the pool with larger slots", p.name, f.Size, p.pool.slotSize, ErrTooLarge)
	case len(f.Meta) > MaxMetaSize:
		return fmt.Errorf("pool %q: metadata of %d bytes, at most %d: %w", p.name, len(f.Meta), MaxMetaSize, ErrTooLarge)
	case f.Planes.Count < 0 || f.Planes.Count > MaxPlanes:
		return fmt.Errorf("pool %q: %d planes, at most %d: %w", p.name, f.Planes.Count, MaxPlanes, ErrTooLarge)
	}
	return nil
}

// checkLoan refuses slots that the caller no longer has. Called with p.mu held.
func (p *Producer) checkLoan(s Slot) error {
	if s.Data == nil || s.index >= p.pool.slots || p.lent&(1<<s.index) == 0 || p.loans[s.index] != s.loan {
		return fmt.Errorf("pool %q: slot %d: %w", p.name, s.index, ErrStale)
	}
	return nil
}

// Return gives a slot back, published or not, and never waits (P5). After [Producer.Close]
// too it must be called for every slot: the memory stays mapped until the last.
//
// Errors: [ErrStale], [ErrDamaged].
func (p *Producer) Return(s Slot) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.checkLoan(s); err != nil {
		return err
	}
	p.endLoan(s)
	return nil
}

// endLoan takes a slot back. Called with p.mu held.
func (p *Producer) endLoan(s Slot) {
	p.lent &^= 1 << s.index
	crashpoint.Hit("P5a")
	if p.closed {
		p.unmapWhenIdle()
		return
	}
	if p.watched { // only threads of ours wait for it
		p.watched = false
		ringDoor(p.seats.header)
	}
	crashpoint.Hit("P5b")
}

// SetCaps sets the caps of the frames published from now on, in GStreamer's
// notation. Errors: [ErrTooLarge], [ErrClosed].
func (p *Producer) SetCaps(caps string) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	if caps == p.capsText {
		return nil
	}
	return p.storeCaps(caps)
}

// storeCaps writes caps to a record that no slot refers to; there is one more
// record than slots.
func (p *Producer) storeCaps(caps string) error {
	if len(caps) > MaxCapsLength {
		return fmt.Errorf("pool %q: caps of %d bytes, at most %d: %w", p.name, len(caps), MaxCapsLength, ErrTooLarge)
	}
	var used [MaxSlots + 1]bool
	for i := range p.pool.slots {
		if p.sequences[i] != 0 {
			used[p.slotCaps[i]] = true
		}
	}
	free := 0
	for used[free] {
		free++
	}
	version, length, text, err := p.pool.capsRecord(free)
	if err != nil {
		return err
	}
	length.Store(uint32(copy(text, caps)))
	p.capsVersion++
	version.Store(p.capsVersion)
	p.capsText, p.capsIndex = caps, free
	return nil
}

// SetLatency tells consumers the latency of what comes before the producer.
func (p *Producer) SetLatency(latency Time) {
	var err error // the next call that publishes will meet the fault, and report it
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.pool.header.Latency.Store(latency.Nanoseconds())
	}
}

// EndOfStream tells consumers that no frame follows. It takes a slot, and waits for
// it as [Block] does whatever the policy is. Frames may follow all the same: they
// are a new stream. Errors as for [Producer.Pull].
func (p *Producer) EndOfStream(timeout time.Duration) error {
	slot, err := p.acquire(forEnd, timeout)
	if err != nil {
		return err
	}
	return errors.Join(p.publishEnd(slot), p.Return(slot))
}

// publishEnd publishes the end of the stream in a slot, which stays the caller's.
func (p *Producer) publishEnd(slot Slot) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.publish(slot.index, layout.KindEndOfStream, &FrameInfo{})
	return nil
}

// WaitConsumers waits until n consumers read from the pool. What is published from then on those of
// mode [Every] get.
// Errors: [ErrTimeout], [ErrFlushing], [ErrClosed], [ErrDamaged].
func (p *Producer) WaitConsumers(n int, timeout time.Duration) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	if err := p.enter(); err != nil {
		return err
	}
	defer p.leave()
	limit := deadlineAfter(timeout)
	for {
		remembered := p.door.look()
		seated, err := p.countSeated()
		if err != nil || seated >= n {
			return err
		}
		wait, ok := limit.left(doorLimit)
		if !ok {
			return fmt.Errorf("pool %q: %d of %d consumers: %w", p.name, seated, n, ErrTimeout)
		}
		p.door.wait(remembered, wait)
	}
}

func (p *Producer) countSeated() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.interrupted(); err != nil {
		return 0, err
	}
	return p.seatedCount(), nil
}

// enter and leave are around what may look at the segments without holding mu, so
// that they stay mapped meanwhile.
func (p *Producer) enter() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.interrupted(); err != nil {
		return err
	}
	p.inside++
	return nil
}

func (p *Producer) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inside--
	if p.closed {
		p.unmapWhenIdle()
	}
}

// Demotions returns how often a consumer was demoted, as [Producer.Stats] does. It is cheap enough to
// be asked after each frame.
func (p *Producer) Demotions() uint64 { return p.demotions.Load() }

// SetBlockTimeout changes BlockTimeout, also for waits in progress: 0 demotes who is behind at
// once, [Forever] nobody.
func (p *Producer) SetBlockTimeout(timeout time.Duration) {
	var err error // who waits will meet the fault, and report it
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blockTimeout.Swap(int64(timeout)) != int64(timeout) && !p.closed {
		ringDoor(p.seats.header)
	}
}

// SetFlushing(true) makes every wait, also one in progress, return [ErrFlushing] at
// once, until SetFlushing(false).
func (p *Producer) SetFlushing(flushing bool) {
	var err error // who waits will meet the fault, and report it
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flushing = flushing
	if flushing && !p.closed {
		ringDoor(p.seats.header)
	}
}

// Stats returns the counters.
func (p *Producer) Stats() (stats ProducerStats) {
	var err error // a fault leaves the consumers uncounted
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	stats = p.stats
	stats.Lent = onesCount(p.lent)
	if p.reserved.Data != nil {
		stats.Lent--
	}
	if !p.closed {
		stats.Consumers = p.seatedCount()
	}
	return stats
}

// Close ends the pool: every wait returns [ErrClosed], consumers drain what is
// published and then see the producer gone, the names are taken away. Slots still
// lent stay mapped until they are returned. Close may be called again.
func (p *Producer) Close() (err error) {
	if !p.shutDown() {
		return nil
	}
	close(p.done)
	p.house.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unmapWhenIdle()
	return nil
}

// shutDown is steps Q1 to Q4. It reports false when that was done before.
func (p *Producer) shutDown() (first bool) {
	var err error // whoever cut the seats short does not keep us from closing
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.closed, first = true, true
	if p.reserved.Data != nil {
		p.lent &^= 1 << p.reserved.index
		p.reserved = Slot{}
	}
	defer p.files.closeLocks()     // Q4
	defer p.files.unlink()         // Q3
	p.setState(layout.StateClosed) // Q1, Q2
	ringDoor(p.seats.header)
	crashpoint.Hit("Q2")
	return first
}

// unmapWhenIdle unmaps a closed pool when nothing is lent and nobody is inside.
// Called with p.mu held.
func (p *Producer) unmapWhenIdle() {
	if p.lent == 0 && p.inside == 0 && !p.unmapped {
		p.unmapped = true
		p.files.unmap()
	}
}
