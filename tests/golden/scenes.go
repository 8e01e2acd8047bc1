package golden

import "github.com/bips-ipc/bips/internal/layout"

// Scene is a golden pool that is in order.
type Scene struct {
	Name  string
	About string // what it shows, for the JSON
	Segments
}

const (
	rawCaps  = "video/x-raw, format=(string)NV12, width=(int)4, height=(int)4, framerate=(fraction)30/1"
	h264Caps = "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au"
)

// deltaUnit is GST_BUFFER_FLAG_DELTA_UNIT.
const deltaUnit = 1 << 13

// Scenes builds all pools that are in order.
func Scenes() []Scene {
	var all []Scene
	add := func(name, about string, b *builder) { all = append(all, Scene{name, about, b.Segments}) }
	add("empty", "A producer that has published nothing yet.", newPool(2))
	add("frames", "Two frames of raw video with all of their times. The first lies in planes of its own layout.", frames())
	add("overwritten", "Slot 0 was used again: the caps changed from one stream to the next, and frames 1 and 2 are gone.", overwritten())
	add("being-written", "Slot 0 is being written anew: its record is invalid, and the ring still names frame 1 there.", beingWritten())
	add("ended", "A stream of two frames has ended, and the producer lives.", ended())
	add("next-stream", "A stream of one frame has ended, and the next stream has its first frame.", nextStream())
	add("closed", "The producer ended its stream and closed the pool.", closed())
	add("closed-without-end", "The producer closed the pool without ending its stream: its readers have lost it.", closedWithoutEnd())
	add("moved", "The old pool of a move: what it has is still read, then readers follow the name.", moved())
	add("after-move", "The new pool of that move: one frame was published in it, and two places are kept for readers of the old one.", afterMove())
	add("metadata", "The first frame has metadata, the second one has none; tags go with the caps of both. records.json has more records.", metadata())
	add("readers", "A seat in each state, with grants, pins and a demotion.", readers())
	return all
}

// withCaps is a pool with the caps of raw video in record 0.
func withCaps(slots int) *builder {
	b := newPool(slots)
	b.caps(0, 1, rawCaps)
	return b
}

func frames() *builder { return framesIn(2) }

func framesIn(slots int) *builder {
	b := withCaps(slots)
	b.header.Latency.Store(33_333_333)
	b.publish(0, 0, "YYYYYYYYYYYYYYYYUVUVUVUV", func(r *layout.SlotRecord) {
		r.PTS, r.DTS, r.Duration, r.CaptureTime = 0, 0, 33_333_333, 1_000_000_000
		r.Offset, r.OffsetEnd = 0, 1
		r.PlaneCount, r.PlaneStride, r.PlaneOffset = 2, [4]int32{4, 4}, [4]uint64{0, 16}
	})
	b.publish(1, 0, "yyyyyyyyyyyyyyyyuvuvuvuv", func(r *layout.SlotRecord) {
		r.PTS, r.DTS, r.Duration, r.CaptureTime = 33_333_333, 33_333_333, 33_333_333, 1_033_333_333
		r.Offset, r.OffsetEnd, r.Flags = 1, 2, deltaUnit
	})
	return b
}

func overwritten() *builder {
	b := frames()
	b.end()
	b.caps(1, 2, h264Caps)
	b.header.Dropped.Store(5)
	b.publish(0, 1, "key", nil)
	b.publish(1, 1, "delta", func(r *layout.SlotRecord) { r.Flags = deltaUnit })
	return b
}

func beingWritten() *builder {
	b := frames()
	b.record(0).Sequence.Store(0)
	return b
}

func ended() *builder {
	b := frames()
	b.end()
	return b
}

func nextStream() *builder {
	b := withCaps(2)
	b.publish(0, 0, "last of the first stream", nil)
	b.end()
	b.publish(1, 0, "first of the second", nil)
	return b
}

func closed() *builder {
	b := ended()
	b.header.State.Store(layout.StateClosed)
	return b
}

func closedWithoutEnd() *builder {
	b := frames()
	b.header.State.Store(layout.StateClosed)
	return b
}

// moved has a reader of each frame that has yet to read frame 2, and one of the latest.
func moved() *builder {
	b := framesIn(6)
	b.sit(0, layout.SeatEvery, 1, 2, 1)
	b.sit(1, layout.SeatLatest, 3, 3, 1)
	b.header.State.Store(layout.StateMoved)
	return b
}

func afterMove() *builder {
	b := newPool(6)
	b.header.Move, b.door.Move = 1, 1
	b.header.First = 3
	b.header.Head.Store(2)
	b.caps(0, 3, rawCaps)
	for i, generation := range []uint32{1, 3} {
		b.seat(i).Generation.Store(generation)
		b.word(i).Granted.Store(layout.PackGrant(generation, 1))
		b.word(i).Reserved.Store(layout.PackReserved(generation, i == 0))
	}
	b.publish(0, 0, "in the new pool", nil)
	return b
}

// metadata has a detection in its first frame.
func metadata() *builder {
	b := withCaps(2)
	b.tags(0, titleRecord)
	b.publish(0, 0, "with metadata", b.meta(0, detectionRecord))
	b.publish(1, 0, "without", nil)
	return b
}

// readers fills the room of 8 pins that a pool of 12 slots has: reader 5 is refused.
func readers() *builder {
	b := framesIn(12)
	latest := b.sit(1, layout.SeatLatest, 1, 3, 3)
	latest.Pins.Store(1 << 1)
	latest.Received.Store(1)
	latest.Skipped.Store(1)
	every := b.sit(2, layout.SeatEvery, 7, 2, 1)
	every.Pins.Store(1 << 0)
	every.Waiting.Store(1)
	every.KeyFrames.Store(2)
	every.Received.Store(1)
	b.sit(3, layout.SeatSuspended, 2, 2, 1)
	b.sit(4, layout.SeatDraining, 4, 3, 1).Pins.Store(1 << 1)
	asking := b.sit(5, layout.SeatAsking, 1, 0, 0)
	asking.Asked.Store(layout.PackAsked(6, 1))
	b.sit(6, layout.SeatJoining, 1, 3, 1)
	b.sit(7, layout.SeatEvery, 9, 1, 1).Lost.Store(3)
	b.word(7).Verdict.Store(layout.PackVerdict(9, layout.VerdictDemoted))
	b.header.ProducerWaiting.Store(1)
	b.door.Knock.Store(1)
	return b
}
