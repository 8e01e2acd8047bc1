package bips

import (
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

// door is what consumers ring when something that could free a slot changed. The word lies with the
// seats; whether a producer sleeps there, it says where only it can write.
type door struct {
	word    *atomic.Uint32 // layout.SeatHeader.Door
	waiting *atomic.Uint32 // layout.PoolHeader.ProducerWaiting
}

func doorOf(pool *layout.PoolHeader, seats *layout.SeatHeader) door {
	return door{&seats.Door, &pool.ProducerWaiting}
}

// ring tells the producer that a slot may be free: bump, then wake it if it
// announced itself (W1, W2).
func (d door) ring() {
	d.word.Add(1)
	crashpoint.Hit("W1")
	if d.waiting.Load() != 0 {
		sys.FutexWakeAll(d.word)
		crashpoint.Hit("W2")
	}
}

// knock wakes the producer's housekeeper.
func knock(seats *layout.SeatHeader) {
	seats.Knock.Add(1)
	sys.FutexWakeAll(&seats.Knock)
}

// ringBell tells consumers that there is news: bump (P3e), then wake those that announced a sleep (P3f): all
// with one system call where they sleep at the bell, else each at its own word.
func ringBell(pool *layout.PoolHeader, seats []*layout.Seat, alone bool) {
	pool.Bell.Add(1)
	crashpoint.Hit("P3e")
	for _, seat := range seats {
		if seat.Waiting.Load() == 0 {
			continue
		}
		if !alone {
			sys.FutexWakeAll(&pool.Bell)
			crashpoint.Hit("P3f")
			return
		}
		seat.Waiting.Store(0)
		sys.FutexWakeOne(&seat.Waiting)
		crashpoint.Hit("P3f")
	}
}

// bell is where a consumer sleeps.
type bell struct {
	count   *atomic.Uint32 // layout.PoolHeader.Bell
	waiting *atomic.Uint32 // layout.Seat.Waiting, of the consumer's own seat
	// alone: it sleeps at waiting, where nobody else does, and not at count, where all who may read it can.
	alone bool
}

// sleepAt is the word to sleep at, and its value while the bell has not rung since it was rung.
func (b bell) sleepAt(rung uint32) (*atomic.Uint32, uint32) {
	if b.alone {
		return b.waiting, 1
	}
	return b.count, rung
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
func (w *bellWaiter) wait(b bell, rung, poked uint32, limit time.Duration) {
	b.waiting.Store(1) // C4a
	crashpoint.Hit("C4a")
	if !b.alone || b.count.Load() == rung { // C4b: at the common bell the system looks
		w.sleep(b, rung, poked, min(limit, bellLimit)) // C4c
	}
	crashpoint.Hit("C4c")
	b.waiting.Store(0) // C4d
	crashpoint.Hit("C4d")
}

// sleep is wait without the announcement to the producer.
func (w *bellWaiter) sleep(b bell, rung, poked uint32, limit time.Duration) {
	w.sleeping.Store(isSleeping | uint64(poked))
	defer w.sleeping.Store(0)
	if w.pokes.Load() == poked {
		word, value := b.sleepAt(rung)
		sys.FutexWait(word, value, limit)
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
func (w *bellWaiter) interrupt(b bell) {
	current := isSleeping | uint64(w.poke())
	word, _ := b.sleepAt(0)
	for {
		if sleeper := w.sleeping.Load(); sleeper == 0 || sleeper == current {
			return
		}
		sys.FutexWakeAll(word)
		sys.Sleep(20 * time.Microsecond)
	}
}
