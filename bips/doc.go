// Package bips passes frames between processes without a copy: Buffer Interprocess
// Sharing. One [Producer] fills the slots of a pool in shared memory, any number of
// [Consumer]s read them where they lie. There is no broker, and no lock between
// processes on the frame's path.
//
//	producer                    pool                       consumers
//	Pull an empty slot  --->  [ slot | slot | slot ]  --->  Pull the next frame
//	write, Push               [ slot | slot | ...  ]        read, Push it back
//
// # Words
//
// A pool is a fixed number of equally sized slots. A producer whose frames become larger moves to a new pool
// under the same name ([Producer.Grow]), and its consumers follow. A
// frame is a published slot with its sequence number, times, flags and caps. A seat
// is a consumer's place in a pool, a pin its mark that it is reading a slot: a pinned
// slot is never written. The grant ([Consumer.Quota]) is how many pins the producer allows a consumer.
// The Signaler is what synchronises both sides; docs/protocol.md specifies it, and
// the step ids in comments (P2, C7, ...) are that document's.
//
// # Modes
//
// A consumer of mode [Latest] gets the newest frame and never holds the producer
// up. One of mode [Every] gets each frame between its joining and its leaving; when
// it is behind, the producer's [Overflow] policy decides who gives way.
//
// # Metadata and tags
//
// What is known of a frame besides its bytes (detections, times on other clocks, crop) travels with it as records:
// [FrameInfo].Meta. Tags of the stream travel beside the caps: [Producer.SetTags], [Frame].Tags. Package
// bips/meta reads and writes both. A frame without metadata costs nothing for it.
//
// # Lifetime
//
// [Slot].Data belongs to the caller from [Producer.Pull] to [Producer.Push].
// [Frame].Data and [FrameInfo].Meta are the pool's own memory, mapped read-only; they are valid from
// [Consumer.Pull] until the frame is given back, also after [Consumer.Close] and
// after the producer's death. What is read from Meta is the caller's own.
//
// A process may die at any moment, by SIGKILL too: its slots are free again within
// 100 ms of the kernel closing its files. A consumer survives its producer and
// attaches to the next one of the same name.
//
// # Concurrency
//
// All methods may be called from several goroutines. A program must not fork
// without exec while it holds a Producer or a Consumer (Go programs do not).
//
// # Platforms
//
// Linux on amd64 and arm64.
package bips
