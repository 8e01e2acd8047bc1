package bips

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/internal/layout"
)

// FuzzOpenPool reads damaged segments as a consumer does: an error, or a frame whose
// bytes are there. The first byte of the input says whether the damage comes and goes
// while the pool is read, and in which mode it is read; the second cuts it short.
func FuzzOpenPool(f *testing.F) {
	p := smallPool(f, 2, 1)
	if err := p.storeCaps("video/x-raw", someRecords(f, meta.Tags{List: someStructure})); err != nil {
		f.Fatal(err)
	}
	publishOne(f, p)
	publishOne(f, p)
	base := segments{p.own.pool.memory, p.own.seats.memory}.clone()
	tables := []struct {
		segment  int
		from, to uint64
	}{
		{0, 0, 160}, {0, 512, 720}, // the header's two parts
		{0, p.own.pool.ringOffset, p.own.pool.ringOffset + 16},
		{0, p.own.pool.recordsOffset, p.own.pool.recordsOffset + 2*layout.SlotRecordSize},
		{0, p.own.pool.seatWordsOffset, p.own.pool.seatWordsOffset + 16},
		{0, p.own.pool.capsOffset, p.own.pool.capsOffset + 24}, {0, p.own.pool.capsOffset + p.own.pool.capsSize, p.own.pool.capsOffset + p.own.pool.capsSize + 24},
		{0, p.own.pool.metaOffset, p.own.pool.metaOffset + 104}, {0, p.own.pool.capsOffset + layout.TagsOffset, p.own.pool.capsOffset + layout.TagsOffset + 64},
		{1, 0, 48}, {1, 512, 584}, // the seats' header
		{1, layout.HeaderSize, layout.HeaderSize + layout.SeatSize},
	}
	for _, table := range tables {
		for i, damage := range base.patches(table.segment, table.from, table.to) {
			f.Add(append([]byte{byte(i), 0}, damage...))
		}
	}
	for pages := range byte(20) {
		f.Add([]byte{0, pages + 1})
	}
	damaged := segments{guarded(f, uint64(len(base[0]))), guarded(f, uint64(len(base[1])))}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) < 2 {
			return
		}
		damaged.copyFrom(base)
		how, cut, damage := input[0], int(input[1]), input[2:]
		damaged.patch(damage)
		if how&1 != 0 {
			stop := flicker(damaged, base, damage)
			defer stop()
		}
		pool := damaged[0]
		readAll(t, pool[:len(pool)-layout.PageSize*(cut%(len(pool)/layout.PageSize))], damaged[1], Mode(how>>1%3), time.Duration(how>>4)<<59)
	})
}

// flicker takes the damage back and does it again until it is stopped.
func flicker(damaged, base segments, damage []byte) (stop func()) {
	var stopped atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stopped.Load() {
			damaged.revert(damage, base)
			damaged.patch(damage)
		}
	}()
	return func() { stopped.Store(true); <-done }
}

// openSegments opens what two files would be mapped to.
func openSegments(memory, seatMemory []byte) (*poolSegment, *seatSegment, error) {
	g, err := readGeometry(memory, uint64(len(memory)), Shm)
	if err != nil {
		return nil, nil, err
	}
	pool, err := newPoolSegment(memory[:g.segmentSize], g)
	if err != nil {
		return nil, nil, err
	}
	table, err := readSeatTable(seatMemory, &g, uint64(len(seatMemory)))
	if err != nil {
		return nil, nil, err
	}
	seats, err := newSeatSegment(seatMemory[:table.end()], table)
	return pool, seats, err
}

// readAll attaches to a segment and reads what is to be had.
func readAll(t *testing.T, memory, seatMemory []byte, mode Mode, maxAge time.Duration) {
	pool, seats, err := openSegments(memory, seatMemory)
	if err != nil {
		wantDamage(t, err)
		return
	}
	a := &attachment{
		pool: pool, seats: seats, door: doorOf(pool.header, seats.header), reading: newReading(&ConsumerOptions{Mode: mode}),
		common: &common{}, caps: make([]capsText, pool.geometry.caps),
	}
	a.sit(0, seats.seats[0], false)
	a.common.maxAge.Store(int64(maxAge))
	if a.auto {
		a.mode = a.modeAtFirst()
	}
	a.standing.blocking.Store(a.wantsToBlock())
	a.standing.sure = 2
	a.references.Store(1 << 20) // its files are not there to be closed
	a.setCursor(1)
	for range 4 {
		var f Frame
		got, err := a.next(&f)
		if err != nil {
			wantDamage(t, err)
			return
		}
		if got == gotNothing || got == poolClosed || got == poolLost || got == poolMoved {
			return
		}
		if got == gotFrame {
			sum := len(f.Caps)
			for _, b := range f.Data {
				sum += int(b)
			}
			for _, records := range []meta.Records{f.Meta, f.Tags} {
				for record, err := range records.All() {
					if (record == nil) != (err != nil) {
						t.Fatalf("read %v, %v", record, err)
					}
				}
			}
			if f.Size != len(f.Data) || uint64(f.Size) > pool.slotSize || sum < 0 {
				t.Fatalf("frame of %d bytes says %d, slots have %d", len(f.Data), f.Size, pool.slotSize)
			}
			for _, offset := range f.Planes.Offset[:f.Planes.Count] {
				if offset > uint64(f.Size) {
					t.Fatalf("a plane at %d of %d", offset, f.Size)
				}
			}
			if err := f.lease.Release(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
