package bips

import (
	"fmt"
	"math/bits"

	"github.com/bips-ipc/bips/internal/layout"
)

// geometry is where the tables of a pool lie and how large they are: a private
// copy, checked against itself and the segment's size, of what the header says.
type geometry struct {
	instance    uint64
	move        uint32 // how often the instance has moved
	first       uint64 // the first sequence that may be in this pool
	segmentSize uint64

	slotSize, slotStride, slotsOffset uint64
	slots, ring, seats, caps          int

	ringOffset, recordsOffset, seatWordsOffset, capsOffset, metaOffset uint64
	recordSize, seatWordSize, capsSize, metaSize                       uint64

	producerPID int
	backend     Backend
}

// planGeometry lays out the first pool of an instance.
func planGeometry(slots, slotSize, metaSize, seats int, instance uint64, pid int) geometry {
	g := geometry{
		instance: instance, first: 1, producerPID: pid,
		slots: slots, slotSize: uint64(slotSize), seats: seats,
		ring: 1 << bits.Len(uint(slots-1)), caps: slots + 1,
		recordSize: layout.SlotRecordSize, seatWordSize: layout.SeatWordSize,
		capsSize: layout.CapsRecordSize, metaSize: uint64(metaSize),
	}
	g.slotStride = pageAlign(g.slotSize)
	next := uint64(layout.HeaderSize)
	place := func(size uint64) uint64 {
		at := next
		next = pageAlign(next + size)
		return at
	}
	g.ringOffset = place(uint64(g.ring) * layout.RingWordSize)
	g.recordsOffset = place(uint64(g.slots) * g.recordSize)
	g.seatWordsOffset = place(uint64(g.seats) * g.seatWordSize)
	g.capsOffset = place(uint64(g.caps) * g.capsSize)
	g.metaOffset = place(uint64(g.slots) * g.metaSize)
	g.slotsOffset = place(uint64(g.slots) * g.slotStride)
	g.segmentSize = next
	return g
}

// resized lays out the pool that the instance moves to, with slots of another size.
func (g *geometry) resized(slotSize int) geometry {
	next := planGeometry(g.slots, slotSize, int(g.metaSize), g.seats, g.instance, g.producerPID)
	next.move, next.backend = g.move+1, g.backend
	return next
}

// ofOneSeat is the same pool, with one seat in each seat segment.
func (g *geometry) ofOneSeat() *geometry {
	one := *g
	one.seats = 1
	return &one
}

func pageAlign(n uint64) uint64 { return (n + layout.PageSize - 1) &^ (layout.PageSize - 1) }

// seatSegmentSize is the size of the seat segment that goes with the pool.
func (g *geometry) seatSegmentSize() uint64 {
	return pageAlign(layout.HeaderSize + uint64(g.seats)*layout.SeatSize)
}

// bytes is the size of both segments together.
func (g *geometry) bytes() uint64 { return g.segmentSize + g.seatSegmentSize() }

// store writes the geometry to a new header.
func (g *geometry) store(h *layout.PoolHeader) {
	h.VersionMajor, h.VersionMinor = layout.VersionMajor, layout.VersionMinor
	h.HeaderSize = layout.HeaderSize
	h.Required, h.Optional = layout.KnownRequired, 0
	h.Instance, h.SegmentSize = g.instance, g.segmentSize
	h.SlotSize, h.SlotStride, h.SlotsOffset = g.slotSize, g.slotStride, g.slotsOffset
	h.SlotCount, h.RingLength, h.RingOffset = uint32(g.slots), uint32(g.ring), g.ringOffset
	h.RecordsOffset, h.SeatWordsOffset = g.recordsOffset, g.seatWordsOffset
	h.CapsOffset, h.MetaOffset = g.capsOffset, g.metaOffset
	h.RecordSize, h.SeatWordSize = uint32(g.recordSize), uint32(g.seatWordSize)
	h.CapsSize, h.MetaSize = uint32(g.capsSize), uint32(g.metaSize)
	h.CapsCount, h.SeatCount = uint32(g.caps), uint32(g.seats)
	h.Backend = uint32(g.backend)
	h.ProducerPID = uint32(g.producerPID)
	h.Move, h.First = g.move, g.first
}

