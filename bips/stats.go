package bips

import "time"

// ProducerStats counts what a producer did since it was made.
type ProducerStats struct {
	Published uint64 // frames pushed
	Dropped   uint64 // frames that were not published: no slot was free (Overflow Drop), or [Producer.Drop]
	Demoted   uint64 // times that a consumer was demoted after BlockTimeout
	// LastDemoted is the process of the consumer that was demoted last, in its own PID
	// namespace: for display only.
	LastDemoted int
	Overdrawn   uint64 // grants of which more pins were seen than were granted: none of them counted
	Reclaimed   uint64 // seats taken back from dead consumers
	Consumers   int    // seats taken now
	Lent        int    // slots lent now
	Moves       uint64 // times that the producer went on in a new pool under its name
}

// ConsumerStats counts what a consumer saw since it was made, over all
// instances of the pool.
type ConsumerStats struct {
	Received  uint64 // frames delivered
	Skipped   uint64 // frames passed by in mode Latest
	Lost      uint64 // frames wanted and not given, in either mode also those that the producer dropped
	Instances uint64 // instances of the pool attached to
	Moves     uint64 // times that the producer was followed to a new pool
	Held      int    // frames held now
	Demoted   uint64 // times that the producer went on without waiting for this consumer any longer
	Blocking  bool   // the producer waits for this consumer now
}

// PoolInfo describes the pool a consumer is attached to.
type PoolInfo struct {
	Name         string
	Instance     uint64 // random id of the producer's run
	Slots        int
	SlotSize     int // bytes
	Room         int // slots that readers may hold, all together: the others are the producer's
	MaxConsumers int
	ProducerPID  int  // in the producer's own PID namespace: for display only
	Latency      Time // upstream latency of the producer's pipeline
	// Interval is how far apart the frames that are in the pool now were published, on average;
	// 0: there are too few to tell.
	Interval time.Duration
	Granted  int // slots that readers may hold now, as granted to them
	Moves    int // how often the producer went on in a new pool under its name
}
