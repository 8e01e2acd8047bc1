package golden

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"

	"github.com/bips-ipc/bips/internal/layout"
)

// What is wrong with segments that cannot be read.
var (
	ErrDamaged = errors.New("damaged")
	ErrVersion = errors.New("version")
)

// Read reads a pool as a client does that knows docs/protocol.md only: it checks each
// number before it follows it. All segments are memory of its own, so that nothing changes.
func Read(s Segments) (*Meaning, error) {
	pool, words, err := readPool(s.Pool)
	if err != nil {
		return nil, err
	}
	seats, err := readSeats(s.Seats, pool, words)
	if err != nil {
		return nil, err
	}
	return &Meaning{Pool: pool, Seats: seats}, nil
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
}

// table is a checked table of records.
type table struct {
	memory []byte
	offset uint64
	size   uint64 // from one record to the next
}

func (t table) at(i int) uint64 { return t.offset + uint64(i)*t.size }

func readPool(memory []byte) (*Pool, table, error) {
	var none table
	if len(memory) < layout.HeaderSize {
		return nil, none, damaged("a pool of %d bytes has no header", len(memory))
	}
	h := at[layout.PoolHeader](memory, 0)
	if h.Magic.Load() != layout.PoolMagic {
		return nil, none, damaged("it does not begin with a pool's magic number")
	}
	if h.VersionMajor != layout.VersionMajor {
		return nil, none, fmt.Errorf("%w: layout %d.%d", ErrVersion, h.VersionMajor, h.VersionMinor)
	}
	if h.Required&^layout.KnownRequired != 0 {
		return nil, none, fmt.Errorf("%w: unknown features %#x", ErrVersion, h.Required)
	}
	switch {
	case h.Instance == 0:
		return nil, none, damaged("instance 0")
	case h.SegmentSize > uint64(len(memory)) || h.SegmentSize > layout.MaxSegmentSize:
		return nil, none, damaged("a segment of %d bytes in a file of %d", h.SegmentSize, len(memory))
	case h.SlotCount < 2 || h.SlotCount > layout.MaxSlots:
		return nil, none, damaged("%d slots", h.SlotCount)
	case h.SeatCount < 1 || h.SeatCount > layout.MaxSeats:
		return nil, none, damaged("%d seats", h.SeatCount)
	case h.RingLength < h.SlotCount || h.RingLength > 1<<16 || bits.OnesCount32(h.RingLength) != 1:
		return nil, none, damaged("a ring of %d", h.RingLength)
	case h.CapsCount < 1 || h.CapsCount > 1<<16:
		return nil, none, damaged("%d caps records", h.CapsCount)
	case h.SlotSize == 0 || h.SlotSize > h.SlotStride || h.SlotStride%layout.PageSize != 0 || h.SlotsOffset%layout.PageSize != 0:
		return nil, none, damaged("slots of %d bytes, %d apart, at %d", h.SlotSize, h.SlotStride, h.SlotsOffset)
	}
	memory = memory[:h.SegmentSize]
	var failed error
	tableOf := func(what string, offset, size, least, most uint64, count uint32) table {
		switch {
		case size < least || size > most || size%8 != 0:
			failed = damaged("%s of %d bytes", what, size)
		case offset < layout.HeaderSize || offset%8 != 0 || offset > h.SegmentSize || (h.SegmentSize-offset)/max(size, 1) < uint64(count):
			failed = damaged("%d %s of %d bytes at %d in %d", count, what, size, offset, h.SegmentSize)
		}
		return table{memory, offset, size}
	}
	ring := tableOf("ring words", h.RingOffset, layout.RingWordSize, layout.RingWordSize, layout.RingWordSize, h.RingLength)
	records := tableOf("slot records", h.RecordsOffset, uint64(h.RecordSize), layout.SlotRecordSize, layout.MaxRecordSize, h.SlotCount)
	words := tableOf("seat words", h.SeatWordsOffset, uint64(h.SeatWordSize), layout.SeatWordSize, layout.MaxRecordSize, h.SeatCount)
	caps := tableOf("caps records", h.CapsOffset, uint64(h.CapsSize), layout.CapsRecordSize, layout.MaxRecordSize, h.CapsCount)
	areas := tableOf("metadata areas", h.MetaOffset, uint64(h.MetaSize), 0, layout.MaxMetaSize, h.SlotCount)
	slots := tableOf("slots", h.SlotsOffset, h.SlotStride, layout.PageSize, h.SegmentSize, h.SlotCount)
	if failed != nil {
		return nil, none, failed
	}
	p := &Pool{
		Version: fmt.Sprintf("%d.%d", h.VersionMajor, h.VersionMinor), Instance: fmt.Sprintf("%016x", h.Instance),
		Move: h.Move, First: h.First, Slots: h.SlotCount, SlotSize: h.SlotSize, Seats: h.SeatCount, ProducerPID: h.ProducerPID,
		Head: h.Head.Load(), Ended: h.Ended.Load(), Latency: known(h.Latency.Load()), Dropped: h.Dropped.Load(),
		ProducerWaiting: h.ProducerWaiting.Load() != 0, Frames: []*Frame{},
	}
	var ok bool
	if p.State, ok = poolStates[h.State.Load()]; !ok {
		return nil, none, damaged("state %d", h.State.Load())
	}
	if p.Ended > p.Head+1 {
		return nil, none, damaged("a stream that ends at %d, the head is %d", p.Ended, p.Head)
	}
	for sequence := p.Head - min(p.Head, uint64(h.RingLength)-1); sequence <= p.Head; sequence++ {
		if sequence < max(p.First, 1) {
			continue
		}
		word := binary.LittleEndian.Uint64(memory[ring.at(int(sequence&uint64(h.RingLength-1))):])
		named, slot := layout.UnpackRing(word)
		if named != sequence || slot >= int(h.SlotCount) {
			continue // a hint that leads nowhere: the frame is gone
		}
		r := at[layout.SlotRecord](memory, records.at(slot))
		if r.Sequence.Load() != sequence {
			continue // the slot was used again
		}
		f, err := readFrame(h, r, caps, memory[areas.at(slot):][:h.MetaSize], memory[slots.at(slot):][:h.SlotSize])
		if err != nil {
			return nil, none, fmt.Errorf("frame %d: %w", sequence, err)
		}
		f.Slot = slot
		p.Frames = append(p.Frames, f)
	}
	return p, words, nil
}

