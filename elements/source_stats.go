package elements

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// sourceCounts are what is counted in one run, from READY to READY, beside gstglue.SourceCounts.
type sourceCounts struct {
	stalls atomic.Uint64 // that were told
	// metas and tags do not get downstream.
	metas, tags namedCounts

	mu     sync.Mutex
	former []*gstglue.Reader  // that the source has left, as long as frames of theirs are held
	past   bips.ConsumerStats // of those before them
}

func (c *sourceCounts) reset() {
	c.stalls.Store(0)
	c.metas.reset()
	c.tags.reset()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, former := range c.former {
		former.Close()
	}
	c.former, c.past = nil, bips.ConsumerStats{}
}

// leave is called with a reader that was shut down. It takes it over.
func (c *sourceCounts) leave(reader *gstglue.Reader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.former = slices.DeleteFunc(append(c.former, reader), func(former *gstglue.Reader) bool {
		stats := former.Stats()
		if stats.Held > 0 {
			return false
		}
		add(&c.past, stats)
		former.Close()
		return true
	})
}

// total adds what all readers before counted to what the present one did.
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
	if reader, _ := s.current(); reader != nil {
		stats = reader.Stats()
	}
	stats = s.counts.total(stats)
	counts := gstglue.SourceCountsOf(s)
	return []gstglue.Count{
		{Name: "received", Value: stats.Received - min(counts.Early, stats.Received)},
		{Name: "early", Value: counts.Early},
		{Name: "skipped", Value: stats.Skipped},
		{Name: "lost", Value: stats.Lost},
		{Name: "copied", Value: counts.Quota + counts.Packed},
		{Name: "quota", Value: counts.Quota},
		{Name: "layout", Value: counts.Packed},
		{Name: "held", Value: uint64(stats.Held)},
		{Name: "instances", Value: stats.Instances},
		{Name: "moves", Value: stats.Moves},
		{Name: "demoted", Value: stats.Demoted},
		{Name: "stalls", Value: s.counts.stalls.Load()},
		{Name: "key-frame-requests", Value: counts.KeyFrames},
		{Name: "metas-dropped", Of: s.counts.metas.counts()},
		{Name: "tags-dropped", Of: s.counts.tags.counts()},
	}
}
