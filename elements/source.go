package elements

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gst/go-glib/pkg/gobject/v2"
	"github.com/go-gst/go-gst/pkg/gst"
	"github.com/go-gst/go-gst/pkg/gstbase"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// source is bipssrc. See the package comment for what it does; its properties are in
// source_properties.go.
//
// GStreamer calls Create on the streaming thread, the other methods on any.
type source struct {
	gstbase.PushSrcInstance

	settings settings[sourceSettings]
	counts   sourceCounts
	told     told
	latency  sourceLatency
	wantedAt keyFrameTimes
	// pausing is set while the state changes from PLAYING to PAUSED.
	pausing atomic.Bool
	// plays counts how often the source went to PLAYING.
	plays atomic.Uint32
	// played is how long the source was in PLAYING; it runs while it is.
	played stopwatch
	// ended is set from the end of the stream on until a flush.
	ended atomic.Bool

	seat      sync.Mutex // held while the seat is suspended or resumed
	switching sync.Mutex // held while another consumer takes the place of one

	// mu protects what follows.
	mu       sync.Mutex
	consumer *bips.Consumer // from READY to READY
	running  sourceSettings // the settings that consumer was started with
	flushing bool           // as of unlock and unlockStop

	reading
}

// reading is how far a source's streaming thread has come since the start. It is for that thread.
type reading struct {
	asked         *bips.Consumer // the one that the last frame was asked of
	caps          string
	tags          meta.Records  // that were sent downstream last
	standAlone    bool          // the frames of these caps do
	frameDuration time.Duration // of these caps; 0: unknown
	instance      uint64        // of the pool that the last frame is from
	clockOf       uint64        // of the pool whose producer's clock was looked at last
	line          timeline
	startTime     time.Duration // running time at which the source began to play last; -1: not yet
	playCount     uint32        // how often it began to
	begins        bool          // a frame that begins a stream was passed by
	gap           bool          // and one that does not follow the frame given last
	full          int           // how many frames in a row found the pool full of others: see giveWay
	fullSince     time.Time     // when the first of them did
	givesWay      bool          // and the producer does not wait for this reader
	standing      standing
	waitingForKey time.Duration // since when, on CLOCK_MONOTONIC; 0: it is not
	keyFrame      keyFrameNeed
	found         bool // the pool was there; since then on-producer-loss says what to do without
	searching     bool // for a pool, since searchedSince of played
	searchedSince time.Duration
	waits         bool // there is no pool, since waitsSince of played
	waitsSince    time.Duration
	foundPool     bool // there was one at the last look, of a producer that answers, and no seat in it
	toldOfWait    bool
	stalledSince  time.Time // when the frames ceased to come, after a stall was told; zero: none was
}

func registerSource() gobject.Type {
	overrides := gstbase.PushSrcOverrides[*source]{}
	overrides.Start = (*source).start
	overrides.Stop = (*source).stop
	overrides.Unlock = (*source).unlock
	overrides.UnlockStop = (*source).unlockStop
	overrides.InstanceInit = (*source).init
	overrides.GetProperty = (*source).getProperty
	overrides.SetProperty = (*source).setProperty
	overrides.ChangeState = (*source).changeState
	return gstbase.RegisterPushSrcSubClass[*source]("GstBipsSrc", initSourceClass, nil, overrides, nil)
}

func initSourceClass(class *gstbase.PushSrcClass) {
	element := class.ParentClass().ParentClass()
	element.SetMetadata("BIPS source", "Source",
		"Reads frames that another process shares, without a copy, from a pool in shared memory",
		"The BIPS authors")
	element.AddPadTemplate(gst.NewPadTemplate("src", gst.PadSrc, gst.PadAlways, gst.CapsFromString("ANY")))
	install(gobject.UnsafeObjectClassFromGlibBorrow(gstbase.UnsafePushSrcClassToGlibNone(class)), sourceProperties, sourceDefaults)
	gstglue.InstallSource(class)
}

func (s *source) init() {
	s.settings.reset(sourceDefaults)
	s.wantedAt.reset()
	gstglue.AttachSource(s, s)
	s.SetLive(true)
	s.SetFormat(gst.FormatTime)
}

