package bips

import (
	"io/fs"
	"time"
)

// Backend is how a pool's memory is made and found.
type Backend uint32

const (
	// Shm is POSIX shared memory, found by name in /dev/shm or $BIPS_SHM_DIR.
	// Its consumers trust each other.
	Shm Backend = iota
	// Memfd is sealed memory that consumers get over a socket, which has the pool's name in /dev/shm, $BIPS_SHM_DIR, or
	// any folder that this names. No consumer can harm another one, and none needs to write to the folder. Linux 5.1 or later.
	Memfd
)

// Overflow is what a producer does when no slot is free because a consumer of
// mode [Every] is behind.
type Overflow uint32

const (
	// Block waits for the consumer, at most BlockTimeout, then demotes it.
	Block Overflow = iota
	// Drop never waits: the new frame is dropped and counted. Who keeps slots from coming free
	// for BlockTimeout is demoted.
	Drop
)

// Mode is which frames a consumer wants.
type Mode uint32

const (
	// Auto is Latest while the frames stand alone and Every while they depend on one
	// another, as their caps say: [FramesStandAlone].
	Auto Mode = iota
	// Latest gets the newest frame, passes by what it was too slow for, and never
	// holds the producer up. [ConsumerOptions].MaxAge lets it read older frames first.
	Latest
	// Every gets each frame published between its joining and its leaving.
	Every
)

// Limits of a pool, and the defaults of its options.
const (
	MinSlots     = 2
	MaxSlots     = 64
	DefaultSlots = 20

	MaxSeats            = 64
	DefaultMaxConsumers = 16

	DefaultMaxHeld = 3

	// MaxNameLength is in bytes.
	MaxNameLength = 200
	// MaxCapsLength and MaxTagsSize are in bytes.
	MaxCapsLength = 16368
	MaxTagsSize   = 8 << 10

	// MaxMetaSize, and the default of [ProducerOptions].MetaSize, in bytes.
	MaxMetaSize     = 64 << 10
	DefaultMetaSize = 4 << 10
	// NoMeta is the MetaSize of a pool whose frames have no metadata.
	NoMeta = -1

	DefaultPermissions fs.FileMode = 0o600
)

// Forever, given as a timeout, never ends. A timeout of 0 does not wait at all.
const Forever time.Duration = -1

// ProducerOptions are the options of [NewProducer]. The zero value of a field
// means its default.
type ProducerOptions struct {
	Backend Backend
	// Slots is the number of slots, [MinSlots] to [MaxSlots], by default [DefaultSlots].
	Slots int
	// SlotSize is the size of each in bytes. It is required.
	SlotSize int
	// MetaSize is how many bytes of metadata a frame may have, by default [DefaultMetaSize], at most [MaxMetaSize]; it is
	// rounded up to a multiple of 8. [NoMeta]: none.
	MetaSize int
	// Caps are those of the first frames, as [Producer.SetCaps] sets them. Given here, the
	// first consumer knows them before there is a frame.
	Caps string
	// MaxConsumers is the number of seats, at most [MaxSeats], by default [DefaultMaxConsumers].
	MaxConsumers int
	// Permissions say who may attach, by default the own user only (0600). Whoever may
	// read may attach. What nobody means is refused: [CheckPermissions].
	Permissions fs.FileMode
	// Group is the group that Permissions are about, by its number or a name that /etc/group
	// has; by default the one that the system gives new files, which is the process's own.
	Group string
	// Overflow is Block by default.
	Overflow Overflow
	// BlockTimeout is for how long consumers of mode [Every] that are behind may keep all slots
	// from coming free, while one call or several wait for one, before they are demoted: the producer goes on without waiting for them.
	// 0 or [Forever]: for ever. [Producer.SetBlockTimeout] takes 0 as "at once".
	BlockTimeout time.Duration
	// Warn, if not nil, is told what the user should know and no call can return: that the pool's files were deleted and
	// made again ([ErrNamesDeleted]); each second that they cannot be made again yet, and why not; or that another producer took the name ([ErrPoolBusy] too), with which this one ends. It is
	// called from a goroutine of the producer's, which waits for it: it must not call Close.
	Warn func(error)
}

// ConsumerOptions are the options of [NewConsumer]. The zero value of a field
// means its default.
type ConsumerOptions struct {
	// Mode is Auto by default.
	Mode Mode
	// MaxAge makes mode Latest read, of the frames that were not read yet, the oldest that
	// was published at most so long ago, and the newest where there is none. It is for
	// consumers that show frames later than they get them: what comes meanwhile is kept in
	// the pool and not skipped. 0: always the newest. [Consumer.SetMaxAge] changes it.
	MaxAge time.Duration
	// MaxHeld is how many frames the consumer wants to hold at once, by default [DefaultMaxHeld].
	MaxHeld int
	// MinHeld is with how many it is content where the pool has not enough room for
	// MaxHeld; by default MaxHeld. A consumer that is content with less gets at most a third
	// of the room that there is, rounded up, so that others find some too. [Consumer.Quota] is what it was granted.
	MinHeld int
	// Spin is how long Pull looks for a frame that may come at any moment before it sleeps.
	// It lowers the latency and occupies a core meanwhile; at most [MaxSpin]. While frames
	// come at a steady pace, Pull sleeps until shortly before the next one is due, and spins then.
	Spin time.Duration
	// StallTimeout is after how long without a frame Pull returns [ErrStalled], while the
	// producer lives: it hangs, was stopped, or has nothing to publish. 0 or [Forever]: never.
	//
	// Pull says so once for each stall, which the next frame ends, and stays attached. The time
	// counts from the first Pull that finds no frame behind the last one, or behind the joining, and
	// across Pulls that end with [ErrTimeout]. There is no stall where there is no producer, while
	// the consumer is suspended, or from the end of the stream to the first frame of the next. Time in which
	// the consumer's own process was stopped does not count.
	StallTimeout time.Duration
}

// MaxSpin bounds [ConsumerOptions].Spin: spinning longer gains nothing measurable.
const MaxSpin = 100 * time.Microsecond
