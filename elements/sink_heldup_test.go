package elements

import (
	"testing"
	"time"
)

func TestHeldUpCountsTheWaitsOfTheLastWindow(t *testing.T) {
	var h heldUp
	now := time.Unix(1000, 0)
	waited := time.Duration(0)
	for i, c := range []struct{ pause, wait, want time.Duration }{
		{0, time.Second, time.Second},
		{5 * time.Second, 100 * time.Millisecond, 1100 * time.Millisecond},
		{6 * time.Second, time.Second, time.Second}, // another window
		{time.Second, time.Second, 2 * time.Second},
		{time.Minute, time.Millisecond, time.Millisecond},
	} {
		now = now.Add(c.pause)
		waited += c.wait
		if of := h.add(waited, now); of != c.want {
			t.Errorf("wait %d: %v of the window, want %v", i, of, c.want)
		}
	}
}
