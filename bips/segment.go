package bips

import (
	"fmt"
	"sync/atomic"

	"github.com/bips-ipc/bips/internal/layout"
)

// poolSegment is a pool segment with its tables found. The pointers lead into
// shared memory: what they show may change at any time, and is checked when read.
type poolSegment struct {
	geometry
	memory  []byte
	header  *layout.PoolHeader
	ring    []atomic.Uint64
	records []*layout.SlotRecord
	words   []*layout.SeatWord
}

// newPoolSegment finds the tables of a segment whose geometry was checked, in memory of as many bytes.
func newPoolSegment(memory []byte, g geometry) (*poolSegment, error) {
	s := &poolSegment{geometry: g, memory: memory}
	var err error
	if s.header, err = overlay[layout.PoolHeader](memory, 0); err != nil {
		return nil, err
	}
	if s.ring, err = overlayRing(memory, g.ringOffset, g.ring); err != nil {
		return nil, err
	}
	if s.records, err = overlayTable[layout.SlotRecord](memory, g.recordsOffset, g.recordSize, g.slots); err != nil {
		return nil, err
	}
	s.words, err = overlayTable[layout.SeatWord](memory, g.seatWordsOffset, g.seatWordSize, g.seats)
	return s, err
}

// slot returns the bytes of slot i that may be used.
func (s *poolSegment) slot(i int) []byte {
	at := s.slotsOffset + uint64(i)*s.slotStride
	return s.memory[at : at+s.slotSize : at+s.slotSize]
}

// meta returns the metadata area of slot i.
func (s *poolSegment) meta(i int) []byte {
	at := s.metaOffset + uint64(i)*s.metaSize
	return s.memory[at : at+s.metaSize : at+s.metaSize]
}

// capsRecord is a caps record with its parts found. Its lengths are atomic, since they are also read without a pin.
type capsRecord struct {
	version            *atomic.Uint64
	length, tagsLength *atomic.Uint32
	text, tags         []byte
}

// capsRecord returns caps record i, which must be less than the caps count.
func (s *poolSegment) capsRecord(i int) (r capsRecord, err error) {
	at := s.capsOffset + uint64(i)*s.capsSize
	if r.version, err = overlay[atomic.Uint64](s.memory, at); err != nil {
		return r, err
	}
	if r.length, err = overlay[atomic.Uint32](s.memory, at+8); err != nil {
		return r, err
	}
	if r.tagsLength, err = overlay[atomic.Uint32](s.memory, at+12); err != nil {
		return r, err
	}
	record := s.memory[at : at+layout.CapsRecordSize]
	r.text = record[layout.CapsTextOffset:][:layout.CapsTextSize]
	r.tags = record[layout.TagsOffset:][:layout.TagsSize]
	return r, nil
}

// entry returns the ring word of a sequence.
func (s *poolSegment) entry(sequence uint64) *atomic.Uint64 {
	return &s.ring[sequence&uint64(len(s.ring)-1)]
}

// seatTable is where the seats lie in their segment: a private copy, checked against the pool.
type seatTable struct {
	offset, size uint64 // of the first, from the start of the segment; from one to the next
	count        int
}

// end is how many bytes of the segment are used.
func (t seatTable) end() uint64 { return t.offset + uint64(t.count)*t.size }

// seatSegment is a seat segment with its seats found.
type seatSegment struct {
	memory []byte
	header *layout.SeatHeader
	seats  []*layout.Seat
}

// initSeatSegment writes the header of a new seat segment, but for its magic number.
func initSeatSegment(memory []byte, g *geometry) (*seatSegment, error) {
	header, err := overlay[layout.SeatHeader](memory, 0)
	if err != nil {
		return nil, err
	}
	header.VersionMajor, header.VersionMinor = layout.VersionMajor, layout.VersionMinor
	header.HeaderSize = layout.HeaderSize
	header.Instance, header.SegmentSize = g.instance, uint64(len(memory))
	header.SeatsOffset, header.SeatSize, header.SeatCount = layout.HeaderSize, layout.SeatSize, uint32(g.seats)
	header.Move = g.move
	return newSeatSegment(memory, seatTable{layout.HeaderSize, layout.SeatSize, g.seats})
}

// readSeatTable copies what the first page of the seat segment of a pool says, and checks it
// against the pool and the size of its file.
func readSeatTable(page []byte, g *geometry, fileSize uint64) (seatTable, error) {
	header, err := overlay[layout.SeatHeader](page, 0)
	if err != nil {
		return seatTable{}, err
	}
	if magic := header.Magic.Load(); magic != layout.SeatMagic {
		return seatTable{}, fmt.Errorf("%w: the seats begin with %#x, not with their magic number", ErrDamaged, magic)
	}
	if err := checkVersion(header.VersionMajor, header.VersionMinor, 0); err != nil {
		return seatTable{}, err
	}
	if instance := header.Instance; instance != g.instance {
		return seatTable{}, fmt.Errorf("%w: the seats are of instance %x, the pool of %x", ErrDamaged, instance, g.instance)
	}
	if move := header.Move; move != g.move {
		return seatTable{}, fmt.Errorf("%w: the seats are of move %d, the pool of %d", ErrDamaged, move, g.move)
	}
	t := seatTable{header.SeatsOffset, uint64(header.SeatSize), int(header.SeatCount)}
	if t.offset < layout.HeaderSize || t.offset > fileSize || t.offset%8 != 0 || t.size < layout.SeatSize ||
		t.size > layout.MaxRecordSize || t.size%8 != 0 || t.count != g.seats {
		return seatTable{}, fmt.Errorf("%w: %d seats of %d bytes at %d, the pool has %d seats", ErrDamaged, t.count, t.size, t.offset, g.seats)
	}
	if t.end() > fileSize {
		return seatTable{}, fmt.Errorf("%w: the seats are cut short: %d bytes, should be %d", ErrDamaged, fileSize, t.end())
	}
	return t, nil
}

// newSeatSegment finds the seats of a segment whose table was checked.
func newSeatSegment(memory []byte, t seatTable) (*seatSegment, error) {
	header, err := overlay[layout.SeatHeader](memory, 0)
	if err != nil {
		return nil, err
	}
	seats, err := overlayTable[layout.Seat](memory, t.offset, t.size, t.count)
	return &seatSegment{memory: memory, header: header, seats: seats}, err
}

// overlayTable finds the count records of a table.
func overlayTable[T any](memory []byte, offset, size uint64, count int) ([]*T, error) {
	records := make([]*T, count)
	for i := range records {
		record, err := overlay[T](memory, offset+uint64(i)*size)
		if err != nil {
			return nil, err
		}
		records[i] = record
	}
	return records, nil
}
