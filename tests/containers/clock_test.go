package containers

import (
	"testing"
	"time"
)

// A container with a time namespace counts its time from another moment. Frames cross, and deaths are noticed, all the same; the
// reader is told, and times are right with do-timestamp.
func TestAContainerHasATimeOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		producer, reader time.Duration // by how much its clock is ahead
		told             string
	}{
		"the reader is ahead":   {0, time.Hour, `^WARNING.*clock of the producer of pool "camera" is 1h0m\d+s behind`},
		"the producer is ahead": {time.Hour, 0, `^WARNING.*clock of the producer of pool "camera" is 1h0m\d+s ahead`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachBackend(t, func(s *stage) {
				inside := place{kind: crun, user: readers, readOnly: s.backend.readOnly, ahead: c.reader}
				producing := place{kind: crun, user: producers, ahead: c.producer}
				want := s.sent(producing)
				plain := s.read(inside, "")
				stamped := s.read(inside, "do-timestamp=true")
				producer := s.produce(producing, pictures+" num-buffers=40 ! "+caps, "wait-for-consumers=2")
				producer.finish()
				plain.finish()
				stamped.finish()
				same(s.t, plain.frames(), want)
				same(s.t, stamped.frames(), want)
				increasing(s.t, stamped.frames())
				plain.waitFor(1, c.told)

				producer = s.produce(producing, "-e "+live, "")
				latest := s.launch(inside, "bipssrc pool=camera read-mode=latest do-timestamp=true ! %s", checksumSink)
				ending := s.read(inside, "on-producer-loss=eos do-timestamp=true")
				latest.waitFor(3, frameLine)
				ending.waitFor(3, frameLine)
				producer.kill()
				ending.finish()
				s.produce(place{kind: crun, user: producers}, pictures+" num-buffers=1 ! "+caps, "wait-for-consumers=1").finish()
				latest.finish()
				increasing(s.t, ending.frames())
				increasing(s.t, latest.frames())
			})
		})
	}
}

// increasing checks that times are those of a reader that has just started.
func increasing(t *testing.T, frames []frame) {
	t.Helper()
	before := time.Duration(-1)
	for i, f := range frames {
		if f.pts <= before || f.pts > patience {
			t.Errorf("frame %d: PTS %v after %v", i, f.pts, before)
		}
		before = f.pts
	}
}
