package hostile

import (
	"errors"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// After a move the readers' places in the new pool are theirs by a word that only the producer writes. Who takes the locks of the seats there keeps
// them from coming, for as long as the producer waits for them; the producer goes on.
func TestWhoLocksThePlacesOfOthersAfterAMoveKeepsThemOutAndHoldsTheProducerUpForAMomentOnly(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{Overflow: bips.Block, BlockTimeout: 50 * time.Millisecond})
	s.publish()
	every := s.readAll()
	v := send(t, "lock-places")
	for range 3 {
		s.grow()
	}
	v.Kill()
	s.grow()
	s.flows(every)
	if err := s.tryJoin(patience); err != nil {
		t.Errorf("nobody can join when it is gone: %v", err)
	}
}

// Who writes to the seats of others there, too, spoils what these read, as it can without a move; the producer goes on.
func TestWhoClaimsThePlacesOfOthersAfterAMoveHarmsReadersButTheProducerMovesOn(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{Overflow: bips.Block, BlockTimeout: 50 * time.Millisecond})
	s.publish()
	v := send(t, "claim-places")
	every := s.readAll()
	for range 5 {
		s.grow()
	}
	v.Kill()
	s.grow()
	s.flows(every)
	if err := s.tryJoin(patience); err != nil {
		t.Errorf("nobody can join when it is gone: %v", err)
	}
}

// grow moves the pool to larger slots, and checks that frames are published there.
func (s *scene) grow() {
	s.Helper()
	if err := s.pool.Grow(s.pool.SlotSize() + 64); err != nil && !errors.Is(err, bips.ErrDropped) {
		s.Fatal(err)
	}
	before := s.published.Load()
	s.waitFor("frames in the new pool", func() bool { return s.published.Load() > before+20 })
}
