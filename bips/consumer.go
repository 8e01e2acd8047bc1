package bips

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/sys"
)

// Consumer reads the frames of a pool, under whatever producer has its name: it
// attaches when there is one, and again when it was restarted.
//
// Pull is for one goroutine at a time (others wait for their turn); all other
// methods, and the giving back of frames, may be called from any goroutine.
type Consumer struct {
	name    string
	options ConsumerOptions
	common  common
	waiter  bellWaiter

	closed, flushing atomic.Bool
	wantSuspended    atomic.Bool // what Suspend and Resume ask for
	suspended        atomic.Bool // what is so; changed with pulling held
	settled          atomic.Bool // suspended once all that follows from it was done: Suspend and Resume wait for that
	ignored          atomic.Bool // common.ignored as whoever pulls last saw it

	// pulling is held by whoever uses the attachment as its reader. Lock order: pulling, mu.
	pulling    sync.Mutex
	pulled     atomic.Bool // a Pull has pulling, and may keep it for as long as it likes; changed with pulling held
	turn       baton       // passed when pulling is given up, and when a suspension was applied
	askedAt    time.Time   // when a seat was asked for last; protected by pulling
	lastSearch error       // why there is no pool yet; protected by pulling
	again      again       // when a producer that has no time is asked again; protected by pulling
	fullSince  time.Time   // when the pool was first found full; protected by pulling
	moveSince  time.Time   // when the pool was first found moving; protected by pulling
	quietBell  uint32      // value of the bell when nothing new was last waited for; protected by pulling
	quietSince time.Time   // since when it has that value, or the producer was found alive; protected by pulling
	pace       pace        // of the frames that came, with Spin; protected by pulling

	// What is known of the instance that was left while its producer moved, for when it is found again; protected by pulling.
	before         *reading
	beforeInstance uint64

	watch chan struct{} // closed: nobody has to look after the producer any more; nil: nobody does; protected by pulling
	owed  error         // what is still to be said of an instance that was let go while suspended; protected by pulling

	mu         sync.Mutex  // protects what follows against those who do not hold pulling
	attachment *attachment // nil: not attached; changed with both locks held
	// asking waits for an answer. nil: nothing is asked for; changed with both locks held
	asking        application
	wantsKeyFrame bool // of the next pool
	stats         ConsumerStats
}

// fullGrace is how long a full pool is tried again before Pull says so: the seat of a
// consumer that was just killed is free only when the kernel is done with it.
const fullGrace = time.Second

// NewConsumer returns a consumer of the pool of a name. It does not look for the
// pool: [Consumer.Pull] does. Errors: [ErrName], [ErrOption].
func NewConsumer(name string, o ConsumerOptions) (*Consumer, error) {
	bare, err := poolName(name)
	if err != nil {
		return nil, err
	}
	defaultTo(&o.MaxHeld, DefaultMaxHeld)
	defaultTo(&o.MinHeld, o.MaxHeld)
	switch {
	case o.Mode != Auto && o.Mode != Latest && o.Mode != Every:
		err = fmt.Errorf("%w: mode %d: use Auto, Latest or Every", ErrOption, o.Mode)
	case o.MaxAge < 0:
		err = fmt.Errorf("%w: MaxAge %v: use 0 or more", ErrOption, o.MaxAge)
	case o.MaxHeld < 1 || o.MaxHeld > MaxSlots-1:
		err = fmt.Errorf("%w: %d frames held: use 1 to %d", ErrOption, o.MaxHeld, MaxSlots-1)
	case o.MinHeld < 1 || o.MinHeld > o.MaxHeld:
		err = fmt.Errorf("%w: at least %d frames held: use 1 to MaxHeld, which is %d", ErrOption, o.MinHeld, o.MaxHeld)
	case o.Spin < 0 || o.Spin > MaxSpin:
		err = fmt.Errorf("%w: spin %v: use 0 to %v", ErrOption, o.Spin, MaxSpin)
	case o.StallTimeout < Forever:
		err = fmt.Errorf("%w: StallTimeout %v: use more than 0, or Forever", ErrOption, o.StallTimeout)
	}
	if err != nil {
		return nil, fmt.Errorf("pool %q: %w", bare, err)
	}
	c := &Consumer{name: bare, options: o}
	c.SetMaxAge(o.MaxAge)
	return c, nil
}

