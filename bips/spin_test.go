package bips

import (
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

// Who does not spin is woken once for each frame, and not ahead of it.
func TestOnlyAConsumerThatSpinsWakesAheadOfFrames(t *testing.T) {
	for name, spins := range map[string]bool{"spins": true, "does not spin": false} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p := newTestProducer(t)
			options := ConsumerOptions{}
			if spins {
				options.Spin = MaxSpin
			}
			c, err := NewConsumer("camera", options)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for range 3 {
				slot, err := p.Pull(0)
				if err != nil {
					t.Fatal(err)
				}
				if err := p.Push(slot, FrameInfo{Size: 1}); err != nil {
					t.Fatal(err)
				}
				f, err := c.Pull(watchdog)
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Push(f); err != nil {
					t.Fatal(err)
				}
			}
			if notes := c.pace.at != 0; notes != spins {
				t.Errorf("it notes when frames come: %v", notes)
			}
		})
	}
}
