package elements

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// A source asks its producer for a key frame for two reasons: it cannot begin, or go on, without one, and
// downstream wants one.

// keyFrameRepeat is after how long without a key frame a source asks again, and how often at most it
// asks because frames are lost: each key frame costs the other readers bits.
const keyFrameRepeat = time.Second

// keyFrameNeed is what a source knows of a key frame that it needs itself. It is for the streaming thread.
// Times are on CLOCK_MONOTONIC.
type keyFrameNeed struct {
	needed bool
	asked  bool
	at     time.Duration // when it asked last, if it did
}

// begins notes that the frames to come begin a stream, of which those before are not known.
func (n *keyFrameNeed) begins() { n.needed, n.asked = true, false }

// lost notes that a frame is missing on which others may depend.
func (n *keyFrameNeed) lost() { n.needed = true }

// wants reports, with each frame, whether to ask for a key frame now.
func (n *keyFrameNeed) wants(delta bool, published time.Duration) bool {
	switch {
	case !n.needed:
		return false
	case !delta:
		n.needed = false
		return false
	case n.asked && published-n.at < keyFrameRepeat:
		return false
	}
	n.asked, n.at = true, published
	return true
}

// isDelta reports whether a frame with these flags depends on frames before it.
func isDelta(flags uint32) bool { return flags&uint32(gst.BufferFlagDeltaUnit) != 0 }

// askForKeyFrame asks for one if a stream of frames that depend on one another begins with this one, or
// goes on with it behind a gap.
func (s *source) askForKeyFrame(frame *bips.Frame, consumer *bips.Consumer) {
	if s.keyFrame.wants(isDelta(frame.Flags), frame.PublishTime) {
		s.requestKeyFrame(consumer)
	}
}

func (s *source) requestKeyFrame(consumer *bips.Consumer) {
	s.counts.keyFrames.Add(1)
	if err := consumer.RequestKeyFrame(); err != nil {
		logf(gstglue.LevelInfo, s, "no key frame was asked for: %v", err)
	}
}

// KeyFrameWanted implements gstglue.Source.
func (s *source) KeyFrameWanted(at uint64) {
	if at != forever {
		s.wantedAt.add(limited(at))
	} else if consumer, _ := s.current(); consumer != nil {
		s.requestKeyFrame(consumer)
	}
}

// maxKeyFrameTimes is how many key frames may be wanted at times to come. Who wants more loses the latest of them.
const maxKeyFrameTimes = 16

// keyFrameTimes are running times to come at which downstream wants key frames, as a muxer does that begins
// a new file then. Its methods may be called from any thread; due takes no lock while nothing is.
type keyFrameTimes struct {
	next  atomic.Int64 // the first of them; math.MaxInt64: none
	mu    sync.Mutex
	times []time.Duration // in order
}

// reset forgets them all. It has to be called before all else.
func (k *keyFrameTimes) reset() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.times = k.times[:0]
	k.update()
}

func (k *keyFrameTimes) add(at time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if i, known := slices.BinarySearch(k.times, at); !known {
		k.times = slices.Insert(k.times, i, at)
		k.times = k.times[:min(len(k.times), maxKeyFrameTimes)]
	}
	k.update()
}

// due reports whether any of the times has come, and forgets those.
func (k *keyFrameTimes) due(now time.Duration) bool {
	if int64(now) < k.next.Load() {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	i, known := slices.BinarySearch(k.times, now)
	if known {
		i++
	}
	k.times = slices.Delete(k.times, 0, i)
	k.update()
	return i > 0
}

// update is called with mu held.
func (k *keyFrameTimes) update() {
	next := int64(math.MaxInt64)
	if len(k.times) > 0 {
		next = int64(k.times[0])
	}
	k.next.Store(next)
}
