package bips

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/sys"
)

// ownDoor is the producer's end of a pool's doors. There is one that all consumers ring, and threads of the producer's own
// too. Or each consumer has one of its own, and nobody but the producer's threads rings the common one, which is private then.
type ownDoor struct {
	door
	eager eagerness
	// others are the doors of single consumers, by seat; nil: that seat has none. Protected by Producer.mu.
	others []*atomic.Uint32
	// factors are secret odd numbers, one for each of others: who knew them could ring so that the rings of others do not show.
	factors []uint64

	mu       sync.Mutex
	sleepers int // protected by mu; shared memory only shows whether there are any
}

// split gives each of so many seats a door of its own.
func (d *ownDoor) split(seats int) error {
	d.others, d.factors = make([]*atomic.Uint32, seats), make([]uint64, seats)
	if err := binary.Read(rand.Reader, binary.NativeEndian, d.factors); err != nil {
		return err
	}
	for i := range d.factors {
		d.factors[i] |= 1
	}
	return nil
}

// look remembers what the doors show (P4a), before the scan that finds nothing. Called with Producer.mu held.
func (d *ownDoor) look() uint64 {
	seen := uint64(d.word.Load())
	for i, other := range d.others {
		if other != nil {
			seen += d.factors[i] * uint64(other.Load())
		}
	}
	return seen
}

// doorWords are the words of a pool's doors at some moment, for a thread that sleeps at them.
type doorWords struct {
	count   int
	words   [MaxSeats + 1]sys.FutexWord
	factors [MaxSeats + 1]uint64
}

// collect finds the words. Called with Producer.mu held.
func (d *ownDoor) collect(w *doorWords) {
	w.words[0].Word, w.factors[0], w.count = d.word, 1, 1
	for i, other := range d.others {
		if other != nil {
			w.words[w.count].Word, w.factors[w.count] = other, d.factors[i]
			w.count++
		}
	}
}

// look is ownDoor.look. The values stay in the words.
func (w *doorWords) look() (seen uint64) {
	for i := range w.words[:w.count] {
		word := &w.words[i]
		word.Value = word.Word.Load()
		seen += w.factors[i] * uint64(word.Value)
	}
	return seen
}

// wait sleeps until a door rings after what they showed was remembered (P4e, P4f). The
// whole scan starts again after it, whatever ended it.
func (d *ownDoor) wait(w *doorWords, remembered uint64, limit time.Duration) {
	start := time.Now()
	if d.eager.Load() && sys.SpinUntil(func() bool { return w.look() != remembered }, start, min(limit, eagerSpin)) {
		return // and the next wait may be as short
	}
	defer d.eager.note(start)
	defer d.count(-1)
	d.count(+1)
	crashpoint.Hit("P4e")
	if w.look() == remembered {
		w.sleep(min(limit, doorLimit))
	}
	crashpoint.Hit("P4f")
}

// sleepAnyLimit is how long is slept where the kernel cannot sleep at several words.
const sleepAnyLimit = time.Millisecond

// sleep sleeps while no word has changed since the last look.
func (w *doorWords) sleep(limit time.Duration) {
	first := &w.words[0]
	if w.count == 1 {
		sys.FutexWait(first.Word, first.Value, limit)
	} else if err := sys.FutexWaitAny(w.words[:w.count], limit); err != nil {
		sys.FutexWait(first.Word, first.Value, min(limit, sleepAnyLimit))
	}
}

// count keeps ProducerWaiting up while any thread of the producer sleeps. The lock
// is not held while sleeping.
func (d *ownDoor) count(change int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sleepers += change
	if d.sleepers > 0 {
		d.waiting.Store(1)
	} else {
		d.waiting.Store(0)
	}
}
