package hostile

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// Admission sums what the producer granted, not what seats say, and a banned seat takes no room.
func TestWhoClaimsAHugeQuotaInItsSeatKeepsNobodyOut(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{})
	s.publish()
	latest := s.read(bips.Latest)
	send(t, "claim-quota")
	if err := s.tryJoin(patience); err != nil {
		t.Errorf("nobody can join beside it: %v", err)
	}
	s.flows(latest)
}

func TestABannedReaderTakesNoRoomFromNewcomersWhileItLives(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{Slots: 8}) // room for four held frames
	s.publish()
	send(t, "claim-pins", "--max-held=4")
	s.waitFor("the ban", func() bool { return s.pool.Stats().Overdrawn == 1 })
	latest := s.read(bips.Latest)
	s.flows(latest)
	for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
		if err := s.tryJoin(patience); err != nil {
			t.Fatalf("a newcomer beside a banned reader: %v", err)
		}
	}
}
