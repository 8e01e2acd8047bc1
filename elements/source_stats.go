package elements

import (
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

	mu   sync.Mutex
	last bips.ConsumerStats // of the consumer that was closed last
}

func (c *sourceCounts) reset() {
	c.quota.Store(0)
	c.packed.Store(0)
	c.early.Store(0)
	c.keep(bips.ConsumerStats{})
}

// keep remembers what a consumer counted, for after its end.
func (c *sourceCounts) keep(stats bips.ConsumerStats) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = stats
}

func (c *sourceCounts) kept() bips.ConsumerStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// stats are the counters by name.
func (s *source) stats() []gstglue.Count {
	stats := s.counts.kept()
	if consumer, _ := s.current(); consumer != nil {
		stats = consumer.Stats()
	}
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
		{Name: "demoted", Value: stats.Demoted},
	}
}
