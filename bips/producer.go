package bips

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
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
	waited       atomic.Int64 // nanoseconds, for consumers to give slots back

	named     *ownName
	house     sync.WaitGroup
	keyFrames chan struct{} // KeyFrameRequests
	warn      func(error)   // ProducerOptions.Warn

	errTimeout error // made ahead: who polls gets it for every frame

	// moving is held during a move. Lock order: moving, mu.
	moving sync.Mutex

	// mu is over scan, grant, reclaim and publish: without it two threads take the same slot,
	// each seeing the other's probe as free. It is never held while sleeping, and
	// protects all below.
	mu          sync.Mutex
	flushing    bool
	closed      bool
	housekept   bool       // the housekeeper has ended
	failure     error      // why the producer has no pool any more
	own         *ownPool   // published in
	old         []*ownPool // moved from, and still mapped
	watched     bool       // a thread has found nothing since a slot that came back last rang the door
	head        uint64     // sequence of the newest frame
	ended       uint64     // sequence that the stream after the last end begins with; 0: none has ended
	reserved    Slot       // lent to ourselves by WaitLendable; Data nil: none
	judgements  int        // verdicts taken back in the present round
	lastReclaim time.Time  // when a look for dead consumers last found none
	dropping    blockade   // since no slot was free, with the policy Drop
	blocked     blockade   // as a call left it whose time was over, unless it is over since
	turns       uint64     // how many blockades were over, or not one: a slot was lent, or nobody was behind
	capsText    string
	tags        meta.Records
	latency     Time
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
	var p *Producer
	for range makeTries {
		if p, err = open(ctx, bare, who, &o); !errors.Is(err, fs.ErrNotExist) {
			break // else somebody deleted the files while they were made, or there is no folder
		}
	}
	return p, err
}

// open takes the name and makes the pool, with options that were checked. The error is fs.ErrNotExist if there is no folder, or if
// somebody deleted the files before they had their names.
func open(ctx context.Context, bare string, who access, o *ProducerOptions) (*Producer, error) {
	named, err := takeName(ctx, bare, who)
	if err != nil {
		return nil, err
	}
	p := &Producer{
		name: bare, overflow: o.Overflow, named: named, keyFrames: make(chan struct{}, 1), warn: o.Warn,
		errTimeout: fmt.Errorf("pool %q: no slot is free: %w", bare, ErrTimeout),
	}
	p.blockTimeout.Store(int64(o.BlockTimeout))
	if o.Backend == Memfd {
		named.reception = newReception(p, named, o.MaxConsumers)
	}
	if err := p.begin(ctx, o); err != nil {
		named.giveUp()
		return nil, err
	}
	p.house.Add(1)
	go func() {
		defer p.house.Done()
		p.keepHouse()
	}()
	return p, nil
}

// begin makes the first pool and gives it its name (S4, S5). Readers may open the seats before, and cut them short.
func (p *Producer) begin(ctx context.Context, o *ProducerOptions) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	g := planGeometry(o.Slots, o.SlotSize, o.MetaSize, o.MaxConsumers, p.named.instance, os.Getpid())
	g.backend = o.Backend
	own, err := makePool(ctx, p.named, &g)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			own.backing.remove()
		}
	}()
	p.own = own
	if err := p.storeCaps(o.Caps, nil); err != nil {
		return err
	}
	if err := own.backing.publish(); err != nil {
		return p.named.explain(err)
	}
	crashpoint.Hit("S5")
	return nil
}

func (o *ProducerOptions) setDefaults() error {
	if o.Backend != Shm && o.Backend != Memfd {
		return fmt.Errorf("%w: %d: use Shm or Memfd", ErrBackend, o.Backend)
	}
	defaultTo(&o.Slots, DefaultSlots)
	defaultTo(&o.MaxConsumers, DefaultMaxConsumers)
	defaultTo(&o.Permissions, DefaultPermissions)
	switch {
	case o.MetaSize == NoMeta:
		o.MetaSize = 0
	case o.MetaSize < NoMeta || o.MetaSize > MaxMetaSize:
		return fmt.Errorf("%w: %d bytes of metadata: use NoMeta, or 1 to %d", ErrOption, o.MetaSize, MaxMetaSize)
	default:
		defaultTo(&o.MetaSize, DefaultMetaSize)
		o.MetaSize = (o.MetaSize + layout.MetaAlignment - 1) &^ (layout.MetaAlignment - 1)
	}
	if o.BlockTimeout == 0 {
		o.BlockTimeout = Forever
	}
	switch {
	case o.Slots < MinSlots || o.Slots > MaxSlots:
		return fmt.Errorf("%w: %d slots: use %d to %d", ErrOption, o.Slots, MinSlots, MaxSlots)
	case o.MaxConsumers < 1 || o.MaxConsumers > MaxSeats:
		return fmt.Errorf("%w: %d consumers: use 1 to %d", ErrOption, o.MaxConsumers, MaxSeats)
	case o.Overflow != Block && o.Overflow != Drop:
		return fmt.Errorf("%w: overflow %d: use Block or Drop", ErrOption, o.Overflow)
	}
	return checkSlotSize(o.SlotSize)
}

