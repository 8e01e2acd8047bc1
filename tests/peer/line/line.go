// Package line is the language that peers speak, as tests/peer/README.md specifies it:
// the lines in and out, the names of errors, and what a frame's payload is.
package line

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
)

// An Order is one line that a driver writes to a peer. Fields that the order does not
// use are left out.
type Order struct {
	Do        string  `json:"do"`
	On        bool    `json:"on,omitempty"`        // flush, block
	Timeout   int64   `json:"timeout,omitempty"`   // us; -1: for ever
	Consumers int     `json:"consumers,omitempty"` // await
	Caps      string  `json:"caps,omitempty"`      // caps
	Tags      string  `json:"tags,omitempty"`      // tags: hex digits
	Latency   int64   `json:"latency,omitempty"`   // latency: ns; -1: unknown
	Size      int     `json:"size,omitempty"`      // frame: bytes; grow: of a slot
	Info      *Record `json:"info,omitempty"`      // frame: what travels with it
	Hold      uint64  `json:"hold,omitempty"`      // release, sum, records: the number of the hold
	MaxAge    int64   `json:"max_age,omitempty"`   // max-age: us
	Meta      string  `json:"meta,omitempty"`      // records: hex digits
	Of        string  `json:"of,omitempty"`        // records, with hold: OfMeta or OfTags
}

// Words of Order.Do.
const (
	DoPause   = "pause"     // stop working; answered when it has stopped
	DoGo      = "go"        // work on; gives back what hold took
	DoClose   = "close"     // give everything back and close; the last order
	DoStats   = "stats"     //
	DoFlush   = "flush"     // SetFlushing
	DoEnd     = "end"       // producer: end of stream
	DoHold    = "hold"      // producer: take every slot but the newest frame's
	DoAwait   = "await"     // producer: wait for consumers
	DoCaps    = "caps"      // producer
	DoTags    = "tags"      // producer
	DoLatency = "latency"   // producer
	DoFrame   = "frame"     // producer: publish one
	DoGrow    = "grow"      // producer: move to larger slots
	DoSuspend = "suspend"   // consumer
	DoResume  = "resume"    // consumer
	DoBlock   = "block"     // consumer: SetBlocking
	DoPull    = "pull"      // consumer: pull one frame and hold it
	DoRelease = "release"   // consumer: give one back
	DoPool    = "pool"      // consumer: which pool it is attached to
	DoKeys    = "key-frame" // consumer: ask for a key frame
	DoMaxAge  = "max-age"   // consumer: SetMaxAge
	DoSum     = "sum"       // consumer: the bytes of a frame that is held
	DoDrop    = "drop"      // producer: a frame that is not published
	DoRecords = "records"   // read metadata, and write them again
)

// Words of Order.Of.
const (
	OfMeta = "meta"
	OfTags = "tags"
)

// A Line is one line that a peer writes. Fields that the event does not use, and those
// that are 0, false or empty, are left out.
type Line struct {
	Event string `json:"event"`

	Order string `json:"order,omitempty"` // done: which order this answers
	Error string `json:"error,omitempty"` // a name of errors.go; "": none
	Text  string `json:"text,omitempty"`  // for people

	Sequence  uint64  `json:"sequence,omitempty"`
	Dropped   uint64  `json:"dropped,omitempty"`    // frames dropped before it, as its payload says
	Skipped   uint64  `json:"skipped,omitempty"`    // before this frame, or in all
	Lost      uint64  `json:"lost,omitempty"`       // before this frame, or in all
	Demoted   uint64  `json:"demoted,omitempty"`    // so far
	Discont   bool    `json:"discont,omitempty"`    // the frame does not follow the one before it
	Unwaited  bool    `json:"unwaited,omitempty"`   // the producer does not wait for this reader of every frame now
	Instance  string  `json:"instance,omitempty"`   // 16 hex digits
	Token     string  `json:"token,omitempty"`      // 16 hex digits
	Slots     int     `json:"slots,omitempty"`      // of the pool, or taken
	What      string  `json:"what,omitempty"`       // wrong: whole, held, counters, leak, call
	Hold      uint64  `json:"hold,omitempty"`       // number by which a pulled frame is released
	Published uint64  `json:"published,omitempty"`  // in all
	Received  uint64  `json:"received,omitempty"`   // in all
	Lent      int     `json:"lent,omitempty"`       // slots, now
	Size      int     `json:"size,omitempty"`       // moved, pool: of a slot, in bytes
	Held      int     `json:"held,omitempty"`       // frames, now
	Consumers int     `json:"consumers,omitempty"`  // seats taken, now
	Reclaimed uint64  `json:"reclaimed,omitempty"`  // seats, in all
	Moves     uint64  `json:"moves,omitempty"`      // in all: to new pools of the same run
	KeyFrames uint64  `json:"key_frames,omitempty"` // producer: times that it was asked for one
	Drops     uint64  `json:"drops,omitempty"`      // producer: times that a call said dropped
	SHA256    string  `json:"sha256,omitempty"`     // of the bytes of a frame that was ordered, or is held
	Quota     int     `json:"quota,omitempty"`      // frames that a consumer may hold
	Instances uint64  `json:"instances,omitempty"`  // that a consumer attached to, in all
	Info      *Record `json:"info,omitempty"`       // of a frame, with --detail

	Records *json.RawMessage `json:"records,omitempty"` // what metadata say: a list, as in tests/golden/segments/records.json
	Meta    string           `json:"meta,omitempty"`    // the same records, written again: hex digits
}

