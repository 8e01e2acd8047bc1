package bips

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// FuzzSeats lets hostile seats say anything while an honest one, seat 0, holds a
// frame: the producer never lends that slot, nor the newest entry's, never judges the
// honest seat, never promises more than it has, and always comes to an end. Each
// byte of the input is a step; a step that writes to a seat takes nine more.
func FuzzSeats(f *testing.F) {
	const slots, seats = 8, 4
	p := smallPool(f, slots, seats)
	holders, err := sys.OpenLockFile(filesOf(p.own).seatsPath(), os.O_RDWR, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = holders.Close() })
	const steps = 16
	for word := range byte(layout.SeatSize / 8) {
		for _, value := range []uint64{0, 1, 2, 1<<32 | 2, 2<<32 | 2, 1<<32 | 1, 0xff, ^uint64(0), 1 << 63} {
			store := binary.LittleEndian.AppendUint64([]byte{10, 32 + word}, value) // seat 1
			f.Add(append(append([]byte{8}, store...), 0, 1, 0, 3, 0, 2, 0, 9, 0, 0))
		}
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		p.resetForFuzz(t, holders)
		held := p.holdNewest(t)
		for len(input) > 0 {
			step := input[0] % steps
			input = input[1:]
			switch {
			case step < 3:
				p.fuzzAcquire(t, demand(step), held)
			case step == 3:
				if err := p.EndOfStream(); err != nil {
					t.Fatal(err)
				}
			case step == 4:
				_ = p.Stats()
			case step == 5:
				p.cleanUp()
			case step < 9: // hostile seats 1 to 3: alive, or not, changing at will
				lock := layout.SeatLockBase + int64(step-5)
				if ours, err := holders.TryLock(lock); err != nil || !ours {
					t.Fatal(ours, err)
				}
			case step == 9:
				for i := range int64(seats - 1) {
					_ = holders.Unlock(layout.SeatLockBase + 1 + i)
				}
			default:
				if len(input) < 9 {
					return
				}
				at := layout.HeaderSize + layout.SeatSize + 8*(int(input[0])%((seats-1)*layout.SeatSize/8))
				copy(p.own.seats.memory[at:at+8], input[1:9])
				input = input[9:]
			}
			p.checkInvariants(t, held)
		}
	})
}

// resetForFuzz makes the pool as new, with one honest reader of quota 2 on seat 0.
func (p *Producer) resetForFuzz(t *testing.T, holders *sys.LockFile) {
	for i := range int64(len(p.own.views)) {
		_ = holders.Unlock(layout.SeatLockBase + i)
	}
	clear(p.own.seats.memory[layout.HeaderSize:])
	for i := range p.own.views {
		p.own.views[i] = seatView{}
		p.own.pool.words[i].Verdict.Store(0)
	}
	p.own.lent, p.own.published, p.head, p.own.sequences, p.stats = 0, 0, 0, [MaxSlots]uint64{}, ProducerStats{}
	p.ended = 0
	if ours, err := holders.TryLock(layout.SeatLockBase); err != nil || !ours {
		t.Fatal(ours, err)
	}
	honest := p.own.seats.seats[0]
	honest.Generation.Store(1)
	honest.Cursor.Store(1)
	honest.State.Store(layout.SeatLatest)
	p.own.views[0].generation, p.own.views[0].pins = 1, 2
}

// holdNewest publishes frames and lets the honest reader hold one that is not the
// newest any more.
func (p *Producer) holdNewest(t *testing.T) (held int) {
	publishOne(t, p)
	for slot, sequence := range p.own.sequences {
		if sequence == 1 {
			held = slot
		}
	}
	p.own.seats.seats[0].Pins.Store(1 << held)
	publishOne(t, p)
	return held
}

func (p *Producer) fuzzAcquire(t *testing.T, d demand, held int) {
	newest := p.head
	slot, _, err := p.tryAcquire(d, d != forFrame)
	if err != nil {
		if err != errNothingFree && err != errAllUpstream {
			t.Fatal(err)
		}
		return
	}
	if slot.index == held {
		t.Fatalf("slot %d was lent while it was held", held)
	}
	if newest != 0 && p.own.sequences[slot.index] == newest {
		t.Fatal("the newest entry's slot was lent")
	}
	if d == forUpstream && onesCount(p.own.lent) < 3 {
		return // kept
	}
	if d == forReserve {
		_ = p.Return(slot)
	} else if err := p.Push(slot, FrameInfo{}); err != nil {
		t.Fatal(err)
	}
	p.own.lent &= 1<<p.own.pool.slots - 1
}

func (p *Producer) checkInvariants(t *testing.T, held int) {
	granted := 0
	for i := range p.own.views {
		granted += p.own.views[i].pins
	}
	switch {
	case granted > p.own.pool.slots-p.own.pool.reserve():
		t.Fatalf("%d pins granted in all, there is room for %d", granted, p.own.pool.slots-p.own.pool.reserve())
	case p.own.views[0].demoted || p.own.pool.words[0].Verdict.Load() != 0:
		t.Fatal("the honest reader was judged")
	case p.own.sequences[held] != 1 || p.own.pool.records[held].Sequence.Load() != 1:
		t.Fatal("the held frame's slot is not what it was")
	}
}
