package hostile

import (
	"fmt"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// A seat that shows more pins than it was granted shows none: no slot is kept for it, and newcomers find room.
func TestWhoPinsMoreThanItWasGrantedHoldsNoSlotAndTakesNoRoom(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{Slots: 9}) // room for 5 held frames
	s.publish()
	every := s.read(bips.Every)
	held := s.holdOne()
	send(t, "claim-pins", "--max-held=1")
	s.waitFor("the producer to notice", func() bool { return s.pool.Stats().Overdrawn == 1 })
	before := s.published.Load()
	s.waitFor("a thousand frames in a pool of which every slot is said to be read", func() bool { return s.published.Load() > before+1000 })
	s.flows(every)
	for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
		if err := s.tryJoin(patience); err != nil {
			t.Fatalf("a newcomer beside it: %v", err)
		}
	}
	held()
}

// What a seat asks for is read once for each of its generations, and granted as far as there is room.
func TestWhoAsksForMoreThanThereIsGetsNoMoreAndKeepsNobodyOut(t *testing.T) {
	for _, what := range []string{"change-asked", "ask"} {
		t.Run(what, func(t *testing.T) {
			seed := time.Now().UnixNano()
			t.Logf("seed %d", seed)
			s := newScene(t, bips.ProducerOptions{})
			s.publish()
			every, latest := s.read(bips.Every), s.read(bips.Latest)
			held := s.holdOne()
			v := send(t, what, fmt.Sprintf("--seed=%d", seed))
			for end := time.Now().Add(deed(t)); time.Now().Before(end); {
				s.flows(every, latest)
				if info, ok := s.info(); ok && info.Granted > info.Room {
					t.Errorf("%d pins are granted, there is room for %d", info.Granted, info.Room)
				}
			}
			if what == "change-asked" { // else it may have got all that was left, asking again
				if err := s.tryJoin(patience); err != nil {
					t.Errorf("nobody can join beside it: %v", err)
				}
			}
			held()
			v.Kill()
			s.flows(every, latest)
			if err := s.tryJoin(patience); err != nil {
				t.Errorf("nobody can join when it is gone: %v", err)
			}
		})
	}
}

// The housekeeper looks once in a millisecond at most, and a request for a key frame is one word in a channel.
func TestWhoKnocksAndAsksForKeyFramesWithoutAnEndCostsTheProducerALookInAMillisecond(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{})
	s.publish()
	every, latest := s.read(bips.Every), s.read(bips.Latest)
	requests := 0
	s.goOn(func() bool {
		select {
		case <-s.pool.KeyFrameRequests():
			requests++
		case <-time.After(time.Millisecond):
		}
		return true
	})
	send(t, "knock")
	began := time.Now()
	for time.Since(began) < deed(t) {
		s.flows(every, latest)
	}
	if err := s.tryJoin(patience); err != nil {
		t.Errorf("nobody can join beside it: %v", err)
	}
	took := time.Since(began)
	s.end()
	if most := int(took/time.Millisecond) + 2; requests == 0 || requests > most {
		t.Errorf("%d requests reached the producer in %v", requests, took)
	}
	t.Logf("%d requests reached the producer in %v", requests, took)
}
