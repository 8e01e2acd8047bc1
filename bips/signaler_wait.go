package bips

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// No sleep is without a limit: whoever should have rung may have died before.
const (
	doorLimit = 50 * time.Millisecond
	bellLimit = 100 * time.Millisecond
	// houseLimit is how often the producer looks for dead consumers when nothing else makes it.
	houseLimit = 50 * time.Millisecond
	// reclaimPause is how long it does not look again after it found none.
	reclaimPause = 5 * time.Millisecond
	// searchLimit is how often a consumer looks for a pool that is not there.
	searchLimit = 50 * time.Millisecond
)

// Spinning before a sleep saves both sides a system call, if what is waited for
// comes soon. Whether it does is guessed from the last wait.
const (
	// eagerSpin is how long is spun after a short wait; it costs this much once when
	// frames stop coming.
	eagerSpin = 30 * time.Microsecond
	// shortWait is the longest wait after which the next one is expected to be short.
	shortWait = 50 * time.Microsecond
)

// eagerness is whether the last wait was short, or spinning was enough. It is for one thread at a time, or
// guarded by its owner.
type eagerness struct{ atomic.Bool }

// note remembers how long a wait took that began at start.
func (e *eagerness) note(start time.Time) { e.Store(time.Since(start) < shortWait) }

// deadline is a timeout turned into a point in time; the zero deadline is for ever.
type deadline struct {
	at      time.Time
	limited bool
}

func deadlineAfter(timeout time.Duration) deadline {
	if timeout < 0 {
		return deadline{}
	}
	return deadline{at: time.Now().Add(timeout), limited: true}
}

// left returns how long may be waited at once, at most limit, and false when the time is over.
func (d deadline) left(limit time.Duration) (time.Duration, bool) {
	if !d.limited {
		return limit, true
	}
	left := time.Until(d.at)
	return min(left, limit), left > 0
}

// stoppedFor is by how much a wait must be too long to say that the process was stopped.
const stoppedFor = doorLimit

// A blockade measures for how long consumers have kept every slot from coming free. Time in which
// the process was stopped (SIGSTOP, a frozen container) does not count: those it waits for were
// most likely stopped with it. The zero blockade is none.
type blockade struct {
	since  time.Time // zero: there is none
	looked time.Time
}

func newBlockade() blockade {
	now := time.Now()
	return blockade{since: now, looked: now}
}

// look is called now and again, limit or less after the look before unless the process was stopped.
func (b *blockade) look(limit time.Duration) {
	if b.since.IsZero() {
		return
	}
	now := time.Now()
	if overslept := now.Sub(b.looked) - limit; overslept > stoppedFor {
		b.since = b.since.Add(overslept)
	}
	b.looked = now
}

// left is how long it still is from the last look until the blockade has lasted for a time-out, and false
// if it has. Negative time-outs are for ever.
func (b *blockade) left(timeout time.Duration) (time.Duration, bool) {
	if timeout < 0 || b.since.IsZero() {
		return bellLimit, true
	}
	left := timeout - b.looked.Sub(b.since)
	return left, left > 0
}

// doorbell is the producer's end of the door: the futex word that consumers ring
// when something that could free a slot changed.
type doorbell struct {
	header   *layout.SeatHeader
	eager    eagerness
	mu       sync.Mutex
	sleepers int // protected by mu; shared memory only shows whether there are any
}

// look remembers the door's value (P4a), before the scan that finds nothing.
func (d *doorbell) look() uint32 { return d.header.Door.Load() }

// wait sleeps until the door rings after the value was remembered (P4e, P4f). The
// whole scan starts again after it, whatever ended it.
func (d *doorbell) wait(remembered uint32, limit time.Duration) {
	start := time.Now()
	if d.eager.Load() && sys.Spin(&d.header.Door, remembered, start, min(limit, eagerSpin)) {
		return // and the next wait may be as short
	}
	defer d.eager.note(start)
	defer d.count(-1)
	d.count(+1)
	crashpoint.Hit("P4e")
	sys.FutexWait(&d.header.Door, remembered, min(limit, doorLimit))
	crashpoint.Hit("P4f")
}

