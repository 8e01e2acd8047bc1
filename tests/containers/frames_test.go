package containers

import (
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Pictures of the tests: 50 a second.
const (
	pictures = "videotestsrc pattern=ball"
	caps     = "video/x-raw,format=I420,width=320,height=240,framerate=50/1"
	apart    = time.Second / 50
)

// checksumSink prints the time and the checksum of each frame.
const checksumSink = "checksumsink hash=sha256 sync=false"

var checksumLine = regexp.MustCompile(`^(\d+):(\d\d):(\d\d)\.(\d{9}) ([0-9a-f]{64})$`)

const frameLine = `^\d+:\d\d:\d\d\.\d{9} [0-9a-f]{64}$` // a line of checksumSink, for waitFor

// A frame is what checksumSink printed of it.
type frame struct {
	pts time.Duration
	sum string
}

// frames returns those that checksumSink printed so far.
func (p *process) frames() (frames []frame) {
	lines, _ := p.lines()
	for _, line := range lines {
		m := checksumLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		number := func(i int) time.Duration {
			n, err := strconv.Atoi(m[i])
			if err != nil {
				p.t.Fatal(err)
			}
			return time.Duration(n)
		}
		frames = append(frames, frame{number(1)*time.Hour + number(2)*time.Minute + number(3)*time.Second + number(4), m[5]})
	}
	return frames
}

func sums(frames []frame) (all []string) {
	for _, f := range frames {
		all = append(all, f.sum)
	}
	return all
}

// sentFrames is how many frames producers of most tests send.
const sentFrames = 40

// sent are the frames that a producer sends, as they are before they cross. The host's GStreamer, and that
// of the image, draw them alike: this is checked, too.
func (s *stage) sent(p place) []frame {
	s.t.Helper()
	if p.kind != host {
		p = place{kind: crun, user: producers}
	}
	references.mu.Lock()
	defer references.mu.Unlock()
	if frames := references.of[p.kind]; frames != nil {
		return frames
	}
	q := s.launch(p, "%s num-buffers=%d ! %s ! %s", pictures, sentFrames, caps, checksumSink)
	q.finish()
	frames := q.frames()
	if len(frames) != sentFrames {
		s.t.Fatalf("%d frames, want %d: %s", len(frames), sentFrames, q.line)
	}
	references.of[p.kind] = frames
	return frames
}

var references = struct {
	mu sync.Mutex
	of map[kind][]frame
}{of: map[kind][]frame{}}

// same compares the checksums of all frames.
func same(t *testing.T, got, want []frame) {
	t.Helper()
	if slices.Equal(sums(got), sums(want)) {
		return
	}
	differ := 0
	for i := range min(len(got), len(want)) {
		if got[i].sum != want[i].sum {
			differ++
		}
	}
	t.Errorf("got %d frames, want %d; of those that came, %d differ", len(got), len(want), differ)
}

// inTime checks the times of frames that were captured one after the other, in the reader's running time:
// they are as far apart as when they were captured, and the first came after the reader started, so it is not the
// time of another clock.
func inTime(t *testing.T, frames []frame) {
	t.Helper()
	for i, f := range frames {
		if f.pts < 0 || f.pts > patience {
			t.Errorf("frame %d: PTS %v", i, f.pts)
		}
		if i > 0 && (f.pts-frames[i-1].pts-apart).Abs() > apart/4 && frames[i-1].pts > 0 {
			t.Errorf("frame %d is %v after the one before, was captured %v after it", i, f.pts-frames[i-1].pts, apart)
		}
	}
}
