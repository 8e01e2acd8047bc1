package golden

import (
	"encoding/binary"
	"encoding/hex"
	"reflect"

	"github.com/bips-ipc/bips/internal/layout"
)

// Damage is a golden pool with a few bytes changed, and what a reader makes of it.
type Damage struct {
	Name    string `json:"name"`
	Of      string `json:"of"`      // the scene that is damaged
	Segment string `json:"segment"` // "pool" or "seats"
	Offset  uint64 `json:"offset"`
	Bytes   string `json:"bytes,omitempty"` // hex, written at Offset; none: the file ends at Offset
	// Error is how a reader ends: "damaged" or "version". "" is a hint that leads nowhere:
	// the reader goes on with the frames that are left.
	Error  string   `json:"error"`
	Frames []uint64 `json:"frames,omitempty"` // then: their sequences
}

// Apply returns the segments with the damage done to them.
func (d *Damage) Apply(s Segments) (Segments, error) {
	bytes, err := hex.DecodeString(d.Bytes)
	if err != nil {
		return s, err
	}
	change := func(memory []byte) []byte {
		fresh := segmentOf(uint64(len(memory)))
		copy(fresh, memory)
		if len(bytes) == 0 {
			return fresh[:d.Offset]
		}
		copy(fresh[d.Offset:], bytes)
		return fresh
	}
	if d.Segment == "pool" {
		s.Pool = change(s.Pool)
	} else {
		s.Seats = change(s.Seats)
	}
	return s, nil
}

// Damages lists them all, each of one field of the scene "frames".
func Damages() []Damage {
	b := frames()
	h := b.header
	var all []Damage
	add := func(name, segment string, offset uint64, value any, wrong string, left ...uint64) {
		var bytes []byte
		if value != nil {
			bytes, _ = binary.Append(nil, binary.LittleEndian, value)
		}
		all = append(all, Damage{name, "frames", segment, offset, hex.EncodeToString(bytes), wrong, left})
	}
	pool := func(field string, value any, wrong string, left ...uint64) {
		add("pool: "+field, "pool", offsetOf[layout.PoolHeader](field), value, wrong, left...)
	}
	pool("Magic", uint64(0), "damaged")
	pool("VersionMajor", uint16(layout.VersionMajor+1), "version")
	pool("VersionMinor", uint16(layout.VersionMinor+7), "", 1, 2)
	pool("Required", uint64(1)<<63, "version")
	pool("Optional", uint64(1)<<63, "", 1, 2)
	pool("Instance", uint64(0), "damaged")
	pool("SegmentSize", h.SegmentSize+1, "damaged")
	pool("SlotSize", h.SlotStride+1, "damaged")
	pool("SlotStride", uint64(100), "damaged")
	pool("SlotsOffset", h.SlotsOffset+layout.PageSize, "damaged")
	pool("SlotCount", uint32(1), "damaged")
	pool("RingLength", uint32(3), "damaged")
	pool("RingOffset", uint64(8), "damaged")
	pool("RecordsOffset", ^uint64(7), "damaged")
	pool("SeatWordsOffset", h.SegmentSize, "damaged")
	pool("CapsOffset", h.CapsOffset+4, "damaged")
	pool("MetaOffset", h.SegmentSize-8, "damaged")
	pool("RecordSize", uint32(layout.SlotRecordSize-8), "damaged")
	pool("SeatWordSize", uint32(0), "damaged")
	pool("CapsSize", uint32(layout.CapsRecordSize-8), "damaged")
	pool("MetaSize", uint32(layout.MaxMetaSize+8), "damaged")
	pool("CapsCount", uint32(0), "damaged")
	pool("SeatCount", uint32(layout.MaxSeats+1), "damaged")
	pool("State", uint32(0), "damaged")
	pool("Ended", uint64(4), "damaged")
	add("pool: cut in its header", "pool", 1000, nil, "damaged")
	add("pool: cut in its slots", "pool", h.SlotsOffset+1, nil, "damaged")

	add("ring: frame 2 in slot 9", "pool", h.RingOffset+2%2*layout.RingWordSize, layout.PackRing(2, 9), "", 1)
	add("ring: another sequence", "pool", h.RingOffset+2%2*layout.RingWordSize, layout.PackRing(4, 1), "", 1)
	record := func(field string, value any, wrong string, left ...uint64) {
		add("record of slot 1: "+field, "pool", h.RecordsOffset+uint64(h.RecordSize)+offsetOf[layout.SlotRecord](field), value, wrong, left...)
	}
	record("Sequence", uint64(0), "", 1)
	record("Stream", uint64(3), "damaged")
	record("CapsIndex", h.CapsCount, "damaged")
	record("CapsVersion", uint64(9), "damaged")
	record("Size", h.SlotSize+1, "damaged")
	record("MetaLength", h.MetaSize+1, "damaged")
	record("PlaneCount", uint32(5), "damaged")
	add("record of slot 0: PlaneOffset", "pool", h.RecordsOffset+offsetOf[layout.SlotRecord]("PlaneOffset")+8, uint64(25), "damaged")
	add("caps 0: Length", "pool", h.CapsOffset+offsetOf[layout.CapsRecord]("Length"), uint32(layout.CapsTextSize+1), "damaged")
	add("caps 0: TagsLength", "pool", h.CapsOffset+offsetOf[layout.CapsRecord]("TagsLength"), uint32(layout.TagsSize+8), "damaged")

	seats := func(field string, value any, wrong string) {
		add("seats: "+field, "seats", offsetOf[layout.SeatHeader](field), value, wrong)
	}
	seats("Magic", uint64(0), "damaged")
	seats("VersionMajor", uint16(layout.VersionMajor+1), "version")
	seats("Instance", uint64(1), "damaged")
	seats("Move", uint32(1), "damaged")
	seats("SeatsOffset", uint64(8), "damaged")
	seats("SeatSize", uint32(8), "damaged")
	seats("SeatCount", uint32(7), "damaged")
	add("seats: cut in its seats", "seats", seatsAt+layout.SeatSize, nil, "damaged")
	return all
}

// offsetOf is where a field of a record lies.
func offsetOf[T any](field string) uint64 {
	f, ok := reflect.TypeFor[T]().FieldByName(field)
	if !ok {
		panic("golden: no field " + field)
	}
	return uint64(f.Offset)
}
