package bips

import (
	"fmt"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// seatsRoom is how many bytes the control group must have left for a seat to be made: who goes beyond is killed.
const seatsRoom = 1 << 20

// seatMemory is the memory of one seat.
type seatMemory struct {
	memory  *sys.Memory // until it is sealed
	mapping *sys.Mapping
	header  *layout.SeatHeader
	seat    *layout.Seat
}

// makeSeatMemory makes the segment of a seat in a pool. Its magic number is the caller's to store.
func makeSeatMemory(g *geometry) (_ *seatMemory, err error) {
	if room, limited := sys.MemoryRoom(); limited && room < seatsRoom {
		return nil, fmt.Errorf("%w: the control group has %s left", ErrNoSpace, megabytes(room))
	}
	s := &seatMemory{}
	defer func() {
		if err != nil {
			s.drop()
		}
	}()
	if s.memory, err = sys.CreateMemory("bips seat", seatMemorySize); err != nil {
		return nil, err
	}
	if err := s.memory.AddSeals(seatSeals); err != nil {
		return nil, err
	}
	if s.mapping, err = s.memory.Map(sys.ReadWrite); err != nil {
		return nil, err
	}
	segment, err := initSeatSegment(s.mapping.Bytes, g.ofOneSeat())
	if err != nil {
		return nil, err
	}
	s.header, s.seat = segment.header, segment.seats[0]
	return s, nil
}

// drop gives the memory back, if nobody sits there.
func (s *seatMemory) drop() {
	if s == nil {
		return
	}
	if s.memory != nil {
		_ = s.memory.Close()
		s.memory = nil
	}
	if s.mapping != nil {
		_ = s.mapping.Unmap()
		s.mapping = nil
	}
}

// seal takes from the reader what it could do to the memory beside writing to its seat (O6), which it has mapped by now.
func (s *seatMemory) seal() error {
	if err := s.memory.AddSeals(seatSealsLast); err != nil {
		return err
	}
	s.mapping.Populate(sys.ReadWrite) // fills holes that were made before
	for page := 0; page < len(s.mapping.Bytes); page += layout.PageSize {
		_ = s.mapping.Bytes[page]
	}
	err := s.memory.Close()
	s.memory = nil
	return err
}
