package bips

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime/debug"
	"testing"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/testmain"
)

// FuzzAttach lets a consumer sit down in a pool that was damaged, through the files as
// they lie there: seats, the words on them, headers. It gets an error that says what is
// wrong, or a seat that nobody has, it writes to nobody else's, and when it has
// left its seat is free. The first byte of the input chooses mode and quota, the
// second cuts the seats' file short or makes it longer.
func FuzzAttach(f *testing.F) {
	const slots, seats, taken = 8, 4, 1
	testmain.Dir(f)
	named, err := takeName(context.Background(), "fuzz", access{0o600, sys.KeepGroup, ""})
	if err != nil {
		f.Fatal(err)
	}
	p := &Producer{name: "fuzz", named: named}
	p.blockTimeout.Store(int64(Forever))
	f.Cleanup(func() {
		filesOf(p.own).unlink()
		p.own.unmap()
		named.giveUp()
	})
	if err := p.begin(context.Background(), &ProducerOptions{Slots: slots, SlotSize: 1, MetaSize: DefaultMetaSize, MaxConsumers: seats}); err != nil {
		f.Fatal(err)
	}
	publishOne(f, p)
	publishOne(f, p)
	path := filesOf(p.own).seatsPath()
	holder, err := sys.OpenLockFile(path, os.O_RDWR, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = holder.Close() })
	if ours, err := holder.TryLock(layout.SeatLockBase + taken); err != nil || !ours {
		f.Fatal(ours, err)
	}
	p.own.seats.seats[taken].Generation.Store(1)
	p.own.seats.seats[taken].State.Store(layout.SeatLatest)

	memory := segments{p.own.seats.memory, p.own.pool.memory[:p.own.pool.slotsOffset]}
	base := memory.clone()
	addAttachSeeds(f, base, p)
	size := int64(len(p.own.seats.memory))
	seatAt := layout.HeaderSize + taken*layout.SeatSize
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) < 2 {
			return
		}
		how, pages, damage := input[0], int64(input[1]), input[2:]
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		memory.copyFrom(base)
		memory.patch(damage)
		before := append([]byte(nil), p.own.seats.memory...)
		if err := os.Truncate(path, max(0, size+layout.PageSize*(pages%5-2)*min(pages, 1))); err != nil {
			t.Fatal(err)
		}
		sitDown(t, p, Mode(how%3), 1+int(how>>2&3), layout.SeatLockBase+taken)
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		whole := pages == 0 && bytes.Equal(before[:512], base[0][:512]) // else a seat may be anywhere
		if whole && !bytes.Equal(before[seatAt:seatAt+layout.SeatSize], p.own.seats.memory[seatAt:seatAt+layout.SeatSize]) {
			t.Fatal("somebody else's seat was written to")
		}
		for seat := range int64(seats) {
			if seat == taken {
				continue
			}
			if ours, err := holder.TryLock(layout.SeatLockBase + seat); err != nil || !ours {
				t.Fatalf("seat %d is still locked: %v", seat, err)
			}
			if err := holder.Unlock(layout.SeatLockBase + seat); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// addAttachSeeds damages each field that is read by who attaches.
func addAttachSeeds(f *testing.F, base segments, p *Producer) {
	words := p.own.pool.seatWordsOffset
	for _, table := range []struct {
		segment  int
		from, to uint64
	}{
		{0, 0, 48}, {0, 512, 584}, // the seats' header
		{0, layout.HeaderSize, layout.HeaderSize + 136},                                     // the seat that will be tried first
		{0, layout.HeaderSize + layout.SeatSize, layout.HeaderSize + layout.SeatSize + 136}, // somebody's
		{1, 0, 160}, {1, 512, 584}, // the pool's header
		{1, words, words + 16}, {1, words + layout.SeatWordSize, words + layout.SeatWordSize + 16},
	} {
		for i, damage := range base.patches(table.segment, table.from, table.to) {
			f.Add(append([]byte{byte(i), 0}, damage...))
		}
	}
	for how := range byte(8) {
		for pages := range byte(5) {
			f.Add([]byte{how, pages})
		}
	}
}

// sitDown attaches to the pool, reads what is there, and leaves. taken is the lock of
// a seat that somebody else has.
func sitDown(t *testing.T, p *Producer, mode Mode, held int, taken int64) {
	asked, err := ask("fuzz", &ConsumerOptions{Mode: mode, MaxHeld: held, MinHeld: 1}, &common{}, nil, 0)
	if err != nil {
		if !errors.Is(err, ErrPoolFull) && !errors.Is(err, ErrNoPool) {
			wantDamage(t, err)
		}
		return
	}
	a := asked.attachment
	if layout.SeatLockBase+int64(a.index) == taken {
		t.Fatal("sat down on somebody's lap")
	}
	defer func() {
		if held := &a.common.held; held.Load() != 0 || a.references.Load() != 0 {
			t.Fatalf("%d frames and %d references are left", held.Load(), a.references.Load())
		}
	}()
	defer a.letGo()
	granted, err := grantAndJoin(p, asked)
	if err != nil || !granted {
		if err != nil {
			wantDamage(t, err)
		}
		return
	}
	for range 3 {
		var frame Frame
		got, err := readOne(a, &frame)
		if err != nil {
			wantDamage(t, err)
			break
		}
		if got == gotFrame {
			if err := frame.lease.Release(); err != nil && !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
		}
	}
}

// grantAndJoin has the producer answer, which may find anything in its seats, and joins.
func grantAndJoin(p *Producer, a *asking) (granted bool, err error) {
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.own.views = make([]seatView, len(p.own.views))
	p.readSeats()
	told, _, err := a.answer()
	if err != nil || told != answerGranted {
		return false, err
	}
	return a.join()
}

// readOne looks for a frame as Pull does.
func readOne(a *attachment, f *Frame) (got outcome, err error) {
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	return a.next(f)
}