func (s *source) getProperty(id uint, _ *gobject.ParamSpec) any {
	if id >= uint(len(sourceProperties)) {
		return structure(s.stats())
	}
	return s.settings.get(&sourceProperties[id])
}

func (s *source) setProperty(id uint, value any, _ *gobject.ParamSpec) {
	defer gstglue.Rescue(s, "set a property")
	if id < uint(len(sourceProperties)) {
		s.settings.set(&sourceProperties[id], value)
		if sourceProperties[id].playing {
			s.switchPool()
		}
	}
}

// start runs from READY to PAUSED. It does not look for the pool: Create does, once the
// pipeline plays.
func (s *source) start() (ok bool) {
	defer gstglue.Rescue(s, "start")
	values := s.settings.load()
	if err := values.check(); err != nil {
		fail(s, err)
		return false
	}
	consumer, err := newConsumer(&values)
	if err != nil {
		fail(s, err)
		return false
	}
	s.counts.reset()
	s.told.reset()
	s.ended.Store(false)
	s.latency.reset(limited(values.processingDeadline))
	s.wantedAt.reset()
	s.reading = reading{startTime: -1}
	gstglue.ForgetTags(s)
	addProcessors()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consumer, s.running, s.flushing = consumer, values, false
	return true
}

// stop runs from PAUSED to READY. Buffers that are still about keep what they need of the
// pool.
func (s *source) stop() bool {
	defer gstglue.Rescue(s, "stop")
	gstglue.DropHeader(s)
	if consumer := s.takeConsumer(); consumer != nil {
		removeProcessors()
		s.counts.leave(consumer)
		if err := consumer.Close(); err != nil {
			logf(gstglue.LevelWarning, s, "close: %v", err)
		}
		logf(gstglue.LevelInfo, s, "closed: %v", s.stats())
	}
	return true
}

func (s *source) changeState(transition gst.StateChange) (result gst.StateChangeReturn) {
	result = gst.StateChangeFailure
	defer gstglue.Rescue(s, "change state")
	if transition == gst.StateChangePlayingToPaused {
		s.played.stop()
		s.pausing.Store(true)
		defer s.pausing.Store(false)
	}
	result = s.ParentChangeState(transition)
	if transition == gst.StateChangePausedToPlaying {
		s.plays.Add(1)
		s.played.start() // not before: what Create returns to a base class that does not play is lost
	}
	s.suspendOrResume()
	return result
}

// suspendOrResume suspends the seat while paused and after the end of the stream: a producer must not
// wait for who does not read.
func (s *source) suspendOrResume() {
	s.seat.Lock()
	defer s.seat.Unlock()
	switch consumer, _ := s.current(); {
	case consumer == nil:
	case s.played.runs() && !s.ended.Load():
		consumer.Resume()
	default:
		consumer.Suspend()
	}
}

// Ended implements gstglue.Source.
func (s *source) Ended(ended bool) {
	s.ended.Store(ended)
	s.suspendOrResume()
}

// unlock makes Create return from any wait, until unlockStop. But for a pause Create waits
// on, suspended: told that it was interrupted, the base class would pause its task, and if
// the pipeline plays again before that, nobody would start the task any more.
func (s *source) unlock() bool {
	defer gstglue.Rescue(s, "unlock")
	switch consumer, _ := s.current(); {
	case consumer == nil:
	case s.pausing.Load():
		s.suspendOrResume()
	default:
		s.setFlushing(true)
	}
	return true
}

func (s *source) unlockStop() bool {
	defer gstglue.Rescue(s, "end an unlock")
	s.setFlushing(false)
	return true
}

func (s *source) setFlushing(flushing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushing = flushing
	if s.consumer != nil {
		s.consumer.SetFlushing(flushing)
	}
}

// takeConsumer leaves the source without a consumer, and returns the one that it had.
func (s *source) takeConsumer() *bips.Consumer {
	s.mu.Lock()
	defer s.mu.Unlock()
	consumer := s.consumer
	s.consumer = nil
	return consumer
}

func (s *source) current() (*bips.Consumer, sourceSettings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.consumer, s.running
}
