package bips

import (
	"errors"
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

// Who looks at a name finds a file, and when it opens that, a producer with the other backend may have taken the name.
func TestAPoolOfFilesThatOneOverConnectionsHasReplacedIsMissingAndNotDamaged(t *testing.T) {
	testmain.Dir(t)
	newMemfdProducer(t, ProducerOptions{})
	options := ConsumerOptions{MaxHeld: 1, MinHeld: 1}
	_, err := ask("camera", &options, &common{}, nil, 0)
	if !errors.Is(err, ErrNoPool) {
		t.Errorf("who asks is told %v, want ErrNoPool", err)
	}
	if errors.Is(err, errMoving) {
		t.Errorf("who follows a move would look again without an end: %v", err)
	}
}
