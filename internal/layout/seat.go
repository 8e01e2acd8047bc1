package layout

import (
	"structs"
	"sync/atomic"
)

// SeatHeader is the first page of a seat segment. Fields up to Move are
// written by the producer before Magic and immutable from then on.
type SeatHeader struct {
	_ structs.HostLayout

	Magic        atomic.Uint64 // SeatMagic; stored last
	VersionMajor uint16        // as in PoolHeader
	VersionMinor uint16        // as in PoolHeader
	HeaderSize   uint32        // bytes of this record
	Instance     uint64        // the pool segment's
	SegmentSize  uint64        // bytes of the seat segment
	SeatsOffset  uint64        // of SeatCount seats
	SeatSize     uint32        // bytes from one seat to the next
	SeatCount    uint32        // the pool segment's
	Move         uint32        // the pool segment's
	_            [512 - 52]byte

	Door  atomic.Uint32 // futex word: bumped when something that could free a slot changed
	Knock atomic.Uint32 // futex word: bumped when a consumer asks for something; the producer's housekeeper sleeps on it
	_     [4096 - 520]byte
}

// Seat is a consumer's place in a pool. It is written by the consumer that holds
// the seat's lock, and cleared by the producer under that lock.
type Seat struct {
	_ structs.HostLayout

	Generation atomic.Uint32 // counts the seat's holders
	State      atomic.Uint32 // SeatFree, SeatLatest, SeatEvery, SeatSuspended, SeatDraining, SeatAsking, SeatJoining
	Cursor     atomic.Uint64 // next sequence wanted
	Asked      atomic.Uint32 // PackAsked: how many pins the holder asks for, at most and at least
	PID        atomic.Uint32 // in the consumer's PID namespace; for display only
	Pins       atomic.Uint64 // bit i: slot i is being read
	Waiting    atomic.Uint32 // 1: the consumer sleeps on Bell, or is about to
	KeyFrames  atomic.Uint32 // counts the holder's requests for a key frame
	_          [24]byte

	Received atomic.Uint64 // frames delivered
	Skipped  atomic.Uint64 // frames passed by in mode latest
	Lost     atomic.Uint64 // frames wanted and not given
	_        [40]byte
}
