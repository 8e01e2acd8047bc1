package elements

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gst/go-glib/pkg/gobject/v2"
	"github.com/go-gst/go-gst/pkg/gst"
	"github.com/go-gst/go-gst/pkg/gstbase"

	"github.com/bips-ipc/bips/internal/gstglue"
)

// source is bipssrc. See the package comment for what it does; its properties are in
// source_properties.go.
//
// Its frames do not come by here: they go through C (internal/gstglue), which calls the methods of
// gstglue.Source for what is out of the ordinary.
type source struct {
	gstbase.PushSrcInstance

	settings settings[sourceSettings]
	counts   sourceCounts
	told     told
	// pausing is set while the state changes from PLAYING to PAUSED.
	pausing atomic.Bool
	// played is how long the source was in PLAYING; it runs while it is.
	played stopwatch

	seat      sync.Mutex // held while the seat is suspended or resumed
	switching sync.Mutex // held while another reader takes the place of one

	// mu protects what follows.
	mu       sync.Mutex
	reader   *gstglue.Reader // from READY to READY
	running  sourceSettings  // the settings that reader was started with
	flushing bool            // as of unlock and unlockStop

	reading
}

// reading is what has to be known when no frame comes, and what was told. It is for the streaming thread.
type reading struct {
	asked         *gstglue.Reader // whom the source reads from
	values        sourceSettings  // that it was started with
	found         bool            // the pool was there; since then on-producer-loss says what to do without
	searching     bool            // for a pool, since searchedSince of played
	searchedSince time.Duration
	waits         bool // there is no pool, since waitsSince of played
	waitsSince    time.Duration
	foundPool     bool // there was one at the last look, of a producer that answers, and no seat in it
	toldOfWait    bool
	stalledSince  time.Time // when the frames ceased to come, after a stall was told; zero: none was
	standing      standing
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

// start runs from READY to PAUSED. It does not look for the pool: the streaming thread does, once the
// pipeline plays.
func (s *source) start() (ok bool) {
	defer gstglue.Rescue(s, "start")
	values := s.settings.load()
	if err := values.check(); err != nil {
		fail(s, err)
		return false
	}
	reader, err := newReader(&values)
	if err != nil {
		fail(s, err)
		return false
	}
	s.counts.reset()
	s.told.reset()
	s.reading = reading{}
	gstglue.BeginRun(s, values.processingDeadline)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reader, s.running, s.flushing = reader, values, false
	gstglue.SetReader(s, reader)
	return true
}

// stop runs from PAUSED to READY. Buffers that are still about keep what they need of the
// pool.
func (s *source) stop() bool {
	defer gstglue.Rescue(s, "stop")
	gstglue.EndRun(s)
	if reader := s.takeReader(); reader != nil {
		s.leave(reader)
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
		gstglue.CountPlay(s)
		s.played.start() // not before: what the streaming thread returns to a base class that does not play is lost
	}
	s.suspendOrResume()
	return result
}

// suspendOrResume suspends the seat while paused and after the end of the stream: a producer must not
// wait for who does not read.
func (s *source) suspendOrResume() {
	s.seat.Lock()
	defer s.seat.Unlock()
	switch reader, _ := s.current(); {
	case reader == nil:
	case s.played.runs() && !gstglue.HasEnded(s):
		reader.Resume()
	default:
		reader.Suspend()
	}
}

// Ended implements gstglue.Source.
func (s *source) Ended() { s.suspendOrResume() }

// unlock makes the streaming thread return from any wait, until unlockStop. But for a pause it waits
// on, suspended: told that it was interrupted, the base class would pause its task, and if
// the pipeline plays again before that, nobody would start the task any more.
func (s *source) unlock() bool {
	defer gstglue.Rescue(s, "unlock")
	switch reader, _ := s.current(); {
	case reader == nil:
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
	if s.reader != nil {
		s.reader.SetFlushing(flushing)
	}
}

// Gone implements gstglue.Source.
func (s *source) Gone() { s.counts.reset() }

// takeReader leaves the source without a reader, and returns the one that it had.
func (s *source) takeReader() *gstglue.Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	reader := s.reader
	s.reader = nil
	gstglue.SetReader(s, nil)
	return reader
}

func (s *source) current() (*gstglue.Reader, sourceSettings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reader, s.running
}