// SetMaxAge changes [ConsumerOptions].MaxAge from the next Pull on. Less than 0 counts as 0.
func (c *Consumer) SetMaxAge(age time.Duration) { c.common.maxAge.Store(int64(max(age, 0))) }

// Pull returns the next frame, pinned, and waits for it at most timeout. It waits
// for the pool too, and for the next one when the producer is gone.
//
// Errors that end one Pull, and the next goes on: [ErrTimeout], [ErrFlushing],
// [ErrQuota], [ErrEndOfStream], [ErrProducerLost], [ErrPoolFull], [ErrStalled]. Errors that stay:
// [ErrClosed], and until the pool is replaced [ErrVersion], [ErrPermission],
// [ErrDamaged].
//
// Several goroutines may pull: one at a time, while the others wait for their turn, for their timeouts at most. Each
// frame goes to one of them.
func (c *Consumer) Pull(timeout time.Duration) (Frame, error) {
	defer c.turn.pass() // when pulling is unlocked
	if c.pulling.TryLock() {
		defer c.pulling.Unlock()
		return c.pullOrDetach(timeout)
	}
	if timeout >= 0 {
		return c.pullInTurn(deadlineAfter(timeout))
	}
	c.pulling.Lock()
	defer c.pulling.Unlock()
	return c.pullOrDetach(timeout)
}

// pullInTurn is Pull while another goroutine has pulling. When the time is over it still waits for one that is in no Pull, and gives
// pulling up soon: a frame that is there is found.
func (c *Consumer) pullInTurn(limit deadline) (f Frame, err error) {
	for !c.turn.awaitUntil(limit, func() bool {
		if c.pulling.TryLock() {
			defer c.pulling.Unlock()
			left, _ := limit.left(math.MaxInt64)
			f, err = c.pullOrDetach(max(left, 0))
			return true
		}
		return false
	}) {
		if c.pulled.Load() {
			return Frame{}, fmt.Errorf("pool %q: another goroutine pulls: %w", c.name, ErrTimeout)
		}
		limit = limit.atLeast(time.Millisecond)
	}
	return f, err
}

// pullOrDetach is pull, which ends the attachment after some errors. Called with pulling held.
func (c *Consumer) pullOrDetach(timeout time.Duration) (Frame, error) {
	c.pulled.Store(true)
	defer c.pulled.Store(false)
	f, err := c.pull(timeout)
	if err != nil && errors.Is(err, ErrDamaged) {
		c.detach()
	}
	return f, err
}

func (c *Consumer) pull(timeout time.Duration) (f Frame, err error) {
	defer recoverFaultOf(c.name, &err, debug.SetPanicOnFault(true))
	if err := c.interrupted(); err != nil {
		return Frame{}, err
	}
	if quota := c.quota(); c.Held() >= quota { // C0
		crashpoint.Hit("C0")
		return Frame{}, fmt.Errorf("pool %q: %d frames held, %d were granted: %w", c.name, c.Held(), quota, ErrQuota)
	}
	var limit deadline
	for first := true; ; first = false {
		poked := c.waiter.look()
		if err := c.interrupted(); err != nil {
			return Frame{}, err
		}
		c.applyWishes()
		if c.owed != nil && !c.suspended.Load() {
			return Frame{}, c.tellOwed()
		}
		var bell uint32
		got, looked := gotNothing, c.attachment
		if reading := c.attachment != nil && !c.suspended.Load(); reading {
			bell = c.attachment.pool.header.Bell.Load() // C1
			crashpoint.Hit("C1")
			got, err = c.attachment.next(&f)
			if done, err := c.resultOf(got, err, &f); done {
				return f, err
			}
		}
		if first { // no clock is read when a frame is there
			limit = deadlineAfter(timeout)
		}
		switch {
		case got == poolMoved && c.attachment == looked: // not there yet
			err = c.awaitNext(poked, limit)
		case got == poolMoved && c.attachment != nil: // in the next pool
		case got == gotBusy:
			err = c.awaitSlot(poked, limit)
		case c.attachment != nil && !c.suspended.Load():
			c.attachment.busySince, c.attachment.namelessSince = time.Time{}, time.Time{}
			err = c.await(bell, poked, limit)
		default:
			err = c.search(poked, limit)
		}
		if err != nil {
			return Frame{}, err
		}
	}
}