func checkSlotSize(size int) error {
	if size < 1 || uint64(size) > layout.MaxSegmentSize/MaxSlots {
		return fmt.Errorf("%w: slots of %d bytes: use 1 to %d", ErrOption, size, uint64(layout.MaxSegmentSize/MaxSlots))
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
func (p *Producer) SlotSize() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.own.pool.slotSize)
}

// MetaSize returns how many bytes of metadata a frame may have.
func (p *Producer) MetaSize() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.own.pool.metaSize)
}

// Folder returns the folder that the pool's files are in, and reports whether frames lie in
// nothing but memory, as in /dev/shm. On a disk the system writes all frames back, which
// costs time and the disk.
func (p *Producer) Folder() (folder string, inMemory bool) {
	return p.named.dir, p.named.inMemory || p.named.reception != nil
}

// Slots returns the number of slots.
func (p *Producer) Slots() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.own.pool.slots
}

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
	return p.reserved.Data != nil || p.own.upstreamIsFull(), nil
}

// reserve keeps a slot for the next Lend. A slot that it does not keep is still the caller's:
// another thread was quicker, or the producer was closed since.
func (p *Producer) reserve(slot Slot) (kept bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return false, err
	}
	if p.reserved.Data != nil || slot.own != p.own {
		return false, nil
	}
	p.reserved = slot
	return true, nil
}

// Push publishes a slot and gives it back: consumers may read it from now on, and
// the caller may no longer touch it.
//
// A slot that was lent before the pool moved ([Producer.Grow]) is published by copying it into a new one, for which
// Push waits as [Producer.Pull] does.
//
// Errors: [ErrStale], [ErrTooLarge], [ErrOption] for metadata that no reader could use ([meta.Records.Check]),
// [ErrClosed], [ErrDamaged]; and of a slot lent before a move those of Pull. But
// for ErrStale, the slot is still the caller's then, who has to [Producer.Return] it.
func (p *Producer) Push(s Slot, f FrameInfo) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	_, moved, err := p.tryPublish(s, &f, true)
	if !moved {
		return err
	}
	if _, err := p.publishCopy(s, &f); err != nil {
		return err
	}
	return p.Return(s)
}

// Publish publishes a slot and keeps it lent: consumers may read it from now on, and
// it is not written again before [Producer.Return], for a caller who still reads it.
// It returns the frame's sequence. Errors as for [Producer.Push].
func (p *Producer) Publish(s Slot, f FrameInfo) (sequence uint64, err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	sequence, moved, err := p.tryPublish(s, &f, false)
	if !moved {
		return sequence, err
	}
	if sequence, err = p.publishCopy(s, &f); err == nil {
		p.notePublished(s)
	}
	return sequence, err
}

// notePublished remembers that what is in a slot was published: once is enough.
func (p *Producer) notePublished(s Slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.checkLoan(s) == nil {
		s.own.published |= 1 << s.index
	}
}

// HasMovedFrom reports whether a slot was lent before the pool moved last, so that publishing it takes a copy.
func (p *Producer) HasMovedFrom(s Slot) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return s.own != p.own
}

// publishCopy publishes what is in a slot of a pool that was moved from.
func (p *Producer) publishCopy(s Slot, f *FrameInfo) (sequence uint64, err error) {
	fresh, err := p.acquire(forFrame, Forever)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.Return(fresh)) }()
	copy(fresh.Data, s.Data[:f.Size])
	return p.Publish(fresh, *f)
}

