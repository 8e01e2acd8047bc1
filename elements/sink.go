package elements

import (
	"sync"
	"sync/atomic"

	"github.com/go-gst/go-glib/pkg/gobject/v2"
	"github.com/go-gst/go-gst/pkg/gst"
	"github.com/go-gst/go-gst/pkg/gstbase"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// sink is bipssink. See the package comment for what it does; its properties are in
// sink_properties.go.
//
// GStreamer calls Render, SetCaps and EndOfStream on the streaming thread; the other
// methods on any.
type sink struct {
	gstbase.BaseSinkInstance

	settings settings[sinkSettings]
	counts   sinkCounts
	told     told
	latency  atomic.Uint64 // of upstream; all bits set: not live
	hasKeys  atomic.Bool   // upstream makes key frames, and can be asked for them
	endAsked atomic.Bool   // an application wants the stream to end, and it has not ended yet

	// mu protects what follows.
	mu sync.Mutex
	// pool is the pool while there is one: from the caps, or the first frame, to READY.
	pool *sinkPool
	// unlocked and stopping both make every wait return: the first is GStreamer's
	// unlock, the second lasts from PAUSED to READY on.
	unlocked, stopping bool
	// making is the pool that is being made; nil: none is.
	making *makingPool

	// For the streaming thread.
	caps      string             // as set; the pool may not be there yet
	sizes     gstglue.FrameSizes // of the caps
	tags      []byte             // of the stream, as records
	refused   string             // caps that were an error
	flushed   flushed
	awaited   bool   // the readers of wait-for-consumers have come to this pool
	demotions uint64 // of readers of this pool that were told of
	qos       pacer
	heldUp    heldUp
}

func registerSink() gobject.Type {
	overrides := gstbase.BaseSinkOverrides[*sink]{
		Start:      (*sink).start,
		Unlock:     (*sink).unlock,
		UnlockStop: (*sink).unlockStop,
	}
	overrides.InstanceInit = (*sink).init
	overrides.GetProperty = (*sink).getProperty
	overrides.SetProperty = (*sink).setProperty
	overrides.ChangeState = (*sink).changeState
	return gstbase.RegisterBaseSinkSubClass[*sink]("GstBipsSink", initSinkClass, nil, overrides, nil)
}

func initSinkClass(class *gstbase.BaseSinkClass) {
	element := class.ParentClass()
	element.SetMetadata("BIPS sink", "Sink",
		"Shares frames with other processes without a copy, through a pool in shared memory",
		"The BIPS authors")
	element.AddPadTemplate(gst.NewPadTemplate("sink", gst.PadSink, gst.PadAlways, gst.CapsFromString("ANY")))
	install(gobject.UnsafeObjectClassFromGlibBorrow(gstbase.UnsafeBaseSinkClassToGlibNone(class)), sinkProperties, sinkDefaults)
	gstglue.InstallSink(class)
}

func (s *sink) init() {
	s.settings.reset(sinkDefaults)
	s.latency.Store(forever)
	gstglue.AttachSink(s, s)
	s.counts.published = gstglue.CountsOf(s)
	s.counts.metas.elsewhere = s.counts.published.Dropped
	// The last sample would pin a slot for good.
	s.SetLastSampleEnabled(false)
	s.SetQosEnabled(false)
}

func (s *sink) getProperty(id uint, _ *gobject.ParamSpec) any {
	if id >= uint(len(sinkProperties)) {
		return structure(s.stats())
	}
	return s.settings.get(&sinkProperties[id])
}

func (s *sink) setProperty(id uint, value any, _ *gobject.ParamSpec) {
	defer gstglue.Rescue(s, "set a property")
	if id < uint(len(sinkProperties)) {
		s.settings.set(&sinkProperties[id], value)
	}
}

// start runs from NULL to READY: settings that cannot work fail here, before anything streams.
func (s *sink) start() (ok bool) {
	defer gstglue.Rescue(s, "start")
	values := s.settings.load()
	if err := values.check(); err != nil {
		fail(s, err)
		return false
	}
	return true
}

func (s *sink) changeState(transition gst.StateChange) (result gst.StateChangeReturn) {
	result = gst.StateChangeFailure
	defer gstglue.Rescue(s, "change state")
	switch transition {
	case gst.StateChangeReadyToPaused:
		s.counts.reset()
		s.told.reset()
		s.endAsked.Store(false)
		s.flushed = flushed{}
		s.setStopping(false)
		gstglue.SetMetaSize(s, s.metaRoom())
		gstglue.HoldFirst(s, s.settings.load().waitForConsumers > 0)
		gstglue.HearOfEnd(s, true)
	case gst.StateChangePausedToReady:
		s.setStopping(true) // before the pads are stopped: they wait for who waits for us
	}
	result = s.ParentChangeState(transition)
	if transition == gst.StateChangePausedToReady {
		gstglue.HearOfEnd(s, false)
		gstglue.HoldFirst(s, false)
		s.closePool()
	}
	return result
}

// unlock makes Render and EndOfStream return from any wait, until unlockStop.
func (s *sink) unlock() bool {
	defer gstglue.Rescue(s, "unlock")
	s.setUnlocked(true)
	return true
}

func (s *sink) unlockStop() bool {
	defer gstglue.Rescue(s, "end an unlock")
	s.setUnlocked(false)
	return true
}

func (s *sink) setUnlocked(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unlocked = on
	s.applyFlushing()
}

func (s *sink) setStopping(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = on
	s.applyFlushing()
}

func (s *sink) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// applyFlushing is called with s.mu held.
func (s *sink) applyFlushing() {
	if s.pool != nil {
		s.pool.producer.SetFlushing(s.unlocked || s.stopping)
	}
	if s.making == nil || !s.stopping && !s.unlocked {
		return
	}
	s.making.why = bips.ErrFlushing
	if s.stopping {
		s.making.why = bips.ErrClosed
	}
	s.making.giveUp.Now()
}
