package layout

import (
	"structs"
	"sync/atomic"
)

// PoolHeader is the first page of a pool segment. Fields up to First are written
// before Magic and immutable from then on; the others are written by the
// producer only.
type PoolHeader struct {
	_ structs.HostLayout

	Magic        atomic.Uint64 // PoolMagic; stored last, when all else is in place
	VersionMajor uint16        // another value: not readable
	VersionMinor uint16        // a higher value: readable, with fields that are not known
	HeaderSize   uint32        // bytes of this record
	Required     uint64        // feature bits a reader must know
	Optional     uint64        // feature bits a reader may ignore
	Instance     uint64        // random id of this run of the producer, never 0; a move keeps it
	SegmentSize  uint64        // bytes of the pool segment

	SlotSize    uint64 // bytes of a slot that may be used
	SlotStride  uint64 // bytes from one slot to the next, a multiple of the page size
	SlotsOffset uint64 // bytes from the start of the segment, page-aligned
	SlotCount   uint32 // 2 to 64
	RingLength  uint32 // entries; a power of two, at least SlotCount
	RingOffset  uint64 // of RingLength words

	RecordsOffset   uint64 // of SlotCount slot records
	SeatWordsOffset uint64 // of SeatCount seat words
	CapsOffset      uint64 // of CapsCount caps records
	MetaOffset      uint64 // of SlotCount metadata areas
	RecordSize      uint32 // bytes from one slot record to the next
	SeatWordSize    uint32 // bytes from one seat word to the next
	CapsSize        uint32 // bytes from one caps record to the next
	MetaSize        uint32 // bytes from one metadata area to the next; 0 to MaxMetaSize
	CapsCount       uint32 // SlotCount + 1
	SeatCount       uint32 // 1 to 64
	Backend         uint32 // which backend made the segment: BackendShm, BackendMemfd
	ProducerPID     uint32 // in the producer's PID namespace; for display only
	Move            uint32 // how often the instance has moved: 0, 1, 2, ...
	_               uint32
	First           uint64 // the first sequence that may be in this pool: what is older is in the pool before the move

	_ [512 - 168]byte

	// Who waits for the bell reads the other three next: one cache line is one trip between
	// processors.
	Bell  atomic.Uint32 // futex word: bumped at each publication, end of stream, grant and change of state
	State atomic.Uint32 // StateRunning, StateClosed, StateMoved
	Head  atomic.Uint64 // sequence of the newest frame; 0: none yet
	Ended atomic.Uint64 // Head + 1 at the last end of a stream: the sequence that the next stream begins with; 0: none yet
	_     [40]byte

	Latency atomic.Uint64 // upstream latency of the producer's pipeline, nanoseconds; NoTime: unknown
	Dropped atomic.Uint64 // frames dropped so far: no slot was free, or they did not fit
	_       [48]byte

	ProducerWaiting atomic.Uint32 // 1: the producer sleeps on SeatHeader.Door, or is about to
	_               [4096 - 644]byte
}

// SlotRecord describes a slot and the frame in it. Written by the producer only;
// a consumer reads the fields after Sequence while it holds a validated pin, but for
// PublishTime, which it may also look at to choose a slot.
type SlotRecord struct {
	_ structs.HostLayout

	Sequence    atomic.Uint64 // of the frame in the slot; 0: none, or being written
	Stream      uint64        // PoolHeader.Ended at publication: tells one stream from the next
	CapsVersion uint64        // version which that record must have
	Size        uint64        // bytes used
	PTS         uint64        // nanoseconds; NoTime: unknown
	DTS         uint64        // nanoseconds; NoTime: unknown
	Duration    uint64        // nanoseconds; NoTime: unknown
	CaptureTime uint64        // CLOCK_MONOTONIC nanoseconds; NoTime: unknown
	PublishTime atomic.Uint64 // CLOCK_MONOTONIC nanoseconds; a hint without a pin
	Offset      uint64        // the stream's own
	OffsetEnd   uint64        // the stream's own
	Dropped     uint64        // PoolHeader.Dropped at publication
	Flags       uint32        // of the GstBuffer
	MetaLength  uint32        // bytes used of the slot's metadata area

	PlaneCount  uint32    // 0: default layout
	CapsIndex   uint32    // caps record of the frame
	PlaneStride [4]int32  // bytes from row to row
	PlaneOffset [4]uint64 // bytes from the start of the slot
	_           [192 - 160]byte
}

// SeatWord is what the producer says of a seat. Written by the producer only.
type SeatWord struct {
	_ structs.HostLayout

	Verdict  atomic.Uint64 // PackVerdict: the generation judged, and VerdictDemoted; 0: none
	Granted  atomic.Uint64 // PackGrant: the generation that asked, and the pins it may have, 0: refused; 0 in all: no grant
	Reserved atomic.Uint64 // PackReserved: whose place this is after a move, and whether its frames are kept; 0: the seat is open to all
	_        [40]byte
}

// CapsRecord holds caps and the tags that go with them.
type CapsRecord struct {
	_ structs.HostLayout

	Version    atomic.Uint64      // 0: empty; changes with the text and with the tags
	Length     uint32             // bytes of text
	TagsLength uint32             // bytes of Tags that are used; 0: no tags
	Text       [CapsTextSize]byte // UTF-8, not terminated
	Tags       [TagsSize]byte     // metadata records of type MetaTags
}