// tryPublish publishes a slot, and gives it back if done, unless the slot is of a pool that was moved from.
func (p *Producer) tryPublish(s Slot, f *FrameInfo, done bool) (sequence uint64, moved bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return 0, false, err
	}
	if err := p.checkFrame(f); err != nil {
		return 0, false, err
	}
	if err := p.checkLoan(s); err != nil {
		return 0, false, err
	}
	if s.own.published&(1<<s.index) != 0 {
		return 0, false, fmt.Errorf("pool %q: slot %d is published already: %w", p.name, s.index, ErrStale)
	}
	if s.own != p.own {
		if f.Size > len(s.Data) {
			return 0, false, fmt.Errorf("pool %q: a frame of %d bytes in a slot of %d: %w", p.name, f.Size, len(s.Data), ErrTooLarge)
		}
		return 0, true, nil
	}
	sequence = p.publish(s.index, f)
	if done {
		p.endLoan(s)
	}
	return sequence, false, nil
}

// Drop counts a frame that is not published, such as one that is larger than a slot. Consumers
// of mode [Every] learn with the next frame that one is missing. It never waits.
//
// Errors: [ErrClosed], [ErrDamaged].
func (p *Producer) Drop() (err error) {
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return err
	}
	p.countDropped()
	return nil
}

// countDropped is called with p.mu held.
func (p *Producer) countDropped() {
	p.stats.Dropped++
	p.own.pool.header.Dropped.Store(p.stats.Dropped)
}

func (p *Producer) checkFrame(f *FrameInfo) error {
	switch {
	case f.Size < 0 || f.Size > int(p.own.pool.slotSize):
		return fmt.Errorf("pool %q: a frame of %d bytes in slots of %d: %w: make the pool with larger slots, or let it grow", p.name, f.Size, p.own.pool.slotSize, ErrTooLarge)
	case len(f.Meta) > int(p.own.pool.metaSize):
		return fmt.Errorf("pool %q: metadata of %d bytes, the pool has room for %d: %w: make it with a larger MetaSize", p.name, len(f.Meta), p.own.pool.metaSize, ErrTooLarge)
	case f.Planes.Count < 0 || f.Planes.Count > MaxPlanes:
		return fmt.Errorf("pool %q: %d planes, at most %d: %w", p.name, f.Planes.Count, MaxPlanes, ErrTooLarge)
	}
	for i, offset := range f.Planes.Offset[:f.Planes.Count] { // readers would take the pool for damaged
		if offset > uint64(f.Size) {
			return fmt.Errorf("pool %q: %w: plane %d at %d in a frame of %d bytes", p.name, ErrOption, i, offset, f.Size)
		}
	}
	if err := f.Meta.Check(); err != nil {
		return fmt.Errorf("pool %q: %w: %w: make the metadata with package meta", p.name, err, ErrOption)
	}
	return nil
}

// checkLoan refuses slots that the caller no longer has. Called with p.mu held.
func (p *Producer) checkLoan(s Slot) error {
	if s.Data == nil || !p.isOurs(s.own) || s.own.lent&(1<<s.index) == 0 || s.own.loans[s.index] != s.loan {
		return fmt.Errorf("pool %q: slot %d: %w", p.name, s.index, ErrStale)
	}
	return nil
}

// pools are all that are mapped: those that were moved from, and the one that is published in. Called with p.mu held.
func (p *Producer) pools() []*ownPool { return append(slices.Clone(p.old), p.own) }

// isOurs reports whether a pool is one of this producer's. Called with p.mu held.
func (p *Producer) isOurs(o *ownPool) bool { return o == p.own || slices.Contains(p.old, o) }

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
	s.own.lent &^= 1 << s.index
	crashpoint.Hit("P5a")
	if s.own != p.own || p.closed {
		p.unmapIdle()
		return
	}
	if p.watched { // only threads of ours wait for it
		p.watched = false
		p.own.door.ring()
	}
	crashpoint.Hit("P5b")
}

// SetCaps sets the caps of the frames published from now on, in GStreamer's
// notation. Errors: [ErrTooLarge], [ErrClosed].
func (p *Producer) SetCaps(caps string) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return err
	}
	if caps == p.capsText {
		return nil
	}
	return p.storeCaps(caps, p.tags)
}