// interrupted says why no Pull may go on.
func (c *Consumer) interrupted() error {
	switch {
	case c.closed.Load():
		return ErrClosed
	case c.flushing.Load():
		return ErrFlushing
	}
	return nil
}

// resultOf turns what a look at the pool ended with into Pull's result; done false:
// wait.
func (c *Consumer) resultOf(got outcome, failure error, f *Frame) (done bool, err error) {
	if failure != nil {
		c.detach()
		return true, fmt.Errorf("pool %q: %w", c.name, failure)
	}
	switch got {
	case gotFrame:
		c.attachment.busySince, c.attachment.namelessSince = time.Time{}, time.Time{}
		if c.options.Spin > 0 { // else waking ahead of frames gains nothing
			c.pace.note(f.Sequence, f.PublishTime)
		}
		c.count(f, 1)
		return true, nil
	case gotEndOfStream:
		c.count(f, 0)
		*f = Frame{}
		return true, ErrEndOfStream
	case poolClosed:
		c.detach()
		return false, nil
	case poolLost:
		c.detach()
		return true, fmt.Errorf("pool %q: it closed without an end of stream: %w", c.name, ErrProducerLost)
	case poolMoved:
		err := c.follow()
		return err != nil, err
	default:
		return false, nil
	}
}

// count counts what a delivery brought: so many frames, and those that are missing before it.
func (c *Consumer) count(f *Frame, received uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Received += received
	c.stats.Skipped += f.Skipped
	c.stats.Lost += f.Lost
	c.countDemotions()
}

// countDemotions counts those that are not counted yet. Called with c.mu held.
func (c *Consumer) countDemotions() {
	s := &c.attachment.standing
	c.stats.Demoted += s.demotions
	s.demotions = 0
}

// countRest counts what was passed by since the last frame of an instance, when no other frame comes that could tell. Called with
// c.mu held.
func (c *Consumer) countRest(r *reading) {
	c.stats.Skipped += r.skipped
	c.stats.Lost += r.lost
	r.skipped, r.lost = 0, 0
}

// forgetBefore gives up the instance that the consumer was in before, which is lost.
func (c *Consumer) forgetBefore() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.countRest(c.before)
	c.before = nil
}

// A thread that is just giving a slot back is looked for again after busyPause, for busyPatience:
// it may have lost its processor.
const (
	busyPause    = 20 * time.Microsecond
	busyPatience = time.Second
)

// awaitSlot waits a moment for a thread that is giving back the slot which the next frame is in,
// and has been found to since.
//
// Whoever pulls with short time-outs looks again in the next Pull. After a longer time without a look, patience begins anew.
func (c *Consumer) awaitSlot(poked uint32, limit deadline) error {
	a, now := c.attachment, time.Now()
	if a.busySince.IsZero() || now.Sub(a.busySeen) > busyPatience {
		a.busySince = now
	}
	a.busySeen = now
	wait, ok := limit.left(busyPause)
	switch {
	case now.Sub(a.busySince) > busyPatience:
		c.detach()
		return fmt.Errorf("pool %q: %w: a slot that nobody holds is marked as being read", c.name, ErrDamaged)
	case !ok:
		return fmt.Errorf("pool %q: no frame: %w", c.name, ErrTimeout)
	}
	c.waiter.waitPoke(poked, wait)
	return nil
}

