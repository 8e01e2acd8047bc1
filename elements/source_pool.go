package elements

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/internal/gstglue"
)

// switchPool lets the frames from the next one on be those of the pool that the property names now, if
// the source has begun to read another. It may be called from any thread. A name that cannot be a pool's
// changes nothing but the mind of who set it: the property says again what is read.
func (s *source) switchPool() {
	s.switching.Lock()
	defer s.switching.Unlock()
	before, err := s.swapReader(s.settings.load().pool)
	if err != nil {
		warn(s, err)
		return
	}
	if before == nil {
		return
	}
	s.suspendOrResume() // or not, before frames are asked for: the streaming thread turns to the new reader when the old one is shut down
	s.leave(before)
}

// swapReader puts a reader of another pool in the place of the present one, which it returns;
// nil: the source does not run, or reads that pool already.
func (s *source) swapReader(pool string) (before *gstglue.Reader, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader == nil || strings.TrimPrefix(pool, "/") == strings.TrimPrefix(s.running.pool, "/") {
		return nil, nil
	}
	values := s.running
	values.pool = pool
	fresh, err := newReader(&values)
	if err != nil {
		s.settings.change(func(values *sourceSettings) { values.pool = s.running.pool })
		return nil, resource(gst.ResourceErrorSettings, fmt.Sprintf("property pool was not changed: %v", err),
			fmt.Sprintf("Pool %q is read on.", s.running.pool)).because(err)
	}
	fresh.SetFlushing(s.flushing)
	before, s.reader, s.running = s.reader, fresh, values
	gstglue.SetReader(s, fresh)
	logf(gstglue.LevelInfo, s, "reads pool %q now", pool)
	return before, nil
}

// newReader makes the reader for settings that were checked, but for the pool's name.
func newReader(values *sourceSettings) (*gstglue.Reader, error) {
	if err := checkPool(values.pool); err != nil {
		return nil, err
	}
	return gstglue.NewReader(values.pool, values.options())
}

// leave is for a reader that is asked no more. Frames of it that are about keep what they need of its pool.
func (s *source) leave(reader *gstglue.Reader) {
	if err := reader.Shutdown(); err != nil {
		logf(gstglue.LevelWarning, s, "close: %v", err)
	}
	s.counts.leave(reader)
}

// Turned implements gstglue.Source.
func (s *source) Turned() (wait time.Duration) {
	reader, values := s.current()
	if reader == nil { // the source was stopped just now
		return 0
	}
	s.asked, s.values = reader, values
	s.found, s.searching, s.waits = false, false, false
	s.standing = standing{qos: s.standing.qos}
	return s.wait()
}

// isSwitched reports whether another reader has taken the place of one that was shut down.
func (s *source) isSwitched() bool {
	reader, _ := s.current()
	return reader != nil
}
