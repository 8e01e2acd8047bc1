package elements

import (
	"bytes"

	"github.com/bips-ipc/bips/internal/gstglue"
)

// SetTags implements gstglue.Sink. The tags may come before there is a pool.
func (s *sink) SetTags(records []byte) {
	s.tags = bytes.Clone(records)
	if pool := s.currentPool(); pool != nil {
		if err := pool.producer.SetTags(s.tags); err != nil {
			logf(gstglue.LevelWarning, s, "tags: %v", err) // the next frame tells it, if it matters
		}
	}
}

// announce tells the pool what its frames are.
func (s *sink) announce(pool *sinkPool) error {
	if err := pool.producer.SetCaps(s.caps); err != nil {
		return err
	}
	return pool.producer.SetTags(s.tags)
}