// count keeps ProducerWaiting up while any thread of the producer sleeps. The lock
// is not held while sleeping.
func (d *doorbell) count(change int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sleepers += change
	if d.sleepers > 0 {
		d.header.ProducerWaiting.Store(1)
	} else {
		d.header.ProducerWaiting.Store(0)
	}
}

// ringDoor tells the producer that a slot may be free: bump, then wake it if it
// announced itself (W1, W2). It is wait's counterpart on both sides.
func ringDoor(header *layout.SeatHeader) {
	header.Door.Add(1)
	crashpoint.Hit("W1")
	if header.ProducerWaiting.Load() != 0 {
		sys.FutexWakeAll(&header.Door)
		crashpoint.Hit("W2")
	}
}

// ringBell tells consumers that there is news (P3e, P3f): bump, then one system
// call if any seat announced a waiter.
func ringBell(pool *layout.PoolHeader, seats []*layout.Seat) {
	pool.Bell.Add(1)
	crashpoint.Hit("P3e")
	for _, seat := range seats {
		if seat.Waiting.Load() != 0 {
			sys.FutexWakeAll(&pool.Bell)
			crashpoint.Hit("P3f")
			return
		}
	}
}

// bellWaiter is a consumer's end of the bell. It can be interrupted from other threads.
type bellWaiter struct {
	eager eagerness
	pokes atomic.Uint32 // counts the interrupts
	// sleeping is 0, or isSleeping and the count that the sleeper remembered.
	sleeping atomic.Uint64
}

const isSleeping = 1 << 32

// look remembers the count of interrupts, before the look around that finds nothing.
func (w *bellWaiter) look() uint32 { return w.pokes.Load() }

// wait sleeps until the bell rings, or an interrupt comes, after their values were
// remembered (C4).
func (w *bellWaiter) wait(pool *layout.PoolHeader, seat *layout.Seat, bell, poked uint32, limit time.Duration) {
	seat.Waiting.Store(1) // C4a
	crashpoint.Hit("C4a")
	w.sleep(pool, bell, poked, min(limit, bellLimit)) // C4c
	crashpoint.Hit("C4c")
	seat.Waiting.Store(0) // C4d
	crashpoint.Hit("C4d")
}

// sleep is wait without the announcement to the producer.
func (w *bellWaiter) sleep(pool *layout.PoolHeader, bell, poked uint32, limit time.Duration) {
	w.sleeping.Store(isSleeping | uint64(poked))
	defer w.sleeping.Store(0)
	if w.pokes.Load() == poked {
		sys.FutexWait(&pool.Bell, bell, limit)
	}
}

// waitPoke sleeps until an interrupt comes after its count was remembered, at most limit.
// There is no bell to wait for.
func (w *bellWaiter) waitPoke(poked uint32, limit time.Duration) {
	sys.FutexWait(&w.pokes, poked, limit)
}

// poke counts an interrupt, wakes who waits for nothing else, and returns the count.
func (w *bellWaiter) poke() uint32 {
	count := w.pokes.Add(1)
	sys.FutexWakeAll(&w.pokes)
	return count
}

// interrupt wakes the waiter, whatever it waits for. Consumers cannot bump the bell, which they map
// read-only, so a wake-up may come just before the sleep that it is for: it is
// repeated until the waiter has left.
func (w *bellWaiter) interrupt(pool *layout.PoolHeader) {
	current := isSleeping | uint64(w.poke())
	for {
		if sleeper := w.sleeping.Load(); sleeper == 0 || sleeper == current {
			return
		}
		sys.FutexWakeAll(&pool.Bell)
		sys.Sleep(20 * time.Microsecond)
	}
}