// await sleeps until there may be news (C4). When nothing rings for long it looks
// whether the producer still lives.
func (c *Consumer) await(bell, poked uint32, limit deadline) error {
	a := c.attachment
	left, inTime := limit.left(bellLimit)
	left, stalled := a.stall.look(a, c.options.StallTimeout, left)
	start := time.Now()
	if inTime && !stalled {
		if early := c.pace.untilAnticipation(sys.MonotonicAt(start)); early > 0 {
			left = min(left, early)
		} else if spin := c.spin(left); spin > 0 && sys.Spin(&a.pool.header.Bell, bell, start, spin) {
			c.waiter.eager.Store(true)
			return nil
		}
		defer c.waiter.eager.note(start)
	}
	if c.quietBell != bell || c.quietSince.IsZero() {
		c.quietBell, c.quietSince = bell, time.Now()
	}
	var err error
	switch {
	case stalled: // unless the producer is dead
	case inTime:
		c.waiter.wait(a.bell, bell, poked, left)
		a.stall.slept(start, left)
	default:
		err = fmt.Errorf("pool %q: no frame: %w", c.name, ErrTimeout)
	}
	// Not whenever a sleep times out: it may have been a short one, signals may end each
	// before its time-out does, and who polls never sleeps. The end of a connection is known, and ends the sleep.
	if !stalled && !a.bell.alone && time.Since(c.quietSince) < bellLimit {
		return err
	}
	c.quietSince = time.Now()
	alive, failure := a.peer.producerAlive()
	crashpoint.Hit("C4e")
	alive = alive && !(stalled && a.peer.hasHungUp())
	if stalled && alive && failure == nil {
		return fmt.Errorf("pool %q: %w", c.name, a.stall.tell())
	}
	if failure != nil || alive {
		return errors.Join(failure, err)
	}
	// C4e: its lock is free, so all it ever did is visible now. End of stream, closed and
	// moved win over lost, and what it published is read first.
	seen := a.look()
	if a.hasEnded() || seen.head >= a.cursor || a.owesEnd(seen.ended) {
		return nil
	}
	c.detach()
	if seen.ended == seen.head+1 {
		return nil
	}
	return fmt.Errorf("pool %q: its producer died: %w", c.name, ErrProducerLost)
}

// awaitNext waits a moment for a producer that is just moving.
func (c *Consumer) awaitNext(poked uint32, limit deadline) error {
	wait, ok := limit.left(followPause)
	if !ok {
		return fmt.Errorf("pool %q: no frame: %w", c.name, ErrTimeout)
	}
	c.waiter.waitPoke(poked, wait)
	return nil
}

// spin is how long to look for a frame that is due at any moment, before sleeping.
func (c *Consumer) spin(left time.Duration) time.Duration {
	spin := c.options.Spin
	if c.waiter.eager.Load() {
		spin = max(spin, eagerSpin)
	}
	return min(spin, left)
}

// search looks for the pool, asks for a seat there, and waits a moment, or for Resume. What it asked for stays asked for when
// Pull returns.
func (c *Consumer) search(poked uint32, limit deadline) error {
	if c.suspended.Load() {
		c.letGoOfDead()
		return c.pauseSearch(poked, limit, searchLimit)
	}
	if c.asking == nil {
		if pause := c.again.left(c.name); pause > 0 {
			return c.pauseSearch(poked, limit, min(pause, searchLimit))
		}
		asking, err := apply(c.name, &c.options, &c.common, c.before, c.beforeInstance, c.poke)
		if err != nil {
			return c.noteSearch(err, poked, limit)
		}
		c.setAsking(asking)
		c.askedAt = time.Now()
	}
	patience := limit // for the answer; not for what may be tried again after it
	if grace := answerGrace - time.Since(c.askedAt); grace > 0 {
		patience = limit.atLeast(grace)
	}
	for c.waiter.look() == poked {
		told, granted, err := c.asking.answer()
		if told == answerGone && err == nil {
			err = errGone
		}
		switch {
		case err != nil:
			return c.searchAgain(err, limit)
		case told == answerGranted:
			if seen, err := c.attach(granted); err != nil || seen {
				return err
			}
			return c.pauseSearch(poked, limit, searchLimit) // the name of a producer that is gone may stay for a while
		}
		wait, ok := patience.left(bellLimit)
		if !ok {
			return fmt.Errorf("pool %q: not attached, %w: %w", c.name, ErrNoAnswer, ErrTimeout)
		}
		c.asking.await(&c.waiter, poked, wait)
	}
	return nil
}

