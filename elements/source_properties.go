package elements

import (
	"time"

	"github.com/bips-ipc/bips/bips"
)

// sourceSettings are the properties of bipssrc. Times are nanoseconds, spin microseconds.
type sourceSettings struct {
	pool               string
	readMode           int32
	onProducerLoss     int32
	onEOS              int32
	connectTimeout     int64
	stallTimeout       int64
	maxHeld            uint32
	spin               uint32
	processingDeadline uint64
}

// forever is how GStreamer writes a time without limit, or none.
const forever = ^uint64(0)

var sourceDefaults = sourceSettings{
	readMode:       int32(bips.Auto),
	onProducerLoss: lossWait,
	onEOS:          endEOS,
	connectTimeout: int64(waitForever),
	stallTimeout:   int64(waitForever),
	// A sink holds a frame for its processing deadline, 20 ms, and one more, and a queue
	// before it another: at 120 frames/s five. The last pin is never handed out.
	maxHeld: 6,
	// Sinks add a processing deadline of their own.
	processingDeadline: 0,
}

var sourceProperties = []property[sourceSettings]{
	{
		name:    "pool",
		blurb:   "Name of the pool to read: the one that its bipssink was given; changed while playing, the frames from the next one on are of the other pool",
		field:   func(s *sourceSettings) any { return &s.pool },
		playing: true,
	}, {
		name:   "read-mode",
		blurb:  "Which frames to read",
		field:  func(s *sourceSettings) any { return &s.readMode },
		choice: readModeChoice,
	}, {
		name:   "on-producer-loss",
		blurb:  "What to do when the producer dies, or stops without ending its stream",
		field:  func(s *sourceSettings) any { return &s.onProducerLoss },
		choice: lossChoice,
	}, {
		name:   "on-eos",
		blurb:  "What to do when the producer ends its stream",
		field:  func(s *sourceSettings) any { return &s.onEOS },
		choice: endChoice,
	}, {
		name:  "connect-timeout",
		blurb: "How long to wait for the pool, in nanoseconds, before an error (0: not at all; -1: for ever)",
		field: func(s *sourceSettings) any { return &s.connectTimeout },
	}, {
		name:  "stall-timeout",
		blurb: "After how long without a frame from a producer that lives to post the element message bips-stalled, in nanoseconds (-1: never)",
		field: func(s *sourceSettings) any { return &s.stallTimeout },
	}, {
		name:  "max-held",
		blurb: "How many slots to hold at most (1 to 63), or fewer where the pool has less room; the frame that would take the last one is copied instead, so 1 copies all",
		field: func(s *sourceSettings) any { return &s.maxHeld },
	}, {
		name:  "spin",
		blurb: "How long to look for a frame before sleeping, in microseconds (at most 100): a lower latency for a busy core",
		field: func(s *sourceSettings) any { return &s.spin },
	}, {
		name:  "processing-deadline",
		blurb: "Time to add to the latency, in nanoseconds, for a slow downstream (sinks add 20 ms of their own)",
		field: func(s *sourceSettings) any { return &s.processingDeadline },
	},
}

// check refuses settings that GObject let pass.
func (s *sourceSettings) check() error {
	switch {
	case s.maxHeld < 1 || s.maxHeld >= bips.MaxSlots:
		return badSetting("max-held=%d: a reader may hold 1 to %d slots", s.maxHeld, bips.MaxSlots-1)
	case s.connectTimeout < int64(waitForever):
		return badSetting("connect-timeout=%d: use nanoseconds, 0 (not at all) or -1 (for ever)", s.connectTimeout)
	case s.stallTimeout < int64(waitForever) || s.stallTimeout == 0:
		return badSetting("stall-timeout=%d: use nanoseconds, more than 0, or -1 (never)", s.stallTimeout)
	case time.Duration(s.spin)*time.Microsecond > bips.MaxSpin:
		return badSetting("spin=%d: at most %d microseconds make sense", s.spin, bips.MaxSpin.Microseconds())
	}
	return checkPool(s.pool)
}

func (s *sourceSettings) options() bips.ConsumerOptions {
	return bips.ConsumerOptions{
		Mode:    bips.Mode(s.readMode),
		MaxHeld: int(s.maxHeld),
		MinHeld: 1,
		Spin:    time.Duration(s.spin) * time.Microsecond,

		StallTimeout: time.Duration(s.stallTimeout),
	}
}
