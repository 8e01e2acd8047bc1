package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/tests/golden"
	"github.com/bips-ipc/bips/tests/hostile/raw"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// eachConsumer runs a test for each consumer of a selection over each backend.
func eachConsumer(t *testing.T, selected selection, test func(*session)) {
	t.Helper()
	for i := range implementations {
		for _, backend := range testmain.Backends {
			p := pair{&implementations[0], &implementations[i], "every", backend}
			if !selected(p) {
				continue
			}
			t.Run(p.consumer.consumer+"/"+backend, func(t *testing.T) {
				t.Parallel()
				p.consumer.needed(t)
				test(&session{T: t, pair: p, pool: newPool()})
			})
		}
	}
}

// of makes a session for a part of a test.
func (s *session) part(name string, test func(*session)) {
	s.Run(name, func(t *testing.T) {
		test(&session{T: t, pair: s.pair, pool: newPool()})
	})
}

// overBackend is a pool as the backend has it.
func (s *session) overBackend(segments golden.Segments) golden.Segments {
	if s.backend == "memfd" && len(segments.Pool) >= layout.HeaderSize {
		raw.HeaderOf(segments.Pool).Backend = layout.BackendMemfd
	}
	return segments
}

// Each golden pool says the same to all programs: its frames with all that travels with them, its ends, and how it is over. (bipssrc
// gives its pipeline no frames that a live producer captured before the pipeline began.)
func TestGoldenPoolsAreReadAsTheirJSONSays(t *testing.T) {
	eachConsumer(t, programs, func(s *session) {
		for _, scene := range golden.Scenes() {
			s.part(scene.Name, func(s *session) {
				meaning, err := golden.Read(scene.Segments)
				if err != nil {
					s.Fatal(err)
				}
				s.reads(scene, meaning.Pool)
			})
		}
	})
}

func (s *session) reads(scene golden.Scene, pool *golden.Pool) {
	s.Helper()
	first := pool.Head + 1
	if len(pool.Frames) > 0 {
		first = pool.Frames[0].Sequence
	}
	segments, publish := before(scene.Segments, first)
	owed := raw.HeaderOf(segments.Pool).Ended.Load()
	st := s.put(s.overBackend(segments), segments)
	c := s.consume("--max-held=1")
	if len(pool.Frames) == 0 {
		c.looksForAWhile()
	} else {
		c.looksFor()
	}
	s.waitFor("a reader", st.isJoined)
	publish(st)
	for i, frame := range pool.Frames {
		if frame.Stream > owed {
			c.ends("end-of-stream")
		}
		owed = frame.Stream
		s.isGolden(c, frame, pool, i)
	}
	switch {
	case pool.Ended > owed:
		c.ends("end-of-stream")
		c.fails(line.Order{Do: line.DoPull, Timeout: 1000}, "timeout")
	case pool.State == "closed":
		c.ends("producer-lost")
	case c.pulling:
		c.ends("timeout")
	default:
		c.fails(line.Order{Do: line.DoPull, Timeout: 1000}, "timeout")
	}
}

// isGolden compares a frame with what the golden file says.
func (s *session) isGolden(c *peer, frame *golden.Frame, pool *golden.Pool, i int) {
	s.Helper()
	came := c.gets()
	if came.Info == nil {
		s.Fatalf("nothing is told of frame %d: %+v", frame.Sequence, *came)
	}
	want := line.Record{
		Size: len(frame.Data), PTS: known(frame.PTS), DTS: known(frame.DTS), Duration: known(frame.Duration), Capture: known(frame.CaptureTime),
		Offset: number(frame.Offset), OffsetEnd: number(frame.OffsetEnd), Flags: frame.Flags, Meta: frame.Metadata, Tags: frame.Tags, Caps: frame.Caps,
		Latency: known(pool.Latency), Published: int64(frame.PublishTime), SHA256: line.Sum([]byte(frame.Data)),
		Mode: "every", Blocking: true, Behind: came.Info.Behind,
	}
	for _, plane := range frame.Planes {
		want.Strides = append(want.Strides, plane.Stride)
		want.Offsets = append(want.Offsets, plane.Offset)
	}
	discont := i == 0 || frame.Stream != pool.Frames[i-1].Stream
	s.compares(fmt.Sprintf("frame %d", frame.Sequence), &line.Line{Sequence: frame.Sequence, Discont: discont, Info: &want}, withTime(came, frame, s))
	c.releases(came)
}

