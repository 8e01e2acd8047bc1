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

// newPoolSegment finds the tables of a segment whose geometry was checked.
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

// openPoolSegment reads a segment that another process made.
func openPoolSegment(memory []byte) (*poolSegment, error) {
	header, err := overlay[layout.PoolHeader](memory, 0)
	if err != nil {
		return nil, err
	}
	g, err := loadGeometry(header, uint64(len(memory)))
	if err != nil {
		return nil, err
	}
	return newPoolSegment(memory, g)
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

// capsRecord returns the head and the text area of caps record i, which must be
// less than the caps count.
func (s *poolSegment) capsRecord(i int) (version *atomic.Uint64, length *atomic.Uint32, text []byte, err error) {
	at := s.capsOffset + uint64(i)*s.capsSize
	if version, err = overlay[atomic.Uint64](s.memory, at); err != nil {
		return nil, nil, nil, err
	}
	if length, err = overlay[atomic.Uint32](s.memory, at+8); err != nil {
		return nil, nil, nil, err
	}
	return version, length, s.memory[at+layout.CapsTextOffset : at+s.capsSize], nil
}

// entry returns the ring word of a sequence.
func (s *poolSegment) entry(sequence uint64) *atomic.Uint64 {
	return &s.ring[sequence&uint64(len(s.ring)-1)]
}

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
	return newSeatSegment(memory, header, layout.HeaderSize, layout.SeatSize, g.seats)
}

// openSeatSegment reads the seat segment that goes with a pool.
func openSeatSegment(memory []byte, g *geometry) (*seatSegment, error) {
	header, err := overlay[layout.SeatHeader](memory, 0)
	if err != nil {
		return nil, err
	}
	if magic := header.Magic.Load(); magic != layout.SeatMagic {
		return nil, fmt.Errorf("%w: the seats begin with %#x, not with their magic number", ErrDamaged, magic)
	}
	if err := checkVersion(header.VersionMajor, header.VersionMinor, 0); err != nil {
		return nil, err
	}
	if instance := header.Instance; instance != g.instance {
		return nil, fmt.Errorf("%w: the seats are of instance %x, the pool of %x", ErrDamaged, instance, g.instance)
	}
	offset, size, count := header.SeatsOffset, uint64(header.SeatSize), int(header.SeatCount)
	if offset < layout.HeaderSize || size < layout.SeatSize || size > layout.MaxRecordSize || count != g.seats {
		return nil, fmt.Errorf("%w: %d seats of %d bytes at %d, the pool has %d seats", ErrDamaged, count, size, offset, g.seats)
	}
	return newSeatSegment(memory, header, offset, size, count)
}

func newSeatSegment(memory []byte, header *layout.SeatHeader, offset, size uint64, count int) (*seatSegment, error) {
	seats, err := overlayTable[layout.Seat](memory, offset, size, count)
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