// searchAgain gives up what was asked for in vain, and waits a moment. Whatever has come until then was about that.
func (c *Consumer) searchAgain(err error, limit deadline) error {
	if a, ok := c.asking.(*applicant); ok {
		c.again.after(err, a.socket)
	}
	c.stopAsking()
	poked := c.waiter.look()
	if interrupted := c.interrupted(); interrupted != nil {
		return interrupted
	}
	return c.noteSearch(err, poked, limit)
}

// answerGrace is how long after asking for a seat Pull waits for the answer, which takes a producer that runs
// well below a millisecond, even if it has no time: so one that only looks finds what is there.
const answerGrace = 20 * time.Millisecond

// attach begins to read, with the grant that there is. It reports false if the producer is gone.
func (c *Consumer) attach(a *attachment) (seen bool, err error) {
	again := a.joined
	if seen, err = a.join(); err != nil || !seen {
		c.setAsking(nil)
		a.letGo()
		c.lastSearch = errGone
		return false, err
	}
	c.fullSince, c.moveSince, c.quietSince = time.Time{}, time.Time{}, time.Time{}
	c.before = nil
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asking, c.attachment = nil, a
	if !again {
		c.stats.Instances++
	}
	if c.wantsKeyFrame {
		c.wantsKeyFrame = false
		a.requestKeyFrame()
	}
	return true, nil
}

func (c *Consumer) setAsking(a application) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asking = a
}

// stopAsking gives up the seat of a consumer that was not granted one yet. Called with pulling held.
func (c *Consumer) stopAsking() {
	if a := c.asking; a != nil {
		c.setAsking(nil)
		a.withdraw()
	}
}

// noteSearch is what a search says that found no pool to attach to, and waits a moment.
func (c *Consumer) noteSearch(err error, poked uint32, limit deadline) error {
	var later passing
	if c.before != nil && errors.Is(err, ErrNoPool) && !errors.Is(err, errMoving) && !errors.As(err, &later) {
		c.forgetBefore()
		return fmt.Errorf("pool %q: its producer died while it moved: %w", c.name, ErrProducerLost)
	}
	if err := c.fatalSearch(err); err != nil {
		return fmt.Errorf("pool %q: %w", c.name, err)
	}
	c.lastSearch = err
	return c.pauseSearch(poked, limit, c.searchPause(err))
}

// searchPause is how long to wait before the next look for a pool. One that is moving is there in a moment, unless one of its files
// was deleted.
func (c *Consumer) searchPause(err error) time.Duration {
	switch {
	case !errors.Is(err, errMoving):
		c.moveSince = time.Time{}
		return searchLimit
	case c.moveSince.IsZero():
		c.moveSince = time.Now()
	case time.Since(c.moveSince) >= searchLimit:
		return searchLimit
	}
	return followPause
}

// pauseSearch waits until the next look.
func (c *Consumer) pauseSearch(poked uint32, limit deadline, pause time.Duration) error {
	wait, ok := limit.left(pause)
	switch {
	case ok:
		c.waiter.waitPoke(poked, wait)
		return nil
	case c.suspended.Load():
		return fmt.Errorf("pool %q: %w: %w", c.name, ErrSuspended, ErrTimeout)
	default:
		return fmt.Errorf("pool %q: not attached (%v): %w", c.name, c.lastSearch, ErrTimeout)
	}
}