// Words of Line.Event.
const (
	Ready     = "ready"     // villain: it is at it
	Opened    = "opened"    // producer: it has its pool; consumer: it joins anew
	Published = "published" // producer: a frame
	Ended     = "ended"     // producer: its stream
	Moved     = "moved"     // producer: it has moved to larger slots
	Renamed   = "renamed"   // producer: its names were deleted, and it has made them again
	GaveWay   = "gave-way"  // producer: its names were deleted, and another one took them
	Closed    = "closed"    // producer: its pool; consumer: it has left
	Instance  = "instance"  // consumer: the frames that follow are another producer's
	Frame     = "frame"     // consumer: it has got one
	End       = "end"       // consumer: the end of a stream
	Lost      = "lost"      // consumer: the producer is lost
	Stalled   = "stalled"   // consumer: no frame came for --stall-timeout, and the producer lives
	Full      = "full"      // consumer: the pool is full
	Suspended = "suspended" // consumer: it was suspended, and goes on now
	Unblocked = "unblocked" // consumer: the producer no longer waits for it, as it wished
	Wrong     = "wrong"     // a property does not hold
	Done      = "done"      // an order was carried out
	Left      = "left"      // all is closed; the peer waits for the end of its input
)

// Words of Line.What.
const (
	WrongWhole = "whole" // a frame is not what a producer wrote
	WrongHeld  = "held"  // it changed while it was held
	WrongCall  = "call"  // a call ended with an error that it must not end with
)

// A Record is what travels with a frame. Times are in ns; -1: unknown.
type Record struct {
	Size      int      `json:"size"`
	PTS       int64    `json:"pts"`
	DTS       int64    `json:"dts"`
	Duration  int64    `json:"duration"`
	Capture   int64    `json:"capture"`
	Offset    string   `json:"offset"`     // 16 hex digits
	OffsetEnd string   `json:"offset_end"` // 16 hex digits
	Flags     uint32   `json:"flags"`
	Strides   []int32  `json:"strides,omitempty"`
	Offsets   []uint64 `json:"offsets,omitempty"` // of the planes
	Meta      string   `json:"meta,omitempty"`    // hex digits
	Caps      string   `json:"caps,omitempty"`
	Tags      string   `json:"tags,omitempty"` // hex digits
	Latency   int64    `json:"latency"`
	Published int64    `json:"published"`        // on the clock that all processes share
	SHA256    string   `json:"sha256,omitempty"` // of the bytes
	Mode      string   `json:"mode,omitempty"`   // how it was read: latest or every
	Blocking  bool     `json:"blocking,omitempty"`
	Behind    uint64   `json:"behind,omitempty"` // newer frames that there were when it came
}

// Encode is a line as it is written, with its end.
func (l *Line) Encode() []byte {
	text, err := json.Marshal(l)
	if err != nil {
		panic(err) // it has nothing that cannot be encoded
	}
	return append(text, '\n')
}

// Hex is how numbers are written that need all 64 bits.
func Hex(n uint64) string { return fmt.Sprintf("%016x", n) }

// ParseHex is the reverse of Hex; "" is 0.
func ParseHex(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	return strconv.ParseUint(text, 16, 64)
}

// Sum is the SHA-256 of bytes in hex digits.
func Sum(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }
