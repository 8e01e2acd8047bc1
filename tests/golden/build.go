package golden

import (
	"math/bits"

	"github.com/bips-ipc/bips/internal/layout"
)

// What all golden pools share. They are as small as they can be.
const (
	seats     = 8
	slotSize  = 64
	metaSize  = 256
	instance  = 0x0123456789abcdef
	seatsAt   = layout.HeaderSize
	seatsSize = seatsAt + layout.PageSize
)

// Segments are the two files of a pool.
type Segments struct{ Pool, Seats []byte }

// builder writes a pool as a producer and its readers would leave it.
type builder struct {
	Segments
	header *layout.PoolHeader
	door   *layout.SeatHeader
}

// newPool is a pool that was just made: nothing published, nobody seated.
func newPool(slots int) *builder {
	ring, caps := 1<<bits.Len(uint(slots-1)), slots+1
	next := uint64(layout.HeaderSize)
	place := func(count, size int) uint64 {
		offset := next
		next += (uint64(count*size) + layout.PageSize - 1) &^ (layout.PageSize - 1)
		return offset
	}
	ringAt := place(ring, layout.RingWordSize)
	recordsAt := place(slots, layout.SlotRecordSize)
	wordsAt := place(seats, layout.SeatWordSize)
	capsAt := place(caps, layout.CapsRecordSize)
	metaAt := place(slots, metaSize)
	slotsAt := place(slots, layout.PageSize)

	b := &builder{Segments: Segments{segmentOf(next), segmentOf(seatsSize)}}
	b.header, b.door = at[layout.PoolHeader](b.Pool, 0), at[layout.SeatHeader](b.Seats, 0)
	h := b.header
	h.VersionMajor, h.VersionMinor, h.HeaderSize = layout.VersionMajor, layout.VersionMinor, layout.HeaderSize
	h.Instance, h.SegmentSize = instance, next
	h.SlotSize, h.SlotStride, h.SlotsOffset = slotSize, layout.PageSize, slotsAt
	h.SlotCount, h.RingLength, h.RingOffset = uint32(slots), uint32(ring), ringAt
	h.RecordsOffset, h.SeatWordsOffset, h.CapsOffset, h.MetaOffset = recordsAt, wordsAt, capsAt, metaAt
	h.RecordSize, h.SeatWordSize = layout.SlotRecordSize, layout.SeatWordSize
	h.CapsSize, h.MetaSize, h.CapsCount = layout.CapsRecordSize, metaSize, uint32(caps)
	h.SeatCount, h.Backend, h.ProducerPID = seats, layout.BackendShm, 4711
	h.First = 1
	h.State.Store(layout.StateRunning)
	h.Latency.Store(layout.NoTime)
	h.Magic.Store(layout.PoolMagic)
	d := b.door
	d.VersionMajor, d.VersionMinor, d.HeaderSize = layout.VersionMajor, layout.VersionMinor, layout.HeaderSize
	d.Instance, d.SegmentSize = instance, seatsSize
	d.SeatsOffset, d.SeatSize, d.SeatCount = seatsAt, layout.SeatSize, seats
	d.Magic.Store(layout.SeatMagic)
	return b
}

func (b *builder) record(slot int) *layout.SlotRecord {
	return at[layout.SlotRecord](b.Pool, b.header.RecordsOffset+uint64(slot)*layout.SlotRecordSize)
}

func (b *builder) word(seat int) *layout.SeatWord {
	return at[layout.SeatWord](b.Pool, b.header.SeatWordsOffset+uint64(seat)*layout.SeatWordSize)
}

func (b *builder) seat(seat int) *layout.Seat {
	return at[layout.Seat](b.Seats, seatsAt+uint64(seat)*layout.SeatSize)
}

func (b *builder) capsRecord(i int) *layout.CapsRecord {
	return at[layout.CapsRecord](b.Pool, b.header.CapsOffset+uint64(i)*layout.CapsRecordSize)
}

// caps writes caps record i.
func (b *builder) caps(i int, version uint64, text string) {
	c := b.capsRecord(i)
	c.Version.Store(version)
	c.Length = uint32(len(text))
	copy(c.Text[:], text)
}

// tags adds tags to caps record i.
func (b *builder) tags(i int, records []byte) {
	c := b.capsRecord(i)
	c.TagsLength = uint32(len(records))
	copy(c.Tags[:], records)
}

// meta writes the metadata of the frame that is published in a slot next. It returns what to change in the slot's record.
func (b *builder) meta(slot int, records []byte) func(*layout.SlotRecord) {
	copy(b.Pool[b.header.MetaOffset+uint64(slot)*metaSize:][:metaSize], records)
	return func(r *layout.SlotRecord) { r.MetaLength = uint32(len(records)) }
}

// publish puts the next frame into a slot. The record's first fields are those of a frame
// without times; change may set others.
func (b *builder) publish(slot, caps int, data string, change func(*layout.SlotRecord)) {
	sequence := b.header.Head.Load() + 1
	r := b.record(slot)
	r.Stream = b.header.Ended.Load()
	r.CapsIndex = uint32(caps)
	r.CapsVersion = b.capsRecord(caps).Version.Load()
	r.Size = uint64(len(data))
	r.PTS, r.DTS, r.Duration, r.CaptureTime = layout.NoTime, layout.NoTime, layout.NoTime, layout.NoTime
	r.Offset, r.OffsetEnd = layout.NoTime, layout.NoTime
	r.PublishTime.Store(1_000_000_000 + sequence*33_333_333)
	r.Dropped = b.header.Dropped.Load()
	r.Flags, r.MetaLength, r.PlaneCount = 0, 0, 0
	r.PlaneStride, r.PlaneOffset = [4]int32{}, [4]uint64{}
	if change != nil {
		change(r)
	}
	page := b.Pool[b.header.SlotsOffset+uint64(slot)*layout.PageSize:][:layout.PageSize]
	clear(page)
	copy(page, data)
	r.Sequence.Store(sequence)
	b.ring(sequence, slot)
	b.header.Head.Store(sequence)
	b.header.Bell.Add(1)
}

func (b *builder) ring(sequence uint64, slot int) {
	word := at[uint64](b.Pool, b.header.RingOffset+sequence%uint64(b.header.RingLength)*layout.RingWordSize)
	*word = layout.PackRing(sequence, slot)
}

// end ends the stream (steps E1 to E3).
func (b *builder) end() {
	b.header.Ended.Store(b.header.Head.Load() + 1)
	b.header.Bell.Add(1)
}

// sit seats a reader that asked for at most so many pins and at least one, and was
// granted them all.
func (b *builder) sit(seat int, state uint32, generation uint32, cursor uint64, pins uint32) *layout.Seat {
	s := b.seat(seat)
	s.Generation.Store(generation)
	s.State.Store(state)
	s.Cursor.Store(cursor)
	s.Asked.Store(layout.PackAsked(int(pins), 1))
	s.PID.Store(5000 + uint32(seat))
	b.word(seat).Granted.Store(layout.PackGrant(generation, pins))
	return s
}
