package conformance

import (
	"fmt"
	"testing"
	"time"

	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// A frame that outgrows its slot makes the pool move: no reader loses any frame, and what it holds stays what it is.
func TestAPoolMovesAsFramesGrow(t *testing.T) {
	eachPair(t, all, func(s *session) {
		const first = 3000
		args := []string{"--slots=6"}
		if !s.producerIsElements() { // else the pool would keep to that size
			args = append(args, "--slot-size=3000")
		}
		p := s.produce(args...)
		c := s.consume("--max-held=2")
		c.looksFor()
		caps := line.Order{Do: line.DoCaps, Caps: "application/x-conform"}
		p.must(caps)
		p.awaits(1)
		told := p.publishes(first)
		held := c.gets()
		sum := held.Info.SHA256
		s.check(sum == told.SHA256, "the first frame has other bytes")
		size := first
		for range 2 {
			size *= 20 // bipssink, which gives more room than it needs, moves at 1.2 MB
			c.looksFor()
			p.must(line.Order{Do: line.DoGrow, Size: size})
			told := p.publishes(size)
			came := c.gets()
			s.check(came.Info.SHA256 == told.SHA256 && came.Info.Size == size, "a frame of %d bytes came as %d bytes with the sum %s", size, came.Info.Size, came.Info.SHA256)
			s.check(came.Lost == 0 && came.Skipped == 0 && !came.Discont, "over a move %d are lost, %d skipped, discontinuity %v", came.Lost, came.Skipped, came.Discont)
			if !s.consumerIsElements() {
				s.check(came.Sequence == told.Sequence, "got frame %d, want %d", came.Sequence, told.Sequence)
			}
			c.releases(came)
		}
		again := c.must(line.Order{Do: line.DoSum, Hold: held.Hold})
		s.check(again.SHA256 == sum, "a frame that was held over the moves has changed")
		c.releases(held)
		moves := p.must(line.Order{Do: line.DoStats}).Moves
		stats := c.must(line.Order{Do: line.DoStats})
		s.check(moves >= 1 && stats.Moves == moves, "the producer counts %d moves, the reader %d", moves, stats.Moves)
		s.check(s.producerIsElements() || moves == 2, "%d moves, want 2", moves)
		s.check(stats.Received == 3 && stats.Lost == 0 && stats.Skipped == 0 && stats.Instances == 1, "the reader counts %+v", *stats)
	})
}

func (s *session) consumerIsElements() bool { return s.pair.consumer.elements }
func (s *session) producerIsElements() bool { return s.pair.producer.elements }

// The end of a stream comes once, behind its last frame. What follows is another stream, of the same instance or the next.
func TestTheEndOfAStreamIsToldOnceBehindItsLastFrame(t *testing.T) {
	eachPair(t, all, func(s *session) {
		p := s.produce()
		c := s.consume()
		c.looksFor()
		p.must(line.Order{Do: line.DoCaps, Caps: "application/x-conform"})
		p.awaits(1)
		p.publishes(64)
		c.releases(c.gets())
		last := p.publishes(65)
		p.must(line.Order{Do: line.DoEnd})
		came := c.gets()
		s.check(came.Info.SHA256 == last.SHA256, "the last frame is another one")
		c.releases(came)
		c.ends("end-of-stream")
		if s.elements() {
			return // an element has ended then
		}
		c.fails(line.Order{Do: line.DoPull, Timeout: 1000}, "timeout")
		c.looksFor()
		next := p.publishes(66)
		came = c.gets()
		s.check(came.Sequence == next.Sequence && came.Discont && came.Lost == 0 && came.Skipped == 0,
			"the next stream begins with frame %d, discontinuity %v, %d lost, %d skipped, want frame %d", came.Sequence, came.Discont, came.Lost, came.Skipped, next.Sequence)
		p.must(line.Order{Do: line.DoEnd})
		p.must(line.Order{Do: line.DoEnd}) // the same end
		c.ends("end-of-stream")
		c.fails(line.Order{Do: line.DoPull, Timeout: 1000}, "timeout")
	})
}

// A producer that closes after the end of its stream is gone without a loss, and readers find the next one, also if that has
// the other backend.
func TestAProducerIsStartedAnew(t *testing.T) {
	eachPair(t, all, func(s *session) {
		c := s.consume()
		var instances []string
		backends := map[string][]string{"shm": {"shm", "memfd", "shm"}, "memfd": {"memfd", "memfd", "shm"}}[s.backend]
		for run, backend := range backends {
			s.backend = backend
			p := s.produce()
			if !c.pulling {
				c.looksFor()
			}
			p.must(line.Order{Do: line.DoCaps, Caps: "application/x-conform"})
			p.awaits(1)
			told := p.publishes(64 + run)
			came := c.gets()
			s.check(came.Info.SHA256 == told.SHA256 && came.Discont && came.Lost == 0, "run %d: another frame, discontinuity %v, %d lost", run, came.Discont, came.Lost)
			c.releases(came)
			if !s.consumerIsElements() {
				s.check(came.Sequence == 1, "run %d begins with frame %d", run, came.Sequence)
				instances = append(instances, c.event(line.Instance).Instance)
			}
			p.must(line.Order{Do: line.DoEnd})
			c.ends("end-of-stream")
			p.close()
		}
		if !s.consumerIsElements() {
			s.check(instances[0] != instances[1] && instances[1] != instances[2], "the instances are %q", instances)
			stats := c.must(line.Order{Do: line.DoStats})
			s.check(stats.Instances == 3 && stats.Received == 3 && stats.Lost == 0, "the reader counts %+v", *stats)
		}
	})
}

// The producer is killed: the reader is told of it, what it holds stays what it is, and it finds the next producer.
func TestAProducerIsKilled(t *testing.T) {
	eachPair(t, all, func(s *session) {
		p := s.produce()
		c := s.consume()
		c.looksFor()
		p.must(line.Order{Do: line.DoCaps, Caps: "application/x-conform"})
		p.awaits(1)
		told := p.publishes(64)
		held := c.gets()
		p.Kill()
		c.ends("producer-lost")
		p = s.produce()
		c.looksFor()
		p.must(line.Order{Do: line.DoCaps, Caps: "application/x-conform"})
		p.awaits(1)
		next := p.publishes(65)
		came := c.gets()
		s.check(came.Info.SHA256 == next.SHA256 && came.Discont, "the next producer's first frame is another one, discontinuity %v", came.Discont)
		again := c.must(line.Order{Do: line.DoSum, Hold: held.Hold})
		s.check(again.SHA256 == told.SHA256, "a frame that was held has changed")
		c.releases(held)
		c.releases(came)
	})
}

// A producer is killed in the middle of a frame: its slots are lent, and written to. No reader sees a part of a frame. The next producer's pool is
// larger, with larger slots, and each of its frames comes whole.
func TestAProducerIsKilledInTheMiddleOfAFrame(t *testing.T) {
	eachPair(t, writers, func(s *session) {
		const size = 1 << 20
		c := s.consume("--max-held=2")
		p := s.start(drive.Produce, s.pair.producer, "--backend="+s.backend, "--slots=6", fmt.Sprint("--slot-size=", size))
		c.looksFor()
		p.must(line.Order{Do: line.DoCaps, Caps: "application/x-conform"})
		p.awaits(1)
		told := p.publishes(size)
		held := c.gets()
		if answer := p.Ask(line.Order{Do: line.DoHold, Timeout: 100_000}); answer.Slots < 4 {
			s.Fatalf("%d slots are lent (%s)", answer.Slots, answer.Text)
		}
		c.looksFor()
		p.Kill()
		c.ends("producer-lost")

		c.looksFor()
		p = s.start(drive.Produce, s.pair.producer, "--backend="+s.backend, "--slots=12", fmt.Sprint("--slot-size=", 4*size))
		p.must(line.Order{Do: line.DoCaps, Caps: "application/x-conform"})
		p.awaits(1)
		for i := range 3 {
			told := p.publishes(3*size + i)
			came := c.gets()
			s.check(came.Info.SHA256 == told.SHA256 && came.Info.Size == 3*size+i && came.Lost == 0 && came.Discont == (i == 0),
				"frame %d of the next producer came as %d bytes with the sum %s, %d lost, discontinuity %v", i, came.Info.Size, came.Info.SHA256, came.Lost, came.Discont)
			c.releases(came)
			if i < 2 {
				c.looksFor()
			}
		}
		again := c.must(line.Order{Do: line.DoSum, Hold: held.Hold})
		s.check(again.SHA256 == told.SHA256, "a frame that was held has changed")
		c.releases(held)
	})
}

// Producers that write large frames one after the other are killed at any moment, which is nearly always in the middle of one; the next
// ones have larger slots. The reader looks at every byte.
func TestProducersAreKilledWhileTheyWriteLargeFrames(t *testing.T) {
	eachPair(t, programs, func(s *session) {
		seen, instances := make(chan int, 1000), 0 // the number of the producer, for each frame
		c := s.startAs(drive.Consume, s.pair.consumer, func(l *line.Line) {
			if l.Event == line.Instance {
				instances++
			}
			if l.Event == line.Frame {
				select {
				case seen <- instances:
				default:
				}
			}
		}, "--mode="+s.mode)
		for run, size := range []int{200_000, 900_000, 2_000_000} {
			p := s.startAs(drive.Produce, s.pair.producer, nil, "--backend="+s.backend, "--slots=8", "--wait=1",
				fmt.Sprint("--slot-size=", size), fmt.Sprint("--size=", size), fmt.Sprint("--busy=", drive.Patience.Microseconds()))
			for frames := 0; frames < 3+run; {
				select {
				case of := <-seen:
					if of == run+1 {
						frames++
					}
				case <-time.After(drive.Patience):
					s.Fatalf("producer %d: no frame came: %s %s", run+1, p.Complaints(), c.Complaints())
				}
			}
			if run < 2 { // the last one takes its names with it
				p.Kill()
			}
		}
		stats := c.must(line.Order{Do: line.DoStats})
		s.check(stats.Instances == 3, "the reader counts %d instances, want 3", stats.Instances)
	})
}

// A reader is killed while it holds a frame and is waited for: the producer goes on with all of its slots.
func TestAReaderIsKilled(t *testing.T) {
	eachPair(t, all, func(s *session) {
		p := s.produce("--slots=4")
		c := s.consume("--max-held=1")
		c.looksFor()
		p.must(line.Order{Do: line.DoCaps, Caps: "application/x-conform"})
		p.awaits(1)
		p.publishes(64)
		c.gets()
		c.Kill()
		for range 12 {
			p.publishes(64)
		}
		s.waitFor("the seat of the dead reader", func() bool { return p.must(line.Order{Do: line.DoStats}).Consumers == 0 })
		if stats := p.must(line.Order{Do: line.DoStats}); stats.Reclaimed != 1 || stats.Demoted != 0 || stats.Published != 13 {
			s.Errorf("the producer counts %+v", *stats)
		}
		if s.producerIsElements() {
			return // it has no slots to show
		}
		if answer := p.Ask(line.Order{Do: line.DoHold, Timeout: 100_000}); answer.Slots != 3 {
			s.Errorf("%d slots could be taken, want 3 (%s)", answer.Slots, answer.Text)
		}
	})
}
