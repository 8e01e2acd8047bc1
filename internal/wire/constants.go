package wire

// Versions of the messages. A peer with another major is refused; a higher minor only adds what may be
// passed by.
const (
	VersionMajor = 1
	VersionMinor = 0
)

// Magic numbers: the first eight bytes of each message.
const (
	HelloMagic  uint64 = 'B' | 'I'<<8 | 'P'<<16 | 'S'<<24 | 'H'<<32 | 'E'<<40 | 'L'<<48 | 'O'<<56 // "BIPSHELO"
	RefuseMagic uint64 = 'B' | 'I'<<8 | 'P'<<16 | 'S'<<24 | 'R'<<32 | 'E'<<40 | 'F'<<48 | 'U'<<56 // "BIPSREFU"
	GrantMagic  uint64 = 'B' | 'I'<<8 | 'P'<<16 | 'S'<<24 | 'G'<<32 | 'R'<<40 | 'N'<<48 | 'T'<<56 // "BIPSGRNT"
	ReadyMagic  uint64 = 'B' | 'I'<<8 | 'P'<<16 | 'S'<<24 | 'R'<<32 | 'E'<<40 | 'D'<<48 | 'Y'<<56 // "BIPSREDY"
	SitsMagic   uint64 = 'B' | 'I'<<8 | 'P'<<16 | 'S'<<24 | 'S'<<32 | 'I'<<40 | 'T'<<48 | 'S'<<56 // "BIPSSITS"
	MoveMagic   uint64 = 'B' | 'I'<<8 | 'P'<<16 | 'S'<<24 | 'M'<<32 | 'O'<<40 | 'V'<<48 | 'E'<<56 // "BIPSMOVE"
	KnockMagic  uint64 = 'B' | 'I'<<8 | 'P'<<16 | 'S'<<24 | 'K'<<32 | 'N'<<40 | 'O'<<48 | 'K'<<56 // "BIPSKNOK"
)

// Sizes in bytes.
const (
	MaxSize     = 512 // a longer message is malformed
	HeadSize    = 16  // of Head
	HelloSize   = 64  // of Hello
	RefuseSize  = 32  // of Refuse, its text apart
	GrantSize   = 96  // of Grant
	ReadySize   = 32  // of Ready
	SitsSize    = 32  // of Sits
	MoveSize    = 96  // of Move
	MaxText     = 448 // of Refuse's text
	ProgramSize = 16  // of Hello.Program
)

// Descriptors is how many file descriptors come with Grant and with Move: the pool's, then the
// seat's. The other messages have none.
const Descriptors = 2

// Modes of a reader (Hello.Mode).
const (
	ModeLatest uint32 = 1 // it wants the newest frame
	ModeEvery  uint32 = 2 // it wants every frame
)

// Reasons of a refusal (Refuse.Code). One that is not known here is handled by Refuse.Again and the text.
const (
	SeatsTaken   Code = 1 // all seats are taken
	SlotsTaken   Code = 2 // fewer slots are left than the reader wants at least
	OtherVersion Code = 3 // the reader has another version, or lacks a feature that the pool needs
	NotAllowed   Code = 4 // the reader may not read this pool
	TooBusy      Code = 5 // too many readers come at once
	BadMessage   Code = 6 // the reader's message is malformed, or not the one that is due
	NoResources  Code = 7 // the producer is out of descriptors or of memory
	Closing      Code = 8 // the producer ends
)

// A Code is the reason of a refusal.
type Code uint32
