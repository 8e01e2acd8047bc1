package elements

import (
	"fmt"
	"strings"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// switchPool lets the frames from the next one on be those of the pool that the property names now, if
// the source has begun to read another. It may be called from any thread. A name that cannot be a pool's
// changes nothing but the mind of who set it: the property says again what is read.
func (s *source) switchPool() {
	s.switching.Lock()
	defer s.switching.Unlock()
	before, err := s.swapConsumer(s.settings.load().pool)
	if err != nil {
		warn(s, err)
		return
	}
	if before == nil {
		return
	}
	s.suspendOrResume() // or not, before Create asks: it turns to the new consumer when the old one is closed
	s.counts.leave(before)
	if err := before.Close(); err != nil {
		logf(gstglue.LevelWarning, s, "close: %v", err)
	}
}

// swapConsumer puts a consumer of another pool in the place of the present one, which it returns;
// nil: the source does not run, or reads that pool already.
func (s *source) swapConsumer(pool string) (before *bips.Consumer, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.consumer == nil || strings.TrimPrefix(pool, "/") == strings.TrimPrefix(s.running.pool, "/") {
		return nil, nil
	}
	values := s.running
	values.pool = pool
	fresh, err := newConsumer(&values)
	if err != nil {
		s.settings.change(func(values *sourceSettings) { values.pool = s.running.pool })
		return nil, resource(gst.ResourceErrorSettings, fmt.Sprintf("property pool was not changed: %v", err),
			fmt.Sprintf("Pool %q is read on.", s.running.pool)).because(err)
	}
	fresh.SetFlushing(s.flushing)
	before, s.consumer, s.running = s.consumer, fresh, values
	logf(gstglue.LevelInfo, s, "reads pool %q now", pool)
	return before, nil
}

// newConsumer makes the consumer for settings that were checked, but for the pool's name.
func newConsumer(values *sourceSettings) (*bips.Consumer, error) {
	if err := checkPool(values.pool); err != nil {
		return nil, err
	}
	return bips.NewConsumer(values.pool, values.options())
}

// reader returns the consumer to ask for the next frame, and its settings. For the streaming thread.
func (s *source) reader() (*bips.Consumer, sourceSettings) {
	consumer, values := s.current()
	if consumer != s.asked {
		s.asked = consumer
		s.instance, s.found, s.searching, s.waits = 0, false, false, false // so that its first frame begins anew
		s.full, s.givesWay = 0, false
		s.standing = standing{qos: s.standing.qos}
		if consumer != nil {
			consumer.SetMaxAge(s.latency.decided())
		}
	}
	return consumer, values
}

// isSwitched reports whether another consumer has taken the place of one.
func (s *source) isSwitched(from *bips.Consumer) bool {
	consumer, _ := s.current()
	return consumer != nil && consumer != from
}
