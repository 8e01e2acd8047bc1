package conformance

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/tests/peer/line"
)

// A reader's request for a key frame reaches the producer, also one that it made before it found the pool.
func TestARequestForAKeyFrameReachesTheProducer(t *testing.T) {
	eachPair(t, all, func(s *session) {
		p := s.produce()
		c := s.consume()
		c.looksFor()
		p.must(line.Order{Do: line.DoCaps, Caps: "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au"})
		p.awaits(1)
		p.publishes(64)
		c.releases(c.gets())
		before := p.must(line.Order{Do: line.DoStats}).KeyFrames
		c.must(line.Order{Do: line.DoKeys})
		s.waitFor("the request", func() bool { return p.must(line.Order{Do: line.DoStats}).KeyFrames > before })
	})
}

// waitFor waits for a condition under a watchdog.
func (s *session) waitFor(what string, so func() bool) {
	s.Helper()
	for end := time.Now().Add(patience * time.Microsecond); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("%s did not come", what)
		}
	}
}

// Who asks for how much, in their order, and what each is granted, in a pool of 12 slots, of which four are the producer's.
func TestReadersAreGrantedWhatThereIsRoomFor(t *testing.T) {
	eachPair(t, programs, func(s *session) {
		p := s.produce("--slots=12", "--seats=4")
		for i, want := range []struct {
			args  []string
			quota int
			error string
		}{
			{args: []string{"--max-held=3"}, quota: 3},
			{args: []string{"--max-held=6", "--min-held=1"}, quota: 2}, // a third of 5, rounded up
			{args: []string{"--max-held=4"}, error: "pool-full"},
			{args: []string{"--max-held=3", "--min-held=3"}, quota: 3},
			{args: []string{"--max-held=1"}, error: "pool-full"}, // a seat is free, and no slot
		} {
			c := s.consume(want.args...)
			c.looksFor()
			if want.error != "" {
				c.ends(want.error)
				continue
			}
			s.waitFor("a seat", func() bool { return p.must(line.Order{Do: line.DoStats}).Consumers > i-s.full(i) })
			told := p.publishes(64)
			held := []*line.Line{c.gets()}
			if s.mode == "every" { // one of the latest got the one that was there
				s.check(held[0].Sequence == told.Sequence, "reader %d got frame %d, want %d", i, held[0].Sequence, told.Sequence)
			}
			stats := c.must(line.Order{Do: line.DoStats})
			s.check(stats.Quota == want.quota, "reader %d may hold %d frames, want %d", i, stats.Quota, want.quota)
			for len(held) < want.quota {
				p.publishes(64)
				held = append(held, c.gets())
			}
			c.ends("quota")
			for _, frame := range held {
				c.releases(frame)
			}
			if s.mode == "every" { // so that it is not waited for
				c.must(line.Order{Do: line.DoBlock})
			}
		}
	})
}

// full is how many of the first readers of the test above were refused.
func (s *session) full(readers int) int {
	if readers > 2 {
		return 1
	}
	return 0
}

// A producer that lives and publishes nothing is told as a stall, once for each.
func TestAStallIsToldOnce(t *testing.T) {
	eachPair(t, all, func(s *session) {
		p := s.produce()
		c := s.consume("--stall-timeout=50000")
		c.looksFor()
		p.must(line.Order{Do: line.DoCaps, Caps: "application/x-conform"})
		p.awaits(1)
		for i := range 3 {
			if i > 0 {
				c.ends("stalled")
				c.fails(line.Order{Do: line.DoPull, Timeout: 120_000}, "timeout")
			}
			told := p.publishes(64 + i)
			came := c.pulls()
			if i == 0 && came.Error == "stalled" { // the time was over before the first frame came
				came = c.pulls()
			}
			if came.Error != "" {
				s.Fatalf("frame %d did not come: %s: %s", i, came.Error, came.Text)
			}
			s.check(came.Info.SHA256 == told.SHA256 && came.Lost == 0 && came.Skipped == 0, "frame %d: another frame, %d lost, %d skipped", i, came.Lost, came.Skipped)
			c.releases(came)
		}
		p.close()
		if answer := c.pulls(); answer.Error == "stalled" { // the time was over before it closed
			c.ends("producer-lost")
		} else if answer.Error != "producer-lost" {
			s.Errorf("the producer closed without an end of its stream, and a pull ended with %q", answer.Error)
		}
	})
}

// A reader of every frame that is too slow is demoted after the producer's time-out, and told how many it lost.
func TestAReaderThatIsTooSlowIsDemoted(t *testing.T) {
	eachPair(t, both(readers, ofMode("every")), func(s *session) {
		p := s.produce("--slots=4", "--block-timeout=20000")
		c := s.consume("--max-held=1")
		c.looksFor()
		p.must(line.Order{Do: line.DoCaps, Caps: "application/x-conform"})
		p.awaits(1)
		p.publishes(64)
		held := c.gets()
		for range 10 {
			p.publishes(64)
		}
		c.releases(held)
		next := c.gets()
		s.check(next.Lost == next.Sequence-2 && next.Lost > 0 && next.Discont && !next.Info.Blocking, "frame %d came, %d lost, discontinuity %v, blocking %v",
			next.Sequence, next.Lost, next.Discont, next.Info.Blocking)
		s.check(next.Demoted == 1 && p.must(line.Order{Do: line.DoStats}).Demoted == 1, "the reader was told of %d demotions", next.Demoted)
		c.releases(next)
	})
}
