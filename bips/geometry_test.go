package bips

import (
	"errors"
	"testing"

	"github.com/bips-ipc/bips/internal/layout"
)

// A table without a byte may lie anywhere, also at the very end: nothing of it is looked at.
func TestATableWithoutBytesMayLieAtTheEnd(t *testing.T) {
	g := planGeometry(4, layout.PageSize, 0, 2, 1, 1)
	g.metaOffset = g.segmentSize
	if err := g.check(g.segmentSize); err != nil {
		t.Error(err)
	}
	g.metaOffset += 8
	if err := g.check(g.segmentSize); !errors.Is(err, ErrDamaged) {
		t.Errorf("beyond the end: %v", err)
	}
}

// What is no multiple of 8 is refused, also where there is no second seat that would show it.
func TestSeatsThatAreNotAlignedAreRefused(t *testing.T) {
	memory := make([]byte, seatMemorySize)
	g := planGeometry(4, layout.PageSize, 0, 1, 1, 1)
	segment, err := initSeatSegment(memory, &g)
	if err != nil {
		t.Fatal(err)
	}
	segment.header.Magic.Store(layout.SeatMagic)
	read := func() error {
		_, err := readSeatTable(memory, &g, seatMemorySize)
		return err
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	segment.header.SeatSize = layout.SeatSize + 4
	if err := read(); !errors.Is(err, ErrDamaged) {
		t.Errorf("seats of %d bytes: %v", segment.header.SeatSize, err)
	}
	segment.header.SeatSize, segment.header.SeatsOffset = layout.SeatSize, layout.HeaderSize+4
	if err := read(); !errors.Is(err, ErrDamaged) {
		t.Errorf("seats at %d: %v", segment.header.SeatsOffset, err)
	}
}
