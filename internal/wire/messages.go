package wire

import "structs"

// Head is what each message begins with.
type Head struct {
	_ structs.HostLayout

	Magic        uint64 // which message it is
	VersionMajor uint16 // VersionMajor; another: the rest is not readable
	VersionMinor uint16 // VersionMinor; a higher value: readable, with fields that are not known
	Size         uint32 // bytes of the whole message
}

// Hello is the reader's first message. It asks for a seat.
type Hello struct {
	_ structs.HostLayout

	Head
	Known       uint64            // feature bits that the reader knows: PoolHeader.Required may have these
	LayoutMajor uint16            // version of the memory's layout that the reader knows
	LayoutMinor uint16            // of which it knows the fields
	Mode        uint32            // ModeLatest, ModeEvery
	Wanted      uint32            // frames it wants to hold at once: 1 to 63
	Least       uint32            // frames it needs at least: 1 to Wanted
	_           uint32            // reserved
	PID         uint32            // in the reader's PID namespace; for display only
	Program     [ProgramSize]byte // name of the reader's program, UTF-8, filled up with 0; for display only
}

// Refuse is the producer's answer to a Hello that it does not grant; it closes the connection. The text
// follows.
type Refuse struct {
	_ structs.HostLayout

	Head
	Code       Code   // why
	Again      uint32 // milliseconds after which it is worth to ask again; 0: only when something has changed
	TextLength uint32 // bytes of the text, UTF-8, for the user: 0 to 448
	_          uint32 // reserved
}

// Grant is the producer's answer to a Hello. Two descriptors come with it, the pool's and the
// seat's.
type Grant struct {
	_ structs.HostLayout

	Head
	Instance     uint64   // PoolHeader.Instance of the pool
	PoolSize     uint64   // bytes of the pool segment
	SeatSize     uint64   // bytes of the seat segment
	Seat         uint32   // index of the seat's word in the pool segment: 0 to 63
	Generation   uint32   // of the seat; never 0
	Granted      uint32   // frames the reader may hold at once: 1 to 63
	Descriptors  uint32   // that came with the message: 2
	Required     uint64   // PoolHeader.Required of the pool
	SlotsForMost uint32   // slots that the pool would need to grant what Hello wanted; 0: it is granted, or no pool has so many; for display only
	_            [28]byte // reserved
}

// Ready is the reader's answer to Grant and to Move: it has mapped both segments.
type Ready struct {
	_ structs.HostLayout

	Head
	Instance uint64 // as granted
	Seat     uint32 // as granted
	_        uint32 // reserved
}

// Sits is the producer's answer to Ready: the seat counts from now on.
type Sits struct {
	_ structs.HostLayout

	Head
	Instance uint64 // as granted
	Seat     uint32 // as granted
	_        uint32 // reserved
}

// Move tells a reader that its seat is in another pool now. Two descriptors come with it, the next
// pool's and the next seat's.
type Move struct {
	_ structs.HostLayout

	Head
	Instance    uint64   // PoolHeader.Instance of the next pool
	PoolSize    uint64   // bytes of its pool segment
	SeatSize    uint64   // bytes of its seat segment
	Seat        uint32   // index of the seat's word in the next pool segment: 0 to 63
	Generation  uint32   // of the seat; never 0
	Granted     uint32   // frames the reader may hold at once: 1 to 63
	Descriptors uint32   // that came with the message: 2
	Required    uint64   // PoolHeader.Required of the next pool
	Left        uint64   // PoolHeader.Instance of the pool that is left
	First       uint64   // PoolHeader.First of the next pool
	_           [16]byte // reserved
}

// Knock asks the producer to look at the reader's seat.
type Knock struct {
	_ structs.HostLayout

	Head
}