// SetTags sets the tags of the frames published from now on: records of type meta.Tags, at most [MaxTagsSize] bytes,
// which are copied; nil: none. They stay until they are set again, also over the end of a stream.
//
// Errors: [ErrTooLarge], [ErrOption], [ErrClosed], [ErrDamaged].
func (p *Producer) SetTags(tags meta.Records) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return err
	}
	if bytes.Equal(tags, p.tags) {
		return nil
	}
	if err := checkTags(tags); err != nil {
		return fmt.Errorf("pool %q: %w", p.name, err)
	}
	return p.storeCaps(p.capsText, tags.Clone())
}

// checkTags refuses what readers would not take for tags.
func checkTags(tags meta.Records) error {
	if len(tags) > MaxTagsSize {
		return fmt.Errorf("tags of %d bytes, at most %d: %w", len(tags), MaxTagsSize, ErrTooLarge)
	}
	for record, err := range tags.All() {
		if err != nil {
			return fmt.Errorf("%w: tags: %w", ErrOption, err)
		}
		if record.Type() != meta.TypeTags {
			return fmt.Errorf("%w: a record of type %q among the tags: use meta.Tags", ErrOption, record.Type())
		}
	}
	return nil
}

// storeCaps is called with p.mu held.
func (p *Producer) storeCaps(caps string, tags meta.Records) error {
	if len(caps) > MaxCapsLength {
		return fmt.Errorf("pool %q: caps of %d bytes, at most %d: %w", p.name, len(caps), MaxCapsLength, ErrTooLarge)
	}
	if err := p.own.storeCaps(caps, tags); err != nil {
		return err
	}
	p.capsText, p.tags = caps, tags
	return nil
}

// SetLatency tells consumers the latency of what comes before the producer.
func (p *Producer) SetLatency(latency Time) {
	var err error // the next call that publishes will meet the fault, and report it
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latency = latency
	if p.usable() == nil {
		p.own.pool.header.Latency.Store(latency.Nanoseconds())
	}
}

// WaitConsumers waits until n consumers read from the pool. What is published from then on those of
// mode [Every] get.
// Errors: [ErrTimeout], [ErrFlushing], [ErrClosed], [ErrDamaged]; [ErrOption]: more than
// [ProducerOptions].MaxConsumers.
func (p *Producer) WaitConsumers(n int, timeout time.Duration) (err error) {
	defer recoverFaultOf(p.name, &err, debug.SetPanicOnFault(true))
	if seats := p.maxConsumers(); n > seats {
		return fmt.Errorf("pool %q: %w: %d consumers, and the pool has seats for %d: make it with more seats, or wait for fewer consumers",
			p.name, ErrOption, n, seats)
	}
	limit, door := deadlineAfter(timeout), doorWait{p: p}
	for {
		seated, looked, err := p.countSeated()
		if err != nil || seated >= n {
			return err
		}
		wait, ok := limit.left(doorLimit)
		if !ok {
			return fmt.Errorf("pool %q: %d of %d consumers: %w", p.name, seated, n, ErrTimeout)
		}
		door.sleep(looked, wait)
	}
}

func (p *Producer) maxConsumers() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.own.pool.seats
}

func (p *Producer) countSeated() (seated int, looked doorLook, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.interrupted(); err != nil {
		return 0, looked, err
	}
	looked = doorLook{p.own, p.own.door.look()}
	p.readSeats()
	return p.own.seated(), looked, nil
}

// seated is how many seats are read from now, those included whose readers are still on their way from the pool
// before a move. Called after a look.
func (o *ownPool) seated() (n int) {
	for i := range o.views {
		if v := &o.views[i]; v.reads() || v.place.pending && (v.place.kept || o.before.seats.seats[i].State.Load() == layout.SeatLatest) {
			n++
		}
	}
	return n
}

// enter and leave are around what may look at a pool's segments without holding mu, so
// that they stay mapped meanwhile. enter reports false when there is nothing to wait for in that pool, and else where its doors are.
func (p *Producer) enter(o *ownPool, words *doorWords) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.usable() != nil || o != p.own {
		return false
	}
	o.inside++
	o.door.collect(words)
	return true
}

func (p *Producer) leave(o *ownPool) {
	for _, mapping := range p.takeLeft(o) { // of readers that went meanwhile
		_ = mapping.Unmap()
	}
}