// fatalSearch returns the errors that looking again does not cure.
func (c *Consumer) fatalSearch(err error) error {
	switch {
	case errors.Is(err, ErrNoPool):
		c.fullSince = time.Time{}
		return nil
	case errors.Is(err, fs.ErrPermission):
		return explainRefusal(err, adviceToReader)
	case errors.Is(err, ErrPoolFull):
		if c.fullSince.IsZero() {
			c.fullSince = time.Now()
		}
		if time.Since(c.fullSince) < fullGrace {
			return nil
		}
		c.fullSince = time.Time{}
	}
	return adviseOn(err)
}

// detach lets go of the pool. What is still held of it stays valid.
func (c *Consumer) detach() {
	c.stopWatch()
	c.stopAsking()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.attachment != nil {
		c.countDemotions()
		if c.before != c.attachment.reading {
			c.countRest(c.attachment.reading)
		}
		c.attachment.letGo()
		c.attachment = nil
	}
}

// Push gives a frame back, as its [Lease.Release] does.
func (c *Consumer) Push(f Frame) error {
	if err := f.lease.Release(); err != nil {
		return fmt.Errorf("pool %q: frame %d: %w", c.name, f.Sequence, err)
	}
	return nil
}

// Suspend stops reading: the producer waits for this consumer no more, frames held
// stay valid, and Pull waits for [Consumer.Resume]. If the producer dies or closes meanwhile, the
// consumer lets go of its pool, whose memory comes free with the last frame held.
func (c *Consumer) Suspend() { c.setSuspended(true) }

// Resume reads on, from the frames published from now on; mode [Latest] gets the
// newest one if it has not had it. The next frame says Discontinuity. If the stream has ended
// meanwhile, and no other has begun, Pull says so first.
//
// If the producer has moved (Grow), Resume follows it, for which it waits for some hundredths of a second at most.
func (c *Consumer) Resume() { c.setSuspended(false) }

func (c *Consumer) setSuspended(suspended bool) {
	c.setWish(&c.wantSuspended, &c.settled, suspended)
}

// SetBlocking(false) makes a consumer of mode [Every] one that the producer does not wait for: it gets the newest
// frame as in mode [Latest], and those that it is too slow for count as lost. SetBlocking(true), as it is from the
// start, makes the producer wait for it again, from the frames on that it has not had yet, as far as they are still there.
//
// Who was demoted needs no SetBlocking: the producer waits for it again when it has kept up for a while. Whether it
// does, [Consumer.Stats] tells. In mode [Latest] SetBlocking means nothing.
func (c *Consumer) SetBlocking(blocking bool) {
	c.setWish(&c.common.ignored, &c.ignored, !blocking)
}

// setWish has something done by whoever pulls, or else does it.
func (c *Consumer) setWish(wish, is *atomic.Bool, value bool) {
	wish.Store(value)
	c.turn.await(func() bool {
		if is.Load() == value || wish.Load() != value || c.tryApplyWishes() {
			return true
		}
		c.poke()
		return false
	})
	c.turn.pass()
}

// tryApplyWishes is applyWishes, unless somebody pulls.
func (c *Consumer) tryApplyWishes() bool {
	if c.pulling.TryLock() {
		defer c.pulling.Unlock()
		c.applyWishes()
		return true
	}
	return false
}

// applyWishes makes what Suspend, Resume and SetBlocking asked for so. Called with pulling held.
func (c *Consumer) applyWishes() {
	c.applySuspension()
	ignored := c.common.ignored.Load()
	if a := c.attachment; a != nil && a.mode == Every && !c.suspended.Load() && a.standing.blocking.Load() == ignored {
		c.applyBlocking(!ignored)
	}
	if ignored != c.ignored.Load() {
		c.ignored.Store(ignored)
		c.turn.pass()
	}
}

func (c *Consumer) applyBlocking(blocking bool) {
	var err error // as in applySuspension
	defer func() {
		if err != nil {
			c.detach()
		}
	}()
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	if blocking {
		c.attachment.block()
	} else {
		c.attachment.unblock()
	}
}

