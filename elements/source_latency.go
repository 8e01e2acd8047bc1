package elements

import (
	"sync"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// sourceLatency is what a source answers to a LATENCY query, and what the pipeline decided
// from all answers. Its methods may be called from any thread.
//
// In mode latest a frame is presented when it was published, so that the producer's latency
// does not matter: the least latency is the processing deadline. In mode every frames keep
// their times of capture, so it is the producer's latency as well. In both the pool keeps
// frames for as long as its slots last, which is the greatest latency.
type sourceLatency struct {
	mu         sync.Mutex
	every      bool          // the mode in force
	deadline   time.Duration // property processing-deadline
	room       int           // slots that can keep frames for a reader; 0: not attached yet
	frame      time.Duration // duration of a frame; 0: unknown
	guessed    bool          // from how far apart frames were published
	guessedAt  time.Duration // when that was looked at last; 0: not yet
	upstream   bips.Time     // the producer's latency; unknown: it is not live
	way        time.Duration // the least from a frame's capture to its publication
	wayKnown   bool
	told       [2]time.Duration // the last answer that a LATENCY message was posted for
	configured time.Duration    // what the pipeline decided last
}

// reset forgets all but the processing deadline.
func (l *sourceLatency) reset(deadline time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.every, l.deadline, l.room = false, plausible(deadline), 0
	l.frame, l.guessed, l.guessedAt = 0, false, 0
	l.upstream, l.way, l.wayKnown = bips.Time{}, 0, false
	l.told, l.configured = [2]time.Duration{}, 0
}

// attached notes how many slots of the pool that the frames to come are from can keep them.
func (l *sourceLatency) attached(room int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.room, l.wayKnown, l.guessed, l.guessedAt = room, false, false, 0
}

// note takes a frame into account. changed: the answer is another one now, by more than the
// tolerance, and the pipeline should ask anew.
func (l *sourceLatency) note(f *bips.Frame, capsDuration time.Duration) (changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.every, l.upstream = f.Mode == bips.Every, f.Latency
	if upstream, live := f.Latency.Duration(); live {
		l.upstream = bips.TimeOf(max(0, plausible(upstream)))
	}
	l.noteDuration(f, capsDuration)
	if capture, known := f.CaptureTime.Duration(); known {
		if way := plausible(f.PublishTime - capture); !l.wayKnown || way < l.way {
			l.way, l.wayKnown = way, true
		}
	}
	least, greatest := l.answer()
	tolerance := l.tolerance()
	if (least-l.told[0]).Abs() <= tolerance && (greatest-l.told[1]).Abs() <= tolerance {
		return false
	}
	l.told = [2]time.Duration{least, greatest}
	return true
}

// noteDuration finds out how long a frame lasts: as the caps say, or the frame.
func (l *sourceLatency) noteDuration(f *bips.Frame, capsDuration time.Duration) {
	duration, known := f.Duration.Duration()
	switch {
	case capsDuration > 0:
		l.frame, l.guessed = plausible(capsDuration), false
	case known && duration > 0:
		l.frame, l.guessed = plausible(duration), false
	case !l.guessed:
		l.frame = 0
	}
}

// guessEvery is how often the duration of frames that do not tell it is guessed anew.
const guessEvery = 250 * time.Millisecond

// wantsGuess reports whether the duration of a frame has to be guessed now.
func (l *sourceLatency) wantsGuess(published time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.frame != 0 && !l.guessed || published-l.guessedAt < guessEvery && l.guessedAt != 0 {
		return false
	}
	l.guessedAt = published
	return true
}

// guess takes how far apart frames were published lately for their duration. Less than a
// third more or less changes nothing.
func (l *sourceLatency) guess(interval time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if off := (interval - l.frame).Abs(); interval > 0 && (l.frame == 0 || off > l.frame/3) {
		l.frame, l.guessed = plausible(interval), true
	}
}

// limited reads a time of GStreamer's that is never without a limit in earnest.
func limited(ns uint64) time.Duration { return time.Duration(min(ns, 1<<63-1)) }

// longest is the longest time that is believed. What a pool says may be anything: so that sums of it
// are times still.
const longest = 24 * time.Hour

func plausible(d time.Duration) time.Duration { return min(max(d, -longest), longest) }

// tolerance is by how much an answer may be off before the pipeline is to ask anew: half a frame, but
// at least a millisecond, as there are streams of packets that last microseconds.
func (l *sourceLatency) tolerance() time.Duration { return max(l.frame/2, time.Millisecond) }

// unlimited is a greatest latency without a limit.
const unlimited = time.Duration(-1)

// answer is query, called with mu held.
func (l *sourceLatency) answer() (least, greatest time.Duration) {
	least, greatest = l.deadline, unlimited
	kept := time.Duration(l.room) * l.frame
	if !l.every {
		if kept > 0 {
			greatest = least + kept
		}
		return least, greatest
	}
	upstream, live := l.upstream.Duration()
	if live {
		least += upstream
	}
	if live && kept > 0 && l.wayKnown {
		greatest = max(0, l.way+kept)
	}
	return least, greatest
}

// query is the answer to a LATENCY query; greatest may be unlimited.
func (l *sourceLatency) query() (least, greatest time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answer()
}

// decided is what configure was told last.
func (l *sourceLatency) decided() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.configured
}

// configure notes what the pipeline decided.
func (l *sourceLatency) configure(latency time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.configured = latency
}

// isTooLong reports whether the pipeline waits longer for each frame than the pool keeps it. It
// decides from answers that were right to the tolerance.
func (l *sourceLatency) isTooLong() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, greatest := l.answer()
	return l.every && greatest != unlimited && l.configured > greatest+2*l.tolerance()
}

// fills reports whether the pool is full of frames for a reader that is behind by so many.
func (l *sourceLatency) fills(behind uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.room > 0 && behind+1 >= uint64(l.room)
}
