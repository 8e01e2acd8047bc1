package bips

import (
	"time"

	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/internal/sys"
)

// MaxPlanes is how many planes the layout of a raw video frame can have.
const MaxPlanes = 4

// Planes says where the planes of a raw video frame lie in its bytes. Count 0
// means the default layout that follows from the caps.
type Planes struct {
	Count  int               // 0 to MaxPlanes
	Stride [MaxPlanes]int32  // bytes from one row to the next; of tiled formats as in GstVideoMeta
	Offset [MaxPlanes]uint64 // bytes from the start of the frame to the plane's first row
}

// FrameInfo is what travels with a frame besides its bytes and its caps.
type FrameInfo struct {
	// Size is how many bytes of the slot are used.
	Size int
	// PTS, DTS and Duration are those of the producer's stream.
	PTS, DTS, Duration Time
	// CaptureTime is when the frame was captured, on CLOCK_MONOTONIC, which
	// all processes of a machine share.
	CaptureTime Time
	// Offset and OffsetEnd are those of a GstBuffer. Their meaning is the stream's own.
	Offset, OffsetEnd uint64
	// Flags are those of a GstBuffer. The library passes them on unread.
	Flags uint32
	// Planes is the layout where it is not the default one.
	Planes Planes
	// Meta is what is known of the frame: detections, times on other clocks, crop, and more. Package
	// meta reads and writes it; nobody else looks at it. It has at most [Producer.MetaSize] bytes. In a [Frame] it
	// lies in the pool, like Data.
	Meta meta.Records
}

// Frame is a published slot as a consumer sees it, pinned: while it is held
// nobody writes to it.
//
// Data and Meta are the pool's own memory, mapped read-only: writing to them is
// a fault. They are valid until the frame is given back with [Consumer.Push] or
// [Lease.Release], and not after.
type Frame struct {
	FrameInfo
	// Data is the frame's bytes, FrameInfo.Size of them.
	Data []byte
	// Caps describes the bytes in GStreamer's notation. It is the same string, not
	// only an equal one, for as long as the producer does not change it.
	Caps string
	// Tags are those of the stream, of type meta.Tags; nil: none. They are a private copy that all frames with the same tags
	// share, and not to be written to.
	Tags meta.Records
	// Sequence counts the entries of one instance of a pool, from 1.
	Sequence uint64
	// Instance is the random id of the producer's run that made the frame.
	Instance uint64
	// PublishTime is when the producer pushed it, on CLOCK_MONOTONIC.
	PublishTime time.Duration
	// Discontinuity says that the frame does not follow the previous one: it is the
	// first of a pool, the first after [Consumer.Resume], or frames are missing before it.
	Discontinuity bool
	// Lost is how many frames before this one were wanted and not given: dropped by the producer,
	// or, in mode [Every], missed while it did not wait for this consumer.
	Lost uint64
	// Skipped is how many frames mode [Latest] passed by to reach this one.
	Skipped uint64
	// Mode is how the frame was read, [Latest] or [Every].
	Mode Mode
	// Blocking says that the producer waits for this consumer, as it does in mode [Every] as long
	// as the consumer is not demoted and [Consumer.SetBlocking] lets it.
	Blocking bool
	// Behind is how many newer entries the pool had when this one was delivered.
	Behind uint64
	// Latency is that of what comes before the producer, as [Producer.SetLatency] said it
	// last; unknown if the producer's source is not live.
	Latency Time

	lease Lease
}

// Lease returns the frame's pin as a small value that is easier to keep than the frame.
func (f *Frame) Lease() Lease { return f.lease }

// Age returns how long ago the frame was published, on CLOCK_MONOTONIC. Less than 0 by more than a
// moment, the producer is in another time namespace, and its times mean nothing here.
func (f *Frame) Age() time.Duration { return sys.Monotonic() - f.PublishTime }

// Slot is an empty buffer of a pool, lent to the caller until [Producer.Push] or
// [Producer.Return].
type Slot struct {
	// Data is the slot's whole memory, [Producer.SlotSize] bytes, page-aligned.
	// What it holds is left over from an older frame.
	Data []byte

	own   *ownPool
	index int
	loan  uint64 // which lending of the slot this is: a stale Slot is an error, not a torn frame
}

// Index returns the slot's number in its pool, from 0. Slots of the pools before and after a move have the same numbers.
func (s Slot) Index() int { return s.index }
