package bips

import "time"

// peer is how a consumer is connected with its producer, beside the segments. There is one for each backend: files with
// locks on them ([peerFiles]), and a socket ([link]).
type peer interface {
	// producerAlive probes whether the producer lives. Not so, all that it ever wrote is visible.
	producerAlive() (bool, error)
	// hasHungUp reports whether the producer has ended its connection, which producerAlive may not have heard of yet.
	hasHungUp() bool
	// slotsForMost is how many slots the pool needs so that the consumer is granted all that it wants, beside the others that
	// there are; more than MaxSlots, or 0: no pool has so many.
	slotsForMost(a *attachment, o *ConsumerOptions) int
	// knock wakes the producer's housekeeper (A8, F2).
	knock()
	// findNext looks for the pool that the producer has moved to, and takes the consumer's place there (V1 to V4).
	// next is set if it has one.
	findNext(a *attachment, name string, suspended bool) (next *attachment, found whereabouts, err error)
	// leave gives up the seat, which shows that nobody sits there by now (L6).
	leave(seat int)
	// close ends the connection, and the mappings: nobody may look at the segments any more.
	close()
}

// application is what a consumer has asked a producer for, a seat and pins, and was not answered yet. Its methods are for
// the thread that pulls.
type application interface {
	// answer looks for the answer. The attachment comes with [answerGranted], and an error that says why and what to do with
	// [answerRefused].
	answer() (answer, *attachment, error)
	// await waits until there may be one.
	await(w *bellWaiter, poked uint32, limit time.Duration)
	// interrupt ends await, from another thread.
	interrupt(w *bellWaiter)
	// withdraw gives up what was asked for.
	withdraw()
}
