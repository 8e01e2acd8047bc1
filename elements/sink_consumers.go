package elements

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// This file is wait-for-consumers. A pipeline that is not live can wait: its first frame is held
// before it prerolls, so that its time begins when the readers are there. A live one cannot; what it gives
// before that is not published.

// holdLook is how long readers are waited for at a time, before Hold looks whether to go on.
const holdLook = 50 * time.Millisecond

// Hold implements gstglue.Sink.
func (s *sink) Hold(size uint64) gstglue.HoldResult {
	for {
		switch {
		case s.isStopping(), gstglue.IsFlushing(s):
			return gstglue.HoldFlushing
		case s.endAsked.Load():
			s.counts.early.Add(1)
			return gstglue.HoldDrop // until the end comes, without holding that up
		case gstglue.UpstreamIsLive(s):
			return gstglue.HoldOver
		}
		pool, err := s.currentPool(), error(nil)
		if pool == nil {
			pool, err = s.poolAtFirstFrame(size)
		}
		there := false
		if err == nil {
			there, err = s.consumersAreThere(pool, holdLook)
		}
		switch {
		case there:
			return gstglue.HoldOver
		case err == nil:
			s.tellOfHolding(pool)
		case !errors.Is(err, bips.ErrFlushing) && !errors.Is(err, bips.ErrClosed):
			return gstglue.HoldOver // what is wrong is wrong for Render, too
		}
	}
}

// tellOfHolding tells, once in a run, why the pipeline does not come to play.
func (s *sink) tellOfHolding(pool *sinkPool) {
	if s.told.first("holding") {
		inform(s, resource(gst.ResourceErrorBusy,
			fmt.Sprintf("the pipeline waits for %d readers of pool %q, of which %d are there", s.settings.load().waitForConsumers, pool.producer.Name(), pool.producer.Stats().Consumers),
			"Start them, or set wait-for-consumers to less."))
	}
}

// consumersAreThere waits for the readers of wait-for-consumers. Once they were there it says so for
// as long as there is this pool.
func (s *sink) consumersAreThere(pool *sinkPool, timeout time.Duration) (bool, error) {
	if s.awaited {
		return true, nil
	}
	n := int(s.settings.load().waitForConsumers)
	err := pool.producer.WaitConsumers(n, timeout)
	if errors.Is(err, bips.ErrTimeout) {
		return false, nil
	}
	s.awaited = err == nil
	return s.awaited, err
}

// passEarly counts a frame that came before the readers of wait-for-consumers.
func (s *sink) passEarly() error {
	s.counts.early.Add(1)
	if s.told.first("early") {
		inform(s, resource(gst.ResourceErrorBusy,
			fmt.Sprintf("frames are not published yet: wait-for-consumers=%d, and so many readers are not there", s.settings.load().waitForConsumers),
			"The property \"stats\" counts them as early."))
	}
	return nil
}

// EndAsked implements gstglue.Sink: Hold gives up, and no reader is waited for longer than for
// endBlockTimeout.
func (s *sink) EndAsked(asked bool) {
	s.endAsked.Store(asked)
	if pool := s.currentPool(); pool != nil {
		s.applyBlockTimeout(pool)
	}
}