// readGeometry copies what the first page of a pool segment says, and checks it against the
// size of its file. Each field is read once: what was checked is what is used.
func readGeometry(page []byte, fileSize uint64, backend Backend) (geometry, error) {
	h, err := overlay[layout.PoolHeader](page, 0)
	if err != nil {
		return geometry{}, err
	}
	if magic := h.Magic.Load(); magic != layout.PoolMagic {
		return geometry{}, fmt.Errorf("%w: it begins with %#x, not with a pool's magic number", ErrDamaged, magic)
	}
	if err := checkVersion(h.VersionMajor, h.VersionMinor, h.Required); err != nil {
		return geometry{}, err
	}
	g := geometry{
		instance: h.Instance, segmentSize: h.SegmentSize,
		slotSize: h.SlotSize, slotStride: h.SlotStride, slotsOffset: h.SlotsOffset,
		slots: int(h.SlotCount), ring: int(h.RingLength), seats: int(h.SeatCount), caps: int(h.CapsCount),
		ringOffset: h.RingOffset, recordsOffset: h.RecordsOffset, seatWordsOffset: h.SeatWordsOffset,
		capsOffset: h.CapsOffset, metaOffset: h.MetaOffset,
		recordSize: uint64(h.RecordSize), seatWordSize: uint64(h.SeatWordSize),
		capsSize: uint64(h.CapsSize), metaSize: uint64(h.MetaSize),
		producerPID: int(h.ProducerPID), move: h.Move, first: h.First,
	}
	if h.Backend != uint32(backend) {
		return geometry{}, fmt.Errorf("%w: it was made by backend %d, and is found as one of backend %d", ErrVersion, h.Backend, backend)
	}
	return g, g.check(fileSize)
}

func checkVersion(major, minor uint16, required uint64) error {
	if major != layout.VersionMajor {
		return fmt.Errorf("%w: layout %d.%d, this program reads %d: update the older of the two", ErrVersion, major, minor, layout.VersionMajor)
	}
	if unknown := required &^ layout.KnownRequired; unknown != 0 {
		return fmt.Errorf("%w: it requires features %#x that this program lacks: update it", ErrVersion, unknown)
	}
	return nil
}

// check refuses whatever would lead a reader astray. A file may be longer than its segment.
func (g *geometry) check(fileSize uint64) error {
	damaged := func(what string, got, limit uint64) error {
		return fmt.Errorf("%w: %s %d, limit %d", ErrDamaged, what, got, limit)
	}
	switch {
	case g.instance == 0:
		return damaged("instance", 0, 1)
	case g.first == 0 || g.first > layout.MaxSequence:
		return damaged("first sequence", g.first, layout.MaxSequence)
	case g.segmentSize > fileSize:
		return damaged("cut short: segment size", g.segmentSize, fileSize)
	case g.segmentSize > layout.MaxSegmentSize:
		return damaged("segment size", g.segmentSize, layout.MaxSegmentSize)
	case g.slots < MinSlots || g.slots > MaxSlots:
		return damaged("slots", uint64(g.slots), MaxSlots)
	case g.seats < 1 || g.seats > MaxSeats:
		return damaged("seats", uint64(g.seats), MaxSeats)
	case g.ring < g.slots || g.ring > 1<<16 || g.ring&(g.ring-1) != 0:
		return damaged("ring length", uint64(g.ring), 1<<16)
	case g.caps < 1 || g.caps > 1<<16:
		return damaged("caps records", uint64(g.caps), 1<<16)
	case g.slotSize == 0 || g.slotSize > g.slotStride || g.slotStride > g.segmentSize || g.slotStride%layout.PageSize != 0:
		return damaged("slot size", g.slotSize, g.slotStride)
	case g.slotsOffset%layout.PageSize != 0:
		return damaged("slots not page-aligned: offset", g.slotsOffset, 0)
	}
	for _, table := range []struct {
		name                           string
		offset, size, count, min, most uint64
	}{
		{"ring", g.ringOffset, layout.RingWordSize, uint64(g.ring), layout.RingWordSize, layout.RingWordSize},
		{"slot records", g.recordsOffset, g.recordSize, uint64(g.slots), layout.SlotRecordSize, layout.MaxRecordSize},
		{"seat words", g.seatWordsOffset, g.seatWordSize, uint64(g.seats), layout.SeatWordSize, layout.MaxRecordSize},
		{"caps records", g.capsOffset, g.capsSize, uint64(g.caps), layout.CapsRecordSize, layout.MaxRecordSize},
		{"metadata", g.metaOffset, g.metaSize, uint64(g.slots), 0, layout.MaxMetaSize},
		{"slots", g.slotsOffset, g.slotStride, uint64(g.slots), layout.PageSize, g.segmentSize},
	} {
		if table.size < table.min || table.size > table.most || table.size%8 != 0 {
			return damaged(table.name+": record size", table.size, table.most)
		}
		if table.offset < layout.HeaderSize || table.offset%8 != 0 || table.offset > g.segmentSize ||
			table.size > 0 && (g.segmentSize-table.offset)/table.size < table.count {
			return damaged(table.name+": offset", table.offset, g.segmentSize)
		}
	}
	return nil
}

// reserve is how many slots a pool keeps from its consumers, so that the producer
// need not wait for them: two lent to the pipeline that fills them, one for the
// newest entry, one for a frame that must be copied. Pools of fewer than five
// slots cannot keep that promise and leave one slot to one consumer.
func (g *geometry) reserve() int { return min(4, g.slots-1) }

// pinnable is how many slots all consumers together may pin: the sum of what is granted stays below.
func (g *geometry) pinnable() int { return g.slots - g.reserve() }
