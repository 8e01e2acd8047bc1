package elements

import (
	"fmt"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"
)

// NoKeyFrame implements gstglue.Source.
func (s *source) NoKeyFrame(waited time.Duration) {
	if s.told.first("no-key-frame") {
		warn(s, stream(gst.StreamErrorDecode, fmt.Sprintf("pool %q has sent no key frame for %v: the stream begins without one, and a decoder may show broken pictures", s.values.pool, waited),
			"Let its encoder make key frames more often."))
	}
}

// OtherClock implements gstglue.Source.
func (s *source) OtherClock(ahead time.Duration) {
	text := fmt.Sprintf("the clock of the producer of pool %q is %v ahead: it runs in another time namespace, and the times of its frames mean nothing here",
		s.values.pool, ahead.Round(time.Second))
	if ahead < 0 {
		text = fmt.Sprintf("the clock of the producer of pool %q is %v behind: it runs in another time namespace, and the times of its frames mean nothing here: "+
			"those of a live producer seem to come from before this source began, and are left out", s.values.pool, (-ahead).Round(time.Second))
	}
	warn(s, resource(gst.ResourceErrorSettings, text, "Let both sides share one (unshare --time, CRIU), or set do-timestamp=true."))
}