func (c *Consumer) applySuspension() {
	want := c.wantSuspended.Load()
	if want == c.suspended.Load() {
		return
	}
	var err error // the next Pull will meet what is wrong when it opens the pool, and report it
	defer func() {
		if err != nil {
			c.detach() // its seat may show anything
		}
	}()
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	defer func() {
		c.suspended.Store(want)
		c.settled.Store(want)
		c.turn.pass()
	}()
	c.stopAsking()
	switch {
	case want && c.attachment != nil:
		c.suspended.Store(true)
		c.attachment.suspend()
		c.followIfMoved()
		c.startWatch()
	case !want:
		c.stopWatch()
		end := time.Now().Add(answerGrace)
		c.catchUp(end) // suspended still: frames that came before are not lost
		c.suspended.Store(false)
		if c.attachment != nil {
			c.attachment.resume()
			crashpoint.Hit("U3")
		}
		c.lookAgain(end)
	}
}

// SetFlushing(true) makes Pull, also one in progress, return [ErrFlushing] at once,
// until SetFlushing(false).
func (c *Consumer) SetFlushing(flushing bool) {
	c.flushing.Store(flushing)
	if flushing {
		c.poke()
	}
}

// poke makes a Pull in progress look around.
func (c *Consumer) poke() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.attachment != nil:
		c.waiter.interrupt(c.attachment.bell)
	case c.asking != nil:
		c.asking.interrupt(&c.waiter)
	default:
		c.waiter.poke()
	}
}

// Held returns how many frames are held now.
func (c *Consumer) Held() int { return int(c.common.held.Load()) }

// Quota returns how many frames may be held at once: what the producer attached to granted, and
// MaxHeld while there is none.
func (c *Consumer) Quota() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.quota()
}

// quota is Quota, called with pulling or mu held.
func (c *Consumer) quota() int {
	if c.attachment == nil {
		return c.options.MaxHeld
	}
	return c.attachment.granted
}

// Pool describes the pool attached to, and reports whether there is one.
func (c *Consumer) Pool() (info PoolInfo, attached bool) {
	var err error // a fault: as if not attached
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.attachment == nil {
		return PoolInfo{}, false
	}
	pool := c.attachment.pool
	granted, _ := c.attachment.grants()
	return PoolInfo{
		Name: c.name, Instance: pool.instance, Slots: pool.slots, SlotSize: int(pool.slotSize), Room: pool.pinnable(),
		MaxConsumers: pool.geometry.seats, ProducerPID: pool.producerPID,
		Latency:  TimeFromNanoseconds(pool.header.Latency.Load()),
		Interval: c.attachment.interval(),
		Granted:  granted, Moves: int(pool.move),
	}, true
}

// SlotsForMaxHeld returns how many slots the producer's pool needs so that this consumer is granted MaxHeld beside the other
// consumers that it has now; 0: it is granted, no pool has so many ([MaxSlots]), or none is attached.
func (c *Consumer) SlotsForMaxHeld() (slots int) {
	var err error // a fault: as if not attached
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.attachment
	if a == nil || a.granted >= c.options.MaxHeld {
		return 0
	}
	if slots = a.peer.slotsForMost(a, &c.options); slots > MaxSlots {
		return 0
	}
	return slots
}

// Stats returns the counters.
func (c *Consumer) Stats() ConsumerStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := c.stats
	stats.Held = int(c.common.held.Load())
	stats.Blocking = c.attachment != nil && !c.suspended.Load() && c.attachment.standing.blocking.Load()
	return stats
}

// Close ends the consumer: Pull returns [ErrClosed], the seat is given up. Frames
// still held stay valid until they are given back. Close may be called again.
func (c *Consumer) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	c.turn.await(func() bool {
		if c.pulling.TryLock() {
			defer c.pulling.Unlock()
			c.detach()
			return true
		}
		c.poke()
		return false
	})
	c.turn.pass()
	return nil
}
