package bips_test

import (
	"testing"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// A collection during a wait would show as milliseconds in the latency.
func TestPullAndPushAllocateNothing(t *testing.T) {
	for name, mode := range map[string]bips.Mode{"latest": bips.Latest, "every": bips.Every} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p := newProducer(t, bips.ProducerOptions{})
			c := newConsumer(t, bips.ConsumerOptions{Mode: mode})
			join(t, c)
			if err := p.SetTags(titled(t, "Gate")); err != nil {
				t.Fatal(err)
			}
			meta := make([]byte, 104) // 13 records without a payload
			perFrame := testing.AllocsPerRun(1000, func() {
				slot, err := p.Pull(patience)
				if err != nil {
					t.Fatal(err)
				}
				if err := p.Push(slot, bips.FrameInfo{Size: 64, Meta: meta}); err != nil {
					t.Fatal(err)
				}
				f, err := c.Pull(patience)
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Push(f); err != nil {
					t.Fatal(err)
				}
			})
			if perFrame != 0 {
				t.Errorf("%v allocations for each frame, want none", perFrame)
			}
		})
	}
}