func readFrame(h *layout.PoolHeader, r *layout.SlotRecord, caps table, area, slot []byte) (*Frame, error) {
	switch {
	case r.Stream > r.Sequence.Load():
		return nil, damaged("of a stream that begins with %d", r.Stream)
	case r.Size > h.SlotSize:
		return nil, damaged("%d bytes in a slot of %d", r.Size, h.SlotSize)
	case r.MetaLength > h.MetaSize:
		return nil, damaged("%d bytes of metadata in %d", r.MetaLength, h.MetaSize)
	case r.CapsIndex >= h.CapsCount:
		return nil, damaged("caps record %d of %d", r.CapsIndex, h.CapsCount)
	case int(r.PlaneCount) > len(r.PlaneOffset):
		return nil, damaged("%d planes", r.PlaneCount)
	}
	f := &Frame{
		Sequence: r.Sequence.Load(), Stream: r.Stream, Data: string(slot[:r.Size]),
		PTS: known(r.PTS), DTS: known(r.DTS), Duration: known(r.Duration), CaptureTime: known(r.CaptureTime),
		PublishTime: r.PublishTime.Load(), Offset: known(r.Offset), OffsetEnd: known(r.OffsetEnd),
		Dropped: r.Dropped, Flags: r.Flags,
	}
	for i := range r.PlaneCount {
		if r.PlaneOffset[i] > r.Size {
			return nil, damaged("a plane at %d of %d bytes", r.PlaneOffset[i], r.Size)
		}
		f.Planes = append(f.Planes, &Plane{r.PlaneStride[i], r.PlaneOffset[i]})
	}
	record := caps.memory[caps.at(int(r.CapsIndex)):][:caps.size]
	version, length := binary.LittleEndian.Uint64(record), binary.LittleEndian.Uint32(record[8:])
	if version != r.CapsVersion {
		return nil, damaged("caps of version %d, want %d", version, r.CapsVersion)
	}
	if length > layout.CapsTextSize {
		return nil, damaged("caps of %d bytes", length)
	}
	f.Caps = string(record[layout.CapsTextOffset:][:length])
	tagsLength := binary.LittleEndian.Uint32(record[12:])
	if tagsLength > layout.TagsSize {
		return nil, damaged("tags of %d bytes", tagsLength)
	}
	f.Tags = hex.EncodeToString(record[layout.TagsOffset:][:tagsLength])
	f.Metadata = hex.EncodeToString(area[:r.MetaLength])
	return f, nil
}

