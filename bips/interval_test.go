package bips

import (
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

// Whatever the records say of when frames were published, how far they are apart is a span of time.
func TestFramesAreNotLessThanNothingApart(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c, err := NewConsumer("camera", ConsumerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		slot, err := p.Pull(0)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Push(slot, FrameInfo{Size: 1}); err != nil {
			t.Fatal(err)
		}
	}
	f, err := c.Pull(watchdog)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Push(f)
	strange := []uint64{0, 1, 1<<63 - 1, 1 << 63, 1<<64 - 1}
	for _, first := range strange {
		for _, second := range strange {
			p.own.pool.records[0].PublishTime.Store(first)
			p.own.pool.records[1].PublishTime.Store(second)
			if info, _ := c.Pool(); info.Interval < 0 {
				t.Errorf("published at %#x and %#x: %v apart", first, second, info.Interval)
			}
		}
	}
}
