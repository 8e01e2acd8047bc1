package golden

// Meaning is what a pool's segments say: the JSON beside them. Times are nanoseconds;
// null is an unknown time (NoTime).
type Meaning struct {
	About string  `json:"about"`
	Pool  *Pool   `json:"pool,omitempty"`
	Seats []*Seat `json:"seats,omitempty"` // those that are not as a new pool has them
}

// Pool is the pool segment.
type Pool struct {
	Version         string   `json:"version"`  // "4.0"
	Instance        string   `json:"instance"` // 16 hex digits, as in file names
	Move            uint32   `json:"move"`
	First           uint64   `json:"first"`
	Slots           uint32   `json:"slots"`
	SlotSize        uint64   `json:"slot_size"`
	Seats           uint32   `json:"seats"`
	ProducerPID     uint32   `json:"producer_pid"`
	State           string   `json:"state"` // running, closed, moved
	Head            uint64   `json:"head"`
	Ended           uint64   `json:"ended"`
	Latency         *uint64  `json:"latency"`
	Dropped         uint64   `json:"dropped"`
	ProducerWaiting bool     `json:"producer_waiting"`
	Frames          []*Frame `json:"frames"` // those that can be pinned and validated, oldest first
}

// Frame is a frame in a slot.
type Frame struct {
	Sequence    uint64   `json:"sequence"`
	Slot        int      `json:"slot"`
	Stream      uint64   `json:"stream"`
	Caps        string   `json:"caps"`
	Data        string   `json:"data"` // its bytes; golden frames are ASCII
	PTS         *uint64  `json:"pts"`
	DTS         *uint64  `json:"dts"`
	Duration    *uint64  `json:"duration"`
	CaptureTime *uint64  `json:"capture_time"`
	PublishTime uint64   `json:"publish_time"`
	Offset      *uint64  `json:"offset"`
	OffsetEnd   *uint64  `json:"offset_end"`
	Dropped     uint64   `json:"dropped"`
	Flags       uint32   `json:"flags"`
	Planes      []*Plane `json:"planes,omitempty"`
	Tags        string   `json:"tags,omitempty"`     // records, in hex digits
	Metadata    string   `json:"metadata,omitempty"` // likewise
}

// Plane is where one plane of raw video lies in its frame.
type Plane struct {
	Stride int32  `json:"stride"`
	Offset uint64 `json:"offset"`
}

// Seat is a seat with what the producer says of it.
type Seat struct {
	Seat       int    `json:"seat"`
	State      string `json:"state"` // free, latest, every, suspended, draining, asking, joining
	Generation uint32 `json:"generation"`
	Cursor     uint64 `json:"cursor"`
	AskedMost  int    `json:"asked_most"`
	AskedLeast int    `json:"asked_least"`
	PID        uint32 `json:"pid"`
	Pins       []int  `json:"pins,omitempty"` // slots
	Waiting    bool   `json:"waiting"`
	KeyFrames  uint32 `json:"key_frames"`
	Received   uint64 `json:"received"`
	Skipped    uint64 `json:"skipped"`
	Lost       uint64 `json:"lost"`
	// What the producer says of it, each with the generation that is meant.
	Granted  *Granted  `json:"granted,omitempty"`
	Demoted  *uint32   `json:"demoted,omitempty"` // the generation that is demoted
	Reserved *Reserved `json:"reserved,omitempty"`
}

// Granted is how many pins a generation may have; 0: it was refused.
type Granted struct {
	Generation uint32 `json:"generation"`
	Pins       uint32 `json:"pins"`
}

// Reserved is whose place the seat is after a move.
type Reserved struct {
	Generation uint32 `json:"generation"`
	Kept       bool   `json:"kept"` // its frames are kept, too
}