func readSeats(memory []byte, p *Pool, words table) ([]*Seat, error) {
	if len(memory) < layout.HeaderSize {
		return nil, damaged("seats of %d bytes have no header", len(memory))
	}
	h := at[layout.SeatHeader](memory, 0)
	if h.Magic.Load() != layout.SeatMagic {
		return nil, damaged("the seats do not begin with their magic number")
	}
	if h.VersionMajor != layout.VersionMajor {
		return nil, fmt.Errorf("%w: seats of layout %d.%d", ErrVersion, h.VersionMajor, h.VersionMinor)
	}
	size, fileSize := uint64(h.SeatSize), uint64(len(memory))
	switch {
	case fmt.Sprintf("%016x", h.Instance) != p.Instance || h.Move != p.Move:
		return nil, damaged("the seats are of instance %x, move %d", h.Instance, h.Move)
	case h.SeatCount != p.Seats:
		return nil, damaged("%d seats, the pool has %d", h.SeatCount, p.Seats)
	case size < layout.SeatSize || size > layout.MaxRecordSize || size%8 != 0:
		return nil, damaged("seats of %d bytes", size)
	case h.SeatsOffset < layout.HeaderSize || h.SeatsOffset%8 != 0 || h.SeatsOffset > fileSize || (fileSize-h.SeatsOffset)/size < uint64(h.SeatCount):
		return nil, damaged("%d seats at %d in %d bytes", h.SeatCount, h.SeatsOffset, fileSize)
	}
	seats := table{memory, h.SeatsOffset, size}
	var all []*Seat
	for i := range int(h.SeatCount) {
		s := at[layout.Seat](memory, seats.at(i))
		w := at[layout.SeatWord](words.memory, words.at(i))
		if s.Generation.Load() == 0 && w.Reserved.Load() == 0 {
			continue // nobody ever sat there
		}
		seat, err := readSeat(s, w, int(p.Slots))
		if err != nil {
			return nil, fmt.Errorf("seat %d: %w", i, err)
		}
		seat.Seat = i
		all = append(all, seat)
	}
	return all, nil
}

func readSeat(s *layout.Seat, w *layout.SeatWord, slots int) (*Seat, error) {
	state, ok := seatStates[s.State.Load()]
	if !ok {
		return nil, damaged("state %d", s.State.Load())
	}
	seat := &Seat{
		State: state, Generation: s.Generation.Load(), Cursor: s.Cursor.Load(), PID: s.PID.Load(), Waiting: s.Waiting.Load() != 0,
		KeyFrames: s.KeyFrames.Load(), Received: s.Received.Load(), Skipped: s.Skipped.Load(), Lost: s.Lost.Load(),
	}
	seat.AskedMost, seat.AskedLeast = layout.UnpackAsked(s.Asked.Load())
	for slot := range slots {
		if s.Pins.Load()>>slot&1 != 0 {
			seat.Pins = append(seat.Pins, slot)
		}
	}
	if word := w.Granted.Load(); word != 0 {
		generation, pins := layout.UnpackGrant(word)
		seat.Granted = &Granted{generation, pins}
	}
	if generation, verdict := layout.UnpackVerdict(w.Verdict.Load()); verdict == layout.VerdictDemoted {
		seat.Demoted = &generation
	}
	if generation, kept := layout.UnpackReserved(w.Reserved.Load()); generation != 0 {
		seat.Reserved = &Reserved{generation, kept}
	}
	return seat, nil
}

var poolStates = map[uint32]string{
	layout.StateRunning: "running", layout.StateClosed: "closed", layout.StateMoved: "moved",
}

var seatStates = map[uint32]string{
	layout.SeatFree: "free", layout.SeatLatest: "latest", layout.SeatEvery: "every", layout.SeatSuspended: "suspended",
	layout.SeatDraining: "draining", layout.SeatAsking: "asking", layout.SeatJoining: "joining",
}

// known is a time, or nil for NoTime.
func known(time uint64) *uint64 {
	if time == layout.NoTime {
		return nil
	}
	return &time
}
