package crash

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/bips-ipc/bips/internal/layout"
)

// memory is a pool without files, as its producer, which lives, has it: /proc shows what the process has open and mapped.
type memory struct {
	segment        // of which seats and locked are not used
	seats   []seat // that are mapped
	left    []string
}

// seat is the segment of one seat.
type seat []byte

// move is the count of moves of the seat's pool.
func (s seat) move() uint64 { return field[layout.SeatHeader](s, 0, "Move") }

func (s seat) field(name string) uint64 { return field[layout.Seat](s, layout.HeaderSize, name) }

// possessions are what a process has of pools without files.
type possessions struct {
	pools       []string // descriptors of pool segments, as paths
	poolMaps    int      // mappings of pool segments
	seatFiles   int      // descriptors of seat segments
	seatMaps    [][2]uint64
	connections int // sockets, a listening one included
}

// none reports whether that is nothing.
func (p possessions) none() bool {
	return len(p.pools)+p.poolMaps+p.seatFiles+len(p.seatMaps)+p.connections == 0
}

// possessionsOf looks at a process. What it sees need not have been so at one and the same moment.
func possessionsOf(pid int) (p possessions, err error) {
	folder := fmt.Sprintf("/proc/%d/fd/", pid)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return p, err
	}
	for _, entry := range entries {
		target, _ := os.Readlink(folder + entry.Name()) // "": it was closed meanwhile
		switch {
		case strings.HasPrefix(target, "/memfd:bips seat"):
			p.seatFiles++
		case strings.HasPrefix(target, "/memfd:bips."):
			p.pools = append(p.pools, folder+entry.Name())
		case strings.HasPrefix(target, "socket:"):
			p.connections++
		}
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	for _, line := range strings.Split(string(maps), "\n") {
		switch {
		case strings.Contains(line, "/memfd:bips seat"):
			span, err := parseSpan(line)
			if err != nil {
				return p, err
			}
			p.seatMaps = append(p.seatMaps, span)
		case strings.Contains(line, "/memfd:bips."):
			p.poolMaps++
		}
	}
	return p, err
}

// parseSpan reads where a mapping begins and ends.
func parseSpan(line string) (span [2]uint64, err error) {
	addresses, _, _ := strings.Cut(line, " ")
	for i, text := range strings.SplitN(addresses, "-", 2) {
		if span[i], err = strconv.ParseUint(text, 16, 64); err != nil {
			return span, fmt.Errorf("mapping %q: %w", line, err)
		}
	}
	return span, nil
}

// openMemory reads the pool that a living producer has. There is an error while it has two of them.
func openMemory(pid int) (*memory, error) {
	p, err := possessionsOf(pid)
	if err != nil {
		return nil, err
	}
	if len(p.pools) != 1 {
		return nil, fmt.Errorf("the producer has %d pools", len(p.pools))
	}
	m := &memory{}
	if m.pool, err = os.ReadFile(p.pools[0]); err != nil {
		return nil, err
	}
	if len(m.pool) < layout.HeaderSize || m.header("Magic") != layout.PoolMagic {
		return nil, errors.New("the producer's pool has no magic number")
	}
	if m.seats, err = readSeats(pid, p); err != nil {
		return nil, err
	}
	m.count(p)
	return m, nil
}

// readSeats reads the seats that a process has mapped.
func readSeats(pid int, p possessions) (seats []seat, err error) {
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil, err
	}
	defer memory.Close()
	for _, span := range p.seatMaps {
		s := make(seat, span[1]-span[0])
		if _, err := memory.ReadAt(s, int64(span[0])); err != nil {
			return nil, err
		}
		seats = append(seats, s)
	}
	return seats, nil
}

// count notes what the producer keeps that belongs to nobody. Each seat has a mapping and a connection, and the pool's name one socket.
func (m *memory) count(p possessions) {
	if p.poolMaps != 1 {
		m.left = append(m.left, fmt.Sprintf("%d mappings of pools", p.poolMaps))
	}
	if p.seatFiles != 0 {
		m.left = append(m.left, fmt.Sprintf("%d descriptors of seats", p.seatFiles))
	}
	if p.connections != 1+len(m.seats) {
		m.left = append(m.left, fmt.Sprintf("%d sockets for %d seats", p.connections, len(m.seats)))
	}
}

// checkQuiet is [segment.checkQuiet] for a pool whose seats are not in one segment: there are so many of them, each of them shows a reader and
// no pin, and each is that of a seat word with a grant. The producer has nothing else of anybody.
func (m *memory) checkQuiet(readers int, verdicts bool) error {
	if err := m.checkSlots(); err != nil {
		return err
	}
	if len(m.left) > 0 || len(m.seats) != readers {
		return fmt.Errorf("the producer has %d seats mapped for %d readers, and %q", len(m.seats), readers, m.left)
	}
	var sitting, granted []uint64
	for _, s := range m.seats {
		state, pins := s.field("State"), s.field("Pins")
		if pins != 0 || state != uint64(layout.SeatLatest) && state != uint64(layout.SeatEvery) {
			return fmt.Errorf("a seat of generation %d shows state %d, pins %b", s.field("Generation"), state, pins)
		}
		sitting = append(sitting, s.field("Generation"))
	}
	for i := range int(m.header("SeatCount")) {
		generation, pins := layout.UnpackGrant(m.word(i, "Granted"))
		if pins > 0 {
			granted = append(granted, uint64(generation))
		}
		if m.word(i, "Reserved") != 0 || m.verdict(i) != 0 && !(verdicts && pins > 0) {
			return fmt.Errorf("seat word %d: %d granted to generation %d, verdict %x, reserved %x", i, pins, generation, m.verdict(i), m.word(i, "Reserved"))
		}
	}
	slices.Sort(sitting)
	slices.Sort(granted)
	if !slices.Equal(sitting, granted) {
		return fmt.Errorf("the generations %d sit, %d have grants", sitting, granted)
	}
	return nil
}