// withTime checks when a frame was published, which compares does not.
func withTime(came *line.Line, frame *golden.Frame, s *session) *line.Line {
	if came.Info.Published != int64(frame.PublishTime) {
		s.Errorf("frame %d was published at %d, want %d", frame.Sequence, came.Info.Published, frame.PublishTime)
	}
	return came
}

func known(time *uint64) int64 {
	if time == nil {
		return -1
	}
	return int64(*time)
}

func number(offset *uint64) string {
	if offset == nil {
		return none
	}
	return line.Hex(*offset)
}

// Each damage is refused by all with the same error, after the frames before it.
func TestDamagedGoldenPoolsAreRefusedWithTheSameError(t *testing.T) {
	scenes := golden.Scenes()
	whole := scenes[slices.IndexFunc(scenes, func(s golden.Scene) bool { return s.Name == "frames" })]
	eachConsumer(t, all, func(s *session) {
		for _, damage := range golden.Damages() {
			if s.backend == "memfd" && (damage.Segment == "seats" || damage.Bytes == "") {
				continue // its seats are the producer's own, and tests/hostile hands over what is cut short
			}
			s.part(damage.Name, func(s *session) { s.refuses(whole, damage) })
		}
	})
}

// A refusal is what a reader of every frame makes of a damaged pool.
type refusal struct {
	frames []uint64 // that it gets
	error  string   // how it ends then; "": it goes on
	joins  bool     // it gets in first
	late   bool     // the damage is to what the producer changes while readers read
}

// refusalOf is what the golden file calls for, of a reader that reads frame by frame.
func refusalOf(d golden.Damage) refusal {
	switch {
	case d.Error == "" && len(d.Frames) == 2:
		return refusal{frames: d.Frames, joins: true}
	case d.Error == "": // a hint that leads nowhere: the golden reader passes over it, one that waits for each frame looks in vain
		return refusal{frames: d.Frames, error: "damaged", joins: true}
	case d.Name == "pool: State", d.Name == "pool: Ended":
		return refusal{error: d.Error, joins: true, late: true}
	case strings.HasPrefix(d.Name, "record of slot 1"):
		return refusal{frames: []uint64{1}, error: d.Error, joins: true}
	case strings.HasPrefix(d.Name, "record of slot 0"), strings.HasPrefix(d.Name, "caps 0"):
		return refusal{error: d.Error, joins: true}
	}
	return refusal{error: d.Error}
}

func (s *session) refuses(whole golden.Scene, damage golden.Damage) {
	s.Helper()
	segments, publish := before(whole.Segments, 1)
	s.overBackend(segments)
	damaged, err := damage.Apply(segments)
	if err != nil {
		s.Fatal(err)
	}
	want, put := refusalOf(damage), damaged
	if want.late {
		put = segments
	}
	st := s.put(put, segments)
	c := s.consume("--max-held=1")
	if want.error == "" && s.consumerIsElements() {
		c.looksForAWhile() // the frames were captured before its pipeline began
	} else {
		c.looksFor()
	}
	switch {
	case want.late:
		s.waitFor("a reader", st.isJoined)
		copy(st.pool, damaged.Pool[:layout.HeaderSize])
		st.ring()
	case want.joins:
		s.waitFor("a reader", st.isJoined)
		publish(st)
	}
	for _, sequence := range want.frames {
		if s.consumerIsElements() {
			break
		}
		came := c.gets()
		s.check(came.Sequence == sequence, "got frame %d, want %d", came.Sequence, sequence)
		c.releases(came)
	}
	switch {
	case want.error != "":
		c.ends(want.error)
	case c.pulling:
		c.ends("timeout")
	default:
		c.fails(line.Order{Do: line.DoPull, Timeout: 1000}, "timeout")
	}
}
