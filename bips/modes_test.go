package bips_test

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestEveryGetsEachFrameInOrder(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	go func() {
		for i := range 500 {
			slot, err := p.Pull(patience)
			if err != nil {
				return
			}
			slot.Data[0] = byte(i)
			_ = p.Push(slot, bips.FrameInfo{Size: 1})
		}
	}()
	for i := range 500 {
		f := pull(t, c)
		if f.Sequence != uint64(i+1) || f.Data[0] != byte(i) || f.Lost != 0 || f.Discontinuity != (i == 0) {
			t.Fatalf("frame %d is %+v", i, f)
		}
		if err := c.Push(f); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLatestGetsTheNewestAndCountsWhatItPassedBy(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{})
	push(t, p, 1)
	if v := pullValue(t, c); v != 1 {
		t.Fatalf("got %d", v)
	}
	for v := byte(2); v <= 30; v++ {
		push(t, p, v)
	}
	f := pull(t, c)
	if f.Data[0] != 30 || f.Skipped != 28 || !f.Discontinuity || f.Lost != 0 {
		t.Fatalf("got %+v", f)
	}
	_ = c.Push(f)
	_, err := c.Pull(0)
	wantError(t, err, bips.ErrTimeout) // no frame is delivered twice
	if s := c.Stats(); s.Received != 2 || s.Skipped != 28 || s.Lost != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestALateJoinerOfModeLatestGetsTheCurrentFrameAtOnce(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	for v := range byte(5) {
		push(t, p, v)
	}
	time.Sleep(20 * time.Millisecond) // however long ago it was published
	if v := pullValue(t, newConsumer(t, bips.ConsumerOptions{})); v != 4 {
		t.Fatalf("got frame %d, want 4", v)
	}
	late := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, late)
	_, err := late.Pull(0)
	wantError(t, err, bips.ErrTimeout)
	push(t, p, 5)
	if v := pullValue(t, late); v != 5 {
		t.Fatalf("got frame %d, want the first after joining", v)
	}
}

func TestAnEndOfStreamDoesNotHideTheLastFrame(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{})
	join(t, c)
	push(t, p, 1)
	push(t, p, 2)
	if err := p.EndOfStream(); err != nil {
		t.Fatal(err)
	}
	if v := pullValue(t, c); v != 2 {
		t.Fatalf("got %d", v)
	}
	_, err := c.Pull(patience)
	wantError(t, err, bips.ErrEndOfStream)
	push(t, p, 3) // a new stream in the same pool
	f := pull(t, c)
	if f.Data[0] != 3 || !f.Discontinuity {
		t.Fatalf("got %+v", f)
	}
	_ = c.Push(f)
}

func TestALateJoinerAfterTheEndOfStreamStillSeesTheLastFrame(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	push(t, p, 1)
	push(t, p, 2)
	if err := p.EndOfStream(); err != nil {
		t.Fatal(err)
	}
	c := newConsumer(t, bips.ConsumerOptions{})
	if v := pullValue(t, c); v != 2 {
		t.Fatalf("got %d", v)
	}
	_, err := c.Pull(patience)
	wantError(t, err, bips.ErrEndOfStream)
	_, err = c.Pull(0)
	wantError(t, err, bips.ErrTimeout)
}

func TestTheQuotaIsSaidAtOnceAndEndsWhenAFrameIsGivenBack(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 2})
	join(t, c)
	for v := range byte(3) {
		push(t, p, v)
	}
	first, second := pull(t, c), pull(t, c)
	_, err := c.Pull(bips.Forever)
	wantError(t, err, bips.ErrQuota)
	if c.Held() != 2 {
		t.Errorf("held %d", c.Held())
	}
	if err := c.Push(second); err != nil {
		t.Fatal(err)
	}
	if v := pullValue(t, c); v != 2 {
		t.Errorf("got %d", v)
	}
	if first.Data[0] != 0 {
		t.Error("a held frame changed")
	}
	wantError(t, c.Push(second), bips.ErrStale)
	if err := c.Push(first); err != nil {
		t.Fatal(err)
	}
}

func TestAHeldFrameIsNotWrittenHoweverManyFollow(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{})
	push(t, p, 99)
	f := pull(t, c)
	for i := range 1000 {
		push(t, p, byte(i%50))
	}
	if f.Data[0] != 99 {
		t.Error("the held frame was written")
	}
	_ = c.Push(f)
}

func TestASuspendedConsumerHoldsNothingUpAndRejoinsWithADiscontinuity(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	push(t, p, 1)
	held := pull(t, c)
	c.Suspend()
	for v := range byte(100) {
		push(t, p, v) // would block for ever if the seat still wanted them
	}
	_, err := c.Pull(0)
	wantError(t, err, bips.ErrTimeout)
	if held.Data[0] != 1 {
		t.Error("a frame held while suspended changed")
	}
	c.Resume()
	push(t, p, 200)
	f := pull(t, c)
	if f.Data[0] != 200 || !f.Discontinuity || f.Lost != 0 {
		t.Errorf("got %+v", f)
	}
	_, _ = c.Push(f), c.Push(held)
}

func TestAStreamThatEndsWhileAConsumerIsSuspendedHasAnEnd(t *testing.T) {
	for _, mode := range []bips.Mode{bips.Every, bips.Latest} {
		testmain.Dir(t)
		p := newProducer(t, bips.ProducerOptions{})
		c := newConsumer(t, bips.ConsumerOptions{Mode: mode})
		join(t, c)
		push(t, p, 1)
		_ = c.Push(pull(t, c))
		c.Suspend()
		if err := p.EndOfStream(); err != nil {
			t.Fatal(err)
		}
		c.Resume()
		c.Suspend()
		c.Resume()
		_, err := c.Pull(patience)
		wantError(t, err, bips.ErrEndOfStream)
		c.Suspend()
		c.Resume()
		_, err = c.Pull(0)
		wantError(t, err, bips.ErrTimeout) // no end comes twice
		push(t, p, 2)
		f := pull(t, c)
		if f.Data[0] != 2 || !f.Discontinuity {
			t.Errorf("got %+v", f)
		}
		_ = c.Push(f)
	}
}

func TestSuspendAndResumeDoNotWaitForAPullInProgress(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	got := make(chan byte)
	go func() {
		f, err := c.Pull(bips.Forever)
		if err == nil {
			got <- f.Data[0]
			_ = c.Push(f)
		}
		close(got)
	}()
	returns(t, "Suspend", c.Suspend)
	push(t, p, 1)
	returns(t, "Resume", c.Resume)
	push(t, p, 2)
	select {
	case v := <-got:
		if v != 2 {
			t.Errorf("got %d", v)
		}
	case <-time.After(patience):
		t.Error("no frame after Resume")
	}
}
