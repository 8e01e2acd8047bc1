package elements

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// sinkCounts count the frames of one run, from READY to READY.
type sinkCounts struct {
	published *gstglue.SinkCounts
	// undecodable frames were not published: after a flush no key frame had come yet.
	undecodable atomic.Uint64
	early       atomic.Uint64 // not published: the readers of wait-for-consumers were not there yet
	// tooLarge and malformed frames were dropped: no slot had room for them, or they did not
	// hold what their caps tell of.
	tooLarge, malformed atomic.Uint64
	beforePool          atomic.Uint64 // of these, those that came when there was no pool yet
	keyFrames           keyFrameCounts
	// metas and tags were dropped, but not what they were about.
	metas, tags namedCounts

	mu   sync.Mutex
	last bips.ProducerStats // of the pool that was closed last
}

func (c *sinkCounts) reset() {
	c.published.Reset()
	c.early.Store(0)
	c.undecodable.Store(0)
	c.tooLarge.Store(0)
	c.malformed.Store(0)
	c.beforePool.Store(0)
	c.keyFrames.reset()
	c.metas.reset()
	c.tags.reset()
	c.keep(bips.ProducerStats{})
}

// keep remembers what a pool counted, for after its end.
func (c *sinkCounts) keep(stats bips.ProducerStats) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = stats
}

func (c *sinkCounts) kept() bips.ProducerStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// sinkReasons are the reasons for a copy in the sink, each with its name in the stats
// and what to tell a user.
var sinkReasons = []struct {
	reason  gstglue.CopyReason
	name    string
	meaning string
}{
	{gstglue.CopyPoolExhausted, "pool-exhausted", "the elements before it hold all the slots they may have. More slots help, or a shorter queue"},
	{gstglue.CopyStillMapped, "still-mapped", "an element before it still writes to the frame"},
	{gstglue.CopyRepeated, "repeated", "an element before it sent the same frame again"},
	{gstglue.CopyForeignMemory, "foreign-memory", "the elements before it do not write into the pool's slots"},
	{gstglue.CopySeveralMemories, "several-memories", "its bytes lie in several pieces"},
	{gstglue.CopyPartialMemory, "partial-memory", "it is only a part of a slot"},
	{gstglue.CopyLayout, "layout", "its rows lie in an order that readers do not know"},
	{gstglue.CopyMoved, "moved", "an element before it had the slot since before the pool moved"},
}

// explainCopies tells, once for each reason, that frames are copied.
func (s *sink) explainCopies(reason gstglue.CopyReason) {
	for _, r := range sinkReasons {
		if r.reason == reason {
			inform(s, resource(gst.ResourceErrorFailed, fmt.Sprintf("a frame had to be copied (%s): %s", r.name, r.meaning),
				"Nothing is lost; the property \"stats\" counts such frames."))
		}
	}
}

// stats are the counters by name.
func (s *sink) stats() []gstglue.Count {
	producer := s.counts.kept()
	if pool := s.currentPool(); pool != nil {
		producer = pool.producer.Stats()
	}
	var copied uint64
	published := s.counts.published
	for i := range published.Copied {
		copied += published.Copied[i].Load()
	}
	counts := []gstglue.Count{
		{Name: "in-place", Value: published.InPlace.Load()},
		{Name: "copied", Value: copied},
	}
	for _, r := range sinkReasons {
		counts = append(counts, gstglue.Count{Name: r.name, Value: published.Copied[r.reason].Load()})
	}
	return append(counts,
		gstglue.Count{Name: "dropped", Value: producer.Dropped + s.counts.beforePool.Load()},
		gstglue.Count{Name: "early", Value: s.counts.early.Load()},
		gstglue.Count{Name: "undecodable", Value: s.counts.undecodable.Load()},
		gstglue.Count{Name: "too-large", Value: s.counts.tooLarge.Load()},
		gstglue.Count{Name: "malformed", Value: s.counts.malformed.Load()},
		gstglue.Count{Name: "consumers", Value: uint64(producer.Consumers)},
		gstglue.Count{Name: "lent", Value: uint64(producer.Lent)},
		gstglue.Count{Name: "moves", Value: producer.Moves},
		gstglue.Count{Name: "demoted", Value: producer.Demoted},
		gstglue.Count{Name: "overdrawn", Value: producer.Overdrawn},
		gstglue.Count{Name: "reclaimed", Value: producer.Reclaimed},
		gstglue.Count{Name: "key-frame-requests", Value: s.counts.keyFrames.requests.Load()},
		gstglue.Count{Name: "key-frame-events", Value: s.counts.keyFrames.events.Load()},
		gstglue.Count{Name: "metas-dropped", Of: s.counts.metas.counts()},
		gstglue.Count{Name: "tags-dropped", Of: s.counts.tags.counts()},
	)
}
