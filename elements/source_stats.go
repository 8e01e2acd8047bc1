package elements

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// sourceCounts count the frames of one run, from READY to READY.
type sourceCounts struct {
	quota  atomic.Uint64 // copied because one pin is never handed out
	packed atomic.Uint64 // copied because downstream does not know GstVideoMeta
	early  atomic.Uint64 // of before the reader's beginning
	stalls atomic.Uint64 // that were told

	keyFrames atomic.Uint64 // that the producer was asked for
	// metas and tags do not get downstream.
	metas, tags namedCounts

	mu     sync.Mutex
	former []*bips.Consumer   // that the source has left, as long as frames of theirs are held
	past   bips.ConsumerStats // of those before them
}

func (c *sourceCounts) reset() {
	c.quota.Store(0)
	c.packed.Store(0)
	c.early.Store(0)
	c.stalls.Store(0)
	c.keyFrames.Store(0)
	c.metas.reset()
	c.tags.reset()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.former, c.past = nil, bips.ConsumerStats{}
}

// leave is called with a consumer that the source asks no more.
func (c *sourceCounts) leave(consumer *bips.Consumer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.former = append(slices.DeleteFunc(c.former, func(former *bips.Consumer) bool {
		stats := former.Stats()
		if stats.Held > 0 {
			return false
		}
		add(&c.past, stats)
		return true
	}), consumer)
}

// total adds what all consumers before counted to what the present one did.
func (c *sourceCounts) total(present bips.ConsumerStats) bips.ConsumerStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	add(&present, c.past)
	for _, former := range c.former {
		add(&present, former.Stats())
	}
	return present
}

func add(sum *bips.ConsumerStats, stats bips.ConsumerStats) {
	sum.Received += stats.Received
	sum.Skipped += stats.Skipped
	sum.Lost += stats.Lost
	sum.Instances += stats.Instances
	sum.Moves += stats.Moves
	sum.Held += stats.Held
	sum.Demoted += stats.Demoted
}

// stats are the counters by name.
func (s *source) stats() []gstglue.Count {
	var stats bips.ConsumerStats
	if consumer, _ := s.current(); consumer != nil {
		stats = consumer.Stats()
	}
	stats = s.counts.total(stats)
	quota, packed, early := s.counts.quota.Load(), s.counts.packed.Load(), s.counts.early.Load()
	return []gstglue.Count{
		{Name: "received", Value: stats.Received - min(early, stats.Received)},
		{Name: "early", Value: early},
		{Name: "skipped", Value: stats.Skipped},
		{Name: "lost", Value: stats.Lost},
		{Name: "copied", Value: quota + packed},
		{Name: "quota", Value: quota},
		{Name: "layout", Value: packed},
		{Name: "held", Value: uint64(stats.Held)},
		{Name: "instances", Value: stats.Instances},
		{Name: "moves", Value: stats.Moves},
		{Name: "demoted", Value: stats.Demoted},
		{Name: "stalls", Value: s.counts.stalls.Load()},
		{Name: "key-frame-requests", Value: s.counts.keyFrames.Load()},
		{Name: "metas-dropped", Of: s.counts.metas.counts()},
		{Name: "tags-dropped", Of: s.counts.tags.counts()},
	}
}
