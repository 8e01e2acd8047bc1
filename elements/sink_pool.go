package elements

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
	"github.com/bips-ipc/bips/internal/libbips"
)

// sinkPool is the pool that a sink made, and what upstream sees of it.
type sinkPool struct {
	producer  *libbips.Producer
	slots     *gstglue.Slots
	keyFrames *keyFramePasser
}

// Room for frames of which neither the size nor a limit is known: they vary, and the first is
// often a large one.
const (
	minGuessedSize  = 1 << 20
	guessedMultiple = 4
)

// guessSlotSize is the size of slots when the caps do not tell the size of a frame, and the
// first one has come.
func guessSlotSize(sizes gstglue.FrameSizes, first uint64) uint64 {
	switch {
	case sizes.Constant && first > 0:
		return first
	case sizes.Guess > 0 && first <= sizes.Guess:
		return sizes.Guess
	default:
		return max(guessedMultiple*first, minGuessedSize)
	}
}

func (v *sinkSettings) options(slotSize uint64) bips.ProducerOptions {
	return bips.ProducerOptions{
		Backend:      bips.Backend(v.backend),
		Slots:        int(v.slots),
		SlotSize:     int(slotSize),
		MetaSize:     int(v.metaSize),
		MaxConsumers: int(v.maxConsumers),
		Permissions:  fs.FileMode(v.perms),
		Overflow:     bips.Overflow(v.overflow),
	}
}

// liveBlockTimeout is block-timeout behind a live source, unless it is set: longer, and the source
// loses frames for all readers, where nobody counts them.
const liveBlockTimeout = time.Second

// endBlockTimeout is the longest block-timeout once the stream is to end: who wants that should
// not have to wait for a reader that hangs.
const endBlockTimeout = time.Second

// applyBlockTimeout tells the pool for how long readers may keep slots from coming free, with
// what is known of the pipeline now. It may be called from any thread.
func (s *sink) applyBlockTimeout(pool *sinkPool) {
	timeout := time.Duration(s.settings.load().blockTimeout)
	if timeout == waitAutomatic {
		timeout = bips.Forever
		if s.isLive() {
			timeout = liveBlockTimeout
		}
	}
	if s.endAsked.Load() && (timeout == bips.Forever || timeout > endBlockTimeout) {
		timeout = endBlockTimeout
	}
	pool.producer.SetBlockTimeout(timeout)
}

// isLive reports whether the elements before the sink are live, as far as that is known.
func (s *sink) isLive() bool { return s.latency.Load() != forever }

// makingPool is the making of a pool that is in progress.
type makingPool struct {
	giveUp libbips.GiveUp
	why    error // it was given up
}

// newProducer makes a pool, and gives up with bips.ErrFlushing or bips.ErrClosed when the sink is
// unlocked or stopped while it waits.
func (s *sink) newProducer(values *sinkSettings, slotSize uint64) (*libbips.Producer, error) {
	making := &makingPool{giveUp: libbips.NewGiveUp()}
	defer making.giveUp.Free()
	s.setMaking(making)
	defer s.setMaking(nil)
	options := values.options(slotSize)
	options.Warn = s.tellOfNames
	if values.group != "" {
		var err error
		if options.Group, err = groupNumber(values.group); err != nil {
			return nil, badSetting("group=%s: %v", values.group, err)
		}
	}
	producer, err := libbips.Open(values.pool, options, making.giveUp)
	if errors.Is(err, libbips.ErrInterrupted) {
		return nil, s.whyGivenUp(making)
	}
	return producer, err
}

func (s *sink) setMaking(making *makingPool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.making = making
	s.applyFlushing()
}

func (s *sink) whyGivenUp(making *makingPool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return making.why
}

// openPool makes the pool and offers its slots to upstream.
func (s *sink) openPool(values *sinkSettings, slotSize uint64) (*sinkPool, error) {
	producer, err := s.newProducer(values, slotSize)
	if err != nil {
		return nil, err
	}
	pool := &sinkPool{producer, gstglue.NewSlots(producer), s.passKeyFrameRequests(keyFrameRequests(producer))}
	if s.isLive() {
		producer.SetLatency(bips.TimeFromNanoseconds(s.latency.Load()))
	}
	s.applyBlockTimeout(pool)
	s.awaited, s.demotions, s.heldUp = false, 0, heldUp{}

	s.swapPool(pool)
	gstglue.OfferSlots(s, pool.slots)
	s.warnOfDisk(producer)
	logf(gstglue.LevelInfo, s, "pool %q: %d slots of %d bytes", producer.Name(), producer.Slots(), producer.SlotSize())
	return pool, nil
}

// warnOfDisk tells, once, of a pool whose frames the system writes to a disk.
func (s *sink) warnOfDisk(producer *libbips.Producer) {
	if folder, inMemory := producer.Folder(); !inMemory && s.told.first("disk") {
		warn(s, resource(gst.ResourceErrorSettings,
			fmt.Sprintf("the folder of pool %q, %s, lies on a disk, to which the system writes all frames again and again", producer.Name(), folder),
			"Let BIPS_SHM_DIR name a folder in memory (tmpfs), as /dev/shm is."))
	}
}

// closePool ends the pool. What upstream still has of it stays valid.
func (s *sink) closePool() {
	pool := s.swapPool(nil)
	s.caps, s.refused, s.sizes = "", "", gstglue.FrameSizes{}
	if pool == nil {
		return
	}
	gstglue.GoStraight(s, false)
	gstglue.OfferSlots(s, nil)
	pool.keyFrames.close()
	s.counts.keep(pool.producer.Stats())
	pool.producer.Forget()
	pool.slots.Unref()
	logf(gstglue.LevelInfo, s, "pool %q closed: %v", pool.producer.Name(), s.stats())
}

// swapPool puts a pool, or nil, in the place of the one before, which it returns.
func (s *sink) swapPool(pool *sinkPool) (before *sinkPool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, s.pool = s.pool, pool
	s.applyFlushing() // an unlock may have come meanwhile
	return before
}

func (s *sink) currentPool() *sinkPool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pool
}
