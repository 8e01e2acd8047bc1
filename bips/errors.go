package bips

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// Errors of names, options and use. Wrapped errors carry the pool's name and what to
// do; test for them with errors.Is.
var (
	// ErrName: the pool's name has a character or a length that is not allowed.
	ErrName = errors.New("bad pool name")
	// ErrOption: an option is out of range.
	ErrOption = errors.New("bad option")
	// ErrBackend: the backend is not one of those built in, or the kernel is too old for it.
	ErrBackend = errors.New("no such backend")
	// ErrStale: the slot or frame was given back already, or is another pool's.
	ErrStale = errors.New("slot or frame is not lent to the caller")
	// ErrTooLarge: bytes, caps or metadata exceed what the pool has room for.
	ErrTooLarge = errors.New("too large for the pool")
)

// Errors of making a pool.
var (
	// ErrPoolBusy: another producer is alive on the name.
	ErrPoolBusy = errors.New("another producer is alive on this pool")
	// ErrNamesDeleted: somebody deleted the pool's files while it was in use.
	ErrNamesDeleted = errors.New("the pool's names were deleted")
	// ErrNoSpace: the shared memory has no room for the pool.
	ErrNoSpace = errors.New("not enough shared memory")
)

// Errors of attaching to a pool.
var (
	// ErrNoPool: there is no pool of the name, or its producer is gone. It is
	// [fs.ErrNotExist].
	ErrNoPool = fs.ErrNotExist
	// ErrPoolFull: no seat is free, or the pool has fewer slots left for readers than MinHeld.
	ErrPoolFull = errors.New("pool full")
	// ErrNoAnswer: the producer has not said yet whether the consumer may read: most likely it is stopped or hangs. It comes
	// with [ErrTimeout], and the next Pull goes on waiting for the answer.
	ErrNoAnswer = errors.New("the producer does not answer")
	// ErrSuspended: [Consumer.Suspend] is in force. It comes with [ErrTimeout].
	ErrSuspended = errors.New("suspended")
	// ErrVersion: the pool is of a layout this program does not know.
	ErrVersion = errors.New("pool of another version")
	// ErrDamaged: what lies in shared memory contradicts itself.
	ErrDamaged = errors.New("pool damaged")
	// ErrPermission: the pool belongs to someone who did not share it. It is
	// [fs.ErrPermission].
	ErrPermission = fs.ErrPermission
)

// What a wait can end with.
var (
	// ErrTimeout: the time given is over. It is [os.ErrDeadlineExceeded].
	ErrTimeout = os.ErrDeadlineExceeded
	// ErrFlushing: SetFlushing(true) is in force.
	ErrFlushing = errors.New("flushing")
	// ErrClosed: the producer or consumer was closed. It is [os.ErrClosed].
	ErrClosed = os.ErrClosed
	// ErrDropped: with [Drop], no slot was free: the frame is dropped and counted.
	ErrDropped = errors.New("frame dropped: no slot is free")
	// ErrQuota: the consumer holds as many frames as it may; give one back first.
	ErrQuota = errors.New("as many frames held as the quota allows")
	// ErrEndOfStream: the producer ended its stream. It is [io.EOF].
	ErrEndOfStream = io.EOF
	// ErrProducerLost: the producer died, or closed without ending its stream. The next
	// Pull waits for a new one.
	ErrProducerLost = errors.New("producer lost")
	// ErrStalled: the producer lives, and no frame has come for [ConsumerOptions].StallTimeout. The
	// consumer stays attached, and the next Pull goes on.
	ErrStalled = errors.New("stream stalled")
)