// takeLeft is leave but for the seats that nobody looks at any more, which it returns to be unmapped without the mutex.
func (p *Producer) takeLeft(o *ownPool) (left []*sys.Mapping) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.inside--; o.inside == 0 {
		left, o.left = o.left, nil
	}
	p.unmapIdle()
	return left
}

// unmapIdle unmaps the pools that are not needed any more: those that were moved from, when no place is
// pending in the present one, and all when the producer is closed. Called with p.mu held.
func (p *Producer) unmapIdle() {
	p.old = slices.DeleteFunc(p.old, func(o *ownPool) bool {
		if !o.isIdle() || o == p.own.before && !p.closed {
			return false
		}
		o.unmap()
		return true
	})
	if p.closed && p.housekept && p.own.isIdle() {
		p.own.unmap()
	}
}

// Demotions returns how often a consumer was demoted, as [Producer.Stats] does. It is cheap enough to
// be asked after each frame.
func (p *Producer) Demotions() uint64 { return p.demotions.Load() }

// Waited is for how long Pull and WaitLendable have waited, all together, for consumers to give slots back. It counts when a wait
// ends, and is cheap enough to be asked after each frame.
func (p *Producer) Waited() time.Duration { return time.Duration(p.waited.Load()) }

// SetBlockTimeout changes BlockTimeout, also for waits in progress: 0 demotes who is behind at
// once, [Forever] nobody.
func (p *Producer) SetBlockTimeout(timeout time.Duration) {
	var err error // who waits will meet the fault, and report it
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blockTimeout.Swap(int64(timeout)) != int64(timeout) && p.usable() == nil {
		p.own.door.ring()
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
	if flushing && p.usable() == nil {
		p.own.door.ring()
	}
}

// Stats returns the counters.
func (p *Producer) Stats() (stats ProducerStats) {
	var err error // a fault leaves the consumers uncounted
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	stats = p.stats
	stats.Lent = onesCount(p.own.lent)
	for _, o := range p.old {
		stats.Lent += onesCount(o.lent)
	}
	if p.reserved.Data != nil {
		stats.Lent--
	}
	if p.usable() == nil {
		p.readSeats()
		stats.Consumers = p.own.seated()
	}
	return stats
}

// Close ends the pool: every wait returns [ErrClosed], consumers drain what is
// published and then see the producer gone, the names are taken away. Slots still
// lent stay mapped until they are returned. Close may be called again.
func (p *Producer) Close() error {
	p.awaitFollowers() // Q0
	if !p.shutDown() {
		return nil
	}
	p.wakeHousekeeper()
	p.house.Wait()
	p.named.reception.await()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.housekept = true
	p.unmapIdle()
	return nil
}

// shutDown is steps Q1 to Q4. It reports false when that was done before.
func (p *Producer) shutDown() (first bool) {
	if !p.markClosed() {
		return false
	}
	var err error // whoever cut the seats short does not keep us from closing
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	first = true
	p.moving.Lock() // a move that is under way comes to its end first
	defer p.moving.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failure == nil {
		defer p.letGoOfNames(true)
		p.endPool()
	}
	return first
}

// markClosed makes every wait return ErrClosed, and reports false when that was done before.
func (p *Producer) markClosed() (first bool) {
	var err error // as in shutDown
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	first = !p.closed
	p.closed = true
	if !p.own.unmapped {
		p.own.door.ring()
	}
	return first
}

// endPool tells all that nothing more is published (Q1, Q2). Called with p.mu held.
func (p *Producer) endPool() {
	p.dropReserved()
	p.own.pool.header.State.Store(layout.StateClosed)
	crashpoint.Hit("Q1")
	p.own.ringBell()
	p.own.door.ring()
	crashpoint.Hit("Q2")
}

// letGoOfNames is Q3 and Q4. Called with p.mu held.
func (p *Producer) letGoOfNames(ours bool) {
	if ours {
		p.own.backing.unlink()
	} else {
		p.own.backing.unlinkSeats()
	}
	for _, o := range p.old {
		o.backing.close()
	}
	p.own.backing.close()
	p.named.giveUp()
}

// dropReserved gives up the slot that WaitLendable keeps. Called with p.mu held.
func (p *Producer) dropReserved() {
	if p.reserved.Data != nil {
		p.reserved.own.lent &^= 1 << p.reserved.index
		p.reserved = Slot{}
	}
}
