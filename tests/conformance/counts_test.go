package conformance

import (
	"slices"
	"testing"

	"github.com/bips-ipc/bips/tests/peer/line"
)

// A reader of every frame gets each, one of the latest gets the newest and is told how many it passed by.
func TestFramesThatWerePassedByAreCounted(t *testing.T) {
	eachPair(t, programs, func(s *session) {
		p := s.produce("--slots=12")
		c := s.consume("--max-held=1")
		c.looksFor()
		p.awaits(1)
		s.isNext(p, c, 0, 0)
		for range 4 {
			p.publishes(64)
		}
		if s.mode == "latest" {
			s.comes(c, 5, 3, 0, 0)
		} else {
			for sequence := uint64(2); sequence <= 5; sequence++ {
				s.comes(c, sequence, 0, 0, 5-sequence)
			}
		}
		s.isNext(p, c, 0, 0)
		stats := c.must(line.Order{Do: line.DoStats})
		received, skipped := uint64(6), uint64(0)
		if s.mode == "latest" {
			received, skipped = 3, 3
		}
		if stats.Received != received || stats.Skipped != skipped || stats.Lost != 0 || stats.Held != 0 || stats.Instances != 1 {
			s.Errorf("it counted %+v", *stats)
		}
	})
}

// What a producer drops is lost for all who read, and counted with the next frame.
func TestFramesThatWereDroppedAreCountedAsLost(t *testing.T) {
	eachPair(t, programs, func(s *session) {
		p := s.produce("--slots=4", "--overflow=drop")
		c := s.consume("--max-held=1")
		c.looksFor()
		p.awaits(1)
		s.isNext(p, c, 0, 0)
		for range 3 {
			p.must(line.Order{Do: line.DoDrop})
		}
		s.isNext(p, c, 0, 3)
		s.isNext(p, c, 0, 0)
		// No slot is free, once a reader holds one, the newest frame lies in one, and the producer has the others.
		p.must(line.Order{Do: line.DoFrame, Size: 64, Timeout: patience, Info: plain()})
		held := c.gets()
		p.publishes(64)
		if answer := p.Ask(line.Order{Do: line.DoHold}); answer.Slots != 2 || answer.Error != "dropped" {
			s.Errorf("the producer could take %d slots and then got %q, want 2, dropped", answer.Slots, answer.Error)
		}
		p.fails(line.Order{Do: line.DoFrame, Size: 64, Info: plain()}, "dropped")
		c.releases(held)
		s.comes(c, held.Sequence+1, 0, 0, 0)
		stats := c.must(line.Order{Do: line.DoStats})
		if dropped := p.must(line.Order{Do: line.DoStats}).Dropped; stats.Lost != 3 || dropped != 5 {
			s.Errorf("the reader counts %d frames as lost, the producer %d as dropped, want 3, and 5 of which it has had a frame since three", stats.Lost, dropped)
		}
	})
}

// isNext publishes a frame, which is the next one that comes.
func (s *session) isNext(p, c *peer, skipped, lost uint64) {
	s.Helper()
	if !c.pulling {
		c.looksFor()
	}
	told := p.publishes(64)
	s.comes(c, told.Sequence, skipped, lost, 0)
}

// comes pulls a frame, compares how it came, and gives it back.
func (s *session) comes(c *peer, sequence, skipped, lost, behind uint64) {
	s.Helper()
	got := c.gets()
	if got.Sequence != sequence || got.Skipped != skipped || got.Lost != lost || got.Discont != (sequence == 1 || skipped+lost > 0) || got.Info.Behind != behind {
		s.Errorf("got frame %d, %d skipped, %d lost, discontinuity %v, %d behind, want frame %d, %d skipped, %d lost, %d behind",
			got.Sequence, got.Skipped, got.Lost, got.Discont, got.Info.Behind, sequence, skipped, lost, behind)
	}
	c.releases(got)
}

// A reader of the latest that allows frames an age gets those first that it has not had.
func TestAReaderThatAllowsAnAgeGetsOlderFramesFirst(t *testing.T) {
	eachPair(t, both(programs, ofMode("latest")), func(s *session) {
		const day = 24 * 3600 * 1_000_000
		p := s.produce("--slots=12")
		c := s.consume("--max-held=1", "--max-age=86400000000")
		c.looksFor()
		p.awaits(1)
		s.isNext(p, c, 0, 0)
		for range 4 {
			p.publishes(64)
		}
		s.comes(c, 2, 0, 0, 3)
		s.comes(c, 3, 0, 0, 2)
		c.must(line.Order{Do: line.DoMaxAge})
		s.comes(c, 5, 1, 0, 0)
		p.publishes(64)
		p.publishes(64)
		c.must(line.Order{Do: line.DoMaxAge, MaxAge: day})
		s.comes(c, 6, 0, 0, 1)
	})
}

// While it is suspended a reader is not waited for, and what is published meanwhile is not lost for it.
func TestASuspendedReaderReadsOnFromWhatComesThen(t *testing.T) {
	eachPair(t, programs, func(s *session) {
		p := s.produce("--slots=6")
		c := s.consume("--max-held=1")
		c.looksFor()
		p.awaits(1)
		s.isNext(p, c, 0, 0)
		c.must(line.Order{Do: line.DoSuspend})
		c.fails(line.Order{Do: line.DoPull, Timeout: 1000}, "timeout")
		for range 20 { // more than there are slots
			p.publishes(64)
		}
		c.must(line.Order{Do: line.DoResume})
		want := uint64(21) // the newest
		if s.mode == "every" {
			c.looksFor()
			p.awaits(1)
			want = p.publishes(64).Sequence
		}
		got := c.gets()
		if got.Sequence != want || got.Skipped != 0 || got.Lost != 0 || !got.Discont {
			s.Errorf("got frame %d, %d skipped, %d lost, discontinuity %v, want frame %d after a discontinuity", got.Sequence, got.Skipped, got.Lost, got.Discont, want)
		}
		c.releases(got)
	})
}

// A pipeline is not told what was skipped before a buffer. Its buffers, and the counters of bipssrc, show the same.
func TestAPipelineGetsEachFrameOrTheNewest(t *testing.T) {
	eachPair(t, pipelines, func(s *session) {
		p := s.produce()
		c := s.consume("--max-held=3")
		c.looksFor()
		p.must(line.Order{Do: line.DoCaps, Caps: "application/x-conform"})
		p.awaits(1)
		const frames = 8
		var sums []string
		for i := range frames {
			sums = append(sums, p.publishes(64+i).SHA256)
		}
		next := 0
		for next < frames {
			came := c.gets()
			at := slices.Index(sums, came.Info.SHA256)
			if at < next || s.mode == "every" && at != next {
				s.Fatalf("frame %d of %d came after %d others", at, frames, next)
			}
			next = at + 1
			c.releases(came)
		}
		stats := c.must(line.Order{Do: line.DoStats})
		s.check(stats.Received+stats.Skipped == frames && stats.Lost == 0 && stats.Instances == 1 && (s.mode == "latest" || stats.Skipped == 0), "it counts %+v", *stats)
	})
}
