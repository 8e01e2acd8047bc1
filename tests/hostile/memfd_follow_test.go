package hostile

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// Moves go on whatever a reader that is told of one does. A reader of every frame holds the next one up for block-timeout, as it may hold up a frame.
func TestWhoDoesNotFollowAMoveAsItShouldIsLeftBehindAndHarmsNobody(t *testing.T) {
	for name, c := range map[string]struct {
		state uint32
		// follow is what it does when it has been told of a move. Its connection ends by that, or at the next move.
		follow func(t *testing.T, r, next *raw.Reader)
	}{
		"says nothing, of the latest": {layout.SeatLatest, func(*testing.T, *raw.Reader, *raw.Reader) {}},
		"says nothing, of every":      {layout.SeatEvery, func(*testing.T, *raw.Reader, *raw.Reader) {}},
		"says READY for another pool": {layout.SeatEvery, func(t *testing.T, r, _ *raw.Reader) {
			_ = r.Send(wire.Ready{Instance: r.Instance + 1, Seat: r.Grant.Seat}.Append(nil))
		}},
		"says READY twice": {layout.SeatLatest, func(t *testing.T, r, next *raw.Reader) {
			ready := wire.Ready{Instance: r.Instance, Seat: r.Grant.Seat}.Append(nil)
			_, _ = r.Send(ready), r.Send(ready)
		}},
		"says HELLO":                        {layout.SeatLatest, func(t *testing.T, r, _ *raw.Reader) { _ = r.Send(raw.Hello(1).Append(nil)) }},
		"sits, and does not take its place": {layout.SeatLatest, func(t *testing.T, r, next *raw.Reader) { sitNext(t, r, next) }},
		"sits, and pins without its place": {layout.SeatLatest, func(t *testing.T, r, next *raw.Reader) {
			sitNext(t, r, next)
			next.Seat().Pins.Store(1)
		}},
		"sits, and wants what was long ago": {layout.SeatEvery, func(t *testing.T, r, next *raw.Reader) {
			sitNext(t, r, next)
			next.Seat().Cursor.Store(1)
			next.Seat().State.Store(layout.SeatEvery)
		}},
		"ends, and holds on to the old pool": {layout.SeatEvery, func(t *testing.T, r, _ *raw.Reader) { r.EndWriting() }},
	} {
		t.Run(name, func(t *testing.T) {
			s, path := newMemfdScene(t, bips.ProducerOptions{Overflow: bips.Block, BlockTimeout: 100 * time.Millisecond})
			s.publish()
			every, latest := s.read(bips.Every), s.read(bips.Latest)
			r := attach(t, path, 1)
			r.Seat().Cursor.Store(r.Header().Head.Load() + 1)
			r.Seat().State.Store(c.state)
			s.growOnce(t)
			next, err := r.Moved(patience)
			if err != nil {
				t.Fatal(err)
			}
			defer next.Forget()
			c.follow(t, r, next)
			for range 3 { // who is honest reads each frame, in its order
				s.growOnce(t)
				s.flows(every, latest)
			}
			ended := false
			for end := time.Now().Add(patience); !ended && time.Now().Before(end); {
				_, descriptors, err := r.Receive(time.Second)
				raw.CloseAll(descriptors)
				ended = errors.Is(err, io.EOF)
			}
			if !ended {
				t.Error("its connection goes on")
			}
			if err := s.tryJoin(patience); err != nil {
				t.Errorf("nobody can join beside it: %v", err)
			}
		})
	}
}

// sitNext says READY for the next pool, and waits until it sits there.
func sitNext(t *testing.T, r, next *raw.Reader) {
	t.Helper()
	if err := next.Sit(patience); err != nil {
		t.Fatal(err)
	}
}

// growOnce moves the pool to larger slots, and checks that frames are published there.
func (s *scene) growOnce(t *testing.T) {
	t.Helper()
	began := time.Now()
	s.grow()
	t.Logf("moved in %v", time.Since(began))
}

// A move may come between the grant of a seat and the moment at which its reader sits. It sits in the old pool then, and is told of the
// move at once. Its place is kept for a second: on a machine that is slower than that, it is tried again.
func TestAReaderThatIsGrantedASeatJustBeforeAMoveIsToldOfIt(t *testing.T) {
	s, path := newMemfdScene(t, bips.ProducerOptions{})
	s.publish()
	every := s.read(bips.Every)
	for try := 1; ; try++ {
		r, err := raw.Attach(path, raw.Hello(1), patience)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Leave()
		s.growOnce(t)
		err = r.Sit(patience)
		if err == nil {
			var next *raw.Reader
			if next, err = r.Moved(patience); err == nil {
				next.Forget()
				break
			}
		}
		if try == 3 {
			t.Fatalf("it is not told of the move: %v", err)
		}
	}
	s.flows(every)
}
