package layout

// Magic numbers: the first eight bytes of each segment.
const (
	PoolMagic uint64 = 'B' | 'I'<<8 | 'P'<<16 | 'S'<<24 | 'P'<<32 | 'O'<<40 | 'O'<<48 | 'L'<<56 // "BIPSPOOL"
	SeatMagic uint64 = 'B' | 'I'<<8 | 'P'<<16 | 'S'<<24 | 'S'<<32 | 'E'<<40 | 'A'<<48 | 'T'<<56 // "BIPSSEAT"
)

// Sizes in bytes.
const (
	PageSize       = 4096     // alignment of tables and slots, whatever the machine's pages are
	HeaderSize     = 4096     // of PoolHeader and of SeatHeader
	RingWordSize   = 8        // sequence 48 bits, slot 16, from the top
	SlotRecordSize = 192      // this version's; readers step by the header's
	SeatWordSize   = 64       // likewise
	SeatSize       = 128      // likewise
	CapsRecordSize = 24 << 10 // likewise
	CapsTextOffset = 16       // from the start of a caps record
	CapsTextSize   = 16368    // most bytes of caps
	TagsOffset     = 16 << 10 // from the start of a caps record
	TagsSize       = 8 << 10  // most bytes of tags
	MaxMetaSize    = 64 << 10 // most bytes of a metadata area; readers step by the header's
	MaxSegmentSize = 1 << 46  // a geometry that says more is damaged
	MaxRecordSize  = 1 << 20  // likewise, for one record of a table
)

// Counts.
const (
	MaxSlots = 64 // bits of Seat.Pins
	MaxSeats = 64 // of a pool
)

// NoTime is an unknown time, as GST_CLOCK_TIME_NONE.
const NoTime = ^uint64(0)

// States of a pool (PoolHeader.State).
const (
	StateRunning uint32 = 1 // the producer publishes
	StateClosed  uint32 = 2 // it will publish no more
	StateMoved   uint32 = 3 // it goes on under the same name in another segment
)

// States of a seat (Seat.State).
const (
	SeatFree      uint32 = 0 // nobody reads
	SeatLatest    uint32 = 1 // wants the newest frame
	SeatEvery     uint32 = 2 // wants every frame from Cursor on
	SeatSuspended uint32 = 3 // wants nothing, keeps its pins, will be back
	SeatDraining  uint32 = 4 // wants nothing, keeps its pins, is leaving
	SeatAsking    uint32 = 5 // wants nothing, has no pins, waits for a grant
	SeatJoining   uint32 = 6 // wants every frame from Cursor on, and does not count as a reader yet
)

// Verdicts of the producer on a seat (SeatWord.Verdict).
const (
	VerdictDemoted uint32 = 1 // `every` is no longer honoured: the seat counts as `latest`
)

// Backends (PoolHeader.Backend).
const (
	BackendShm   uint32 = 0 // POSIX shared memory, found by name
	BackendMemfd uint32 = 1 // memory without a name, which the producer hands over through a socket of the pool's name
)

// Bytes that are locked, as open file description locks. They need not exist.
const (
	ProducerLock int64 = 0  // pool segment: its producer, for life
	NameLock     int64 = 0  // lock file: the producer of the name, for life
	SeatLockBase int64 = 64 // seat segment: SeatLockBase + i is seat i's holder
)
