package elements

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/internal/gstglue"
	"github.com/bips-ipc/bips/internal/libbips"
)

// keyFrameInterval is the least time between two requests for a key frame that go upstream, however
// many readers ask: each key frame costs all readers bits.
const keyFrameInterval = 100 * time.Millisecond

// hasKeyFrames reports whether upstream is to be asked for key frames where a stream has these caps: the frames depend
// on one another, and the request does no harm. In an Ogg stream it does: theoraenc obeys it by sending its headers
// again, after which oggmux sends nothing any more (seen with GStreamer 1.22).
func hasKeyFrames(caps string) bool {
	mediaType, _, _ := strings.Cut(caps, ",")
	return !libbips.FramesStandAlone(caps) && !strings.HasSuffix(strings.TrimSpace(mediaType), "/ogg")
}

// A keyFramePasser passes on upstream what the readers of a pool ask for. It has a goroutine of its own, so that
// frames do not wait for what upstream does with a request.
type keyFramePasser struct {
	asked   <-chan struct{} // gets a value when some reader has asked
	hasKeys *atomic.Bool    // whether upstream is to be asked
	send    func() bool     // passes a request on; false: nobody takes it
	counts  *keyFrameCounts
	refused bool // the log says so already

	stop, stopped chan struct{}
}

// keyFrameCounts count requests for key frames.
type keyFrameCounts struct {
	requests atomic.Uint64 // of readers; those that come while one is being passed on are one
	events   atomic.Uint64 // that upstream took
}

func (c *keyFrameCounts) reset() {
	c.requests.Store(0)
	c.events.Store(0)
}

// keyFrameRequests returns a channel that receives a value after a reader has asked for a key frame, one for all
// requests since the last was received. The producer's end ends what sends it.
func keyFrameRequests(producer *libbips.Producer) <-chan struct{} {
	asked := make(chan struct{}, 1)
	go func() {
		for producer.WaitKeyFrameRequest() {
			select {
			case asked <- struct{}{}:
			default: // one is waiting to be received
			}
		}
	}()
	return asked
}

// passKeyFrameRequests begins to pass on the requests of a producer's readers, until close.
func (s *sink) passKeyFrameRequests(asked <-chan struct{}) *keyFramePasser {
	p := &keyFramePasser{
		asked:   asked,
		hasKeys: &s.hasKeys,
		counts:  &s.counts.keyFrames,
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
	p.send = func() bool {
		taken := gstglue.AskForKeyFrame(s)
		if !taken && !p.refused {
			p.refused = true
			logf(gstglue.LevelInfo, s, "a reader asks for a key frame, and no element before the sink takes such a request")
		}
		return taken
	}
	go func() {
		defer close(p.stopped)
		defer gstglue.Rescue(s, "ask for a key frame")
		p.run()
	}()
	return p
}

// close ends that, and returns when nothing more is passed on.
func (p *keyFramePasser) close() {
	close(p.stop)
	<-p.stopped
}

func (p *keyFramePasser) run() {
	var last time.Time // when a request was passed on
	for p.isAsked() {
		if !p.hasKeys.Load() {
			continue
		}
		if !last.IsZero() && !p.rest(keyFrameInterval-time.Since(last)) {
			return
		}
		select { // what was asked meanwhile gets the same key frame
		case <-p.asked:
			p.counts.requests.Add(1)
		default:
		}
		last = time.Now()
		if p.send() {
			p.counts.events.Add(1)
		}
	}
}

// isAsked waits for a request; false: it is over.
func (p *keyFramePasser) isAsked() bool {
	select {
	case <-p.stop:
		return false
	case <-p.asked:
		p.counts.requests.Add(1)
		return true
	}
}

// rest waits; false: it is over.
func (p *keyFramePasser) rest(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.stop:
		return false
	case <-timer.C:
		return true
	}
}
