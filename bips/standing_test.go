package bips_test

import (
	"testing"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// readInRow reads frames, each as it comes, and returns the last of them.
func readInRow(t *testing.T, p *bips.Producer, c *bips.Consumer, n int) (last bips.Frame) {
	t.Helper()
	for range n {
		push(t, p, 1)
		last = pull(t, c)
		if err := c.Push(last); err != nil {
			t.Fatal(err)
		}
	}
	return last
}

// isHeldUp reports whether a consumer keeps the producer from publishing more than the pool has room for.
func isHeldUp(t *testing.T, p *bips.Producer) bool {
	t.Helper()
	for range 2 * p.Slots() {
		slot, err := p.Pull(0)
		if err != nil {
			wantError(t, err, bips.ErrTimeout)
			return true
		}
		if err := p.Push(slot, bips.FrameInfo{Size: 1}); err != nil {
			t.Fatal(err)
		}
	}
	return false
}

func TestADemotedReaderThatKeepsUpIsWaitedForAgain(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, c)
	demote(t, p)
	f := readInRow(t, p, c, 1)
	if s := c.Stats(); s.Demoted != 1 || s.Blocking || f.Lost == 0 || !f.Discontinuity {
		t.Fatalf("%+v after %+v", s, f)
	}
	eventually(t, "the producer waits for it again", func() bool {
		readInRow(t, p, c, 1)
		return c.Stats().Blocking
	})
	if !isHeldUp(t, p) {
		t.Error("the producer does not wait for it")
	}
	for lost := f.Lost; ; {
		f, err := c.Pull(0)
		if err != nil {
			wantError(t, err, bips.ErrTimeout)
			if got := c.Stats().Lost; got != lost {
				t.Errorf("%d frames lost, %d of them since it is waited for again", got, got-lost)
			}
			break
		}
		_ = c.Push(f)
	}
}

// demote makes the producer go on without those that are behind.
func demote(t *testing.T, p *bips.Producer) {
	t.Helper()
	before := p.Stats().Demoted
	p.SetBlockTimeout(0)
	for range 3 * p.Slots() {
		push(t, p, 0)
	}
	p.SetBlockTimeout(bips.Forever)
	if p.Stats().Demoted == before {
		t.Fatal("nobody was demoted")
	}
}

func TestAReaderThatIsTooSlowIsDemotedOnce(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, c)
	demote(t, p)
	for range 100 { // ten times too slow
		for range 10 {
			push(t, p, 1)
		}
		pullValue(t, c)
	}
	if s := p.Stats(); s.Demoted != 1 {
		t.Errorf("it was demoted %d times", s.Demoted)
	}
	if s := c.Stats(); s.Demoted != 1 || s.Blocking {
		t.Errorf("stats %+v", s)
	}
}

// Who stalls again and again has to show more and more.
func TestAReaderThatStallsAgainIsWaitedForAgainLaterEachTime(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, c)
	untilItIsWaitedFor := func() (n int) {
		eventually(t, "the producer waits for it again", func() bool {
			readInRow(t, p, c, 1)
			n++
			return c.Stats().Blocking
		})
		return n
	}
	last := 0
	for range 4 {
		demote(t, p)
		n := untilItIsWaitedFor()
		if n <= last {
			t.Errorf("it was waited for again after %d frames, the time before after %d", n, last)
		}
		last = n
	}
	readInRow(t, p, c, 20*last) // it has kept up for long
	demote(t, p)
	if n := untilItIsWaitedFor(); n >= last {
		t.Errorf("it was waited for again after %d frames, though it had kept up for long", n)
	}
}

func TestAReaderThatWantsNobodyToWaitHoldsNobodyUp(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	c.SetBlocking(false)
	join(t, c)
	if c.Stats().Blocking || isHeldUp(t, p) {
		t.Fatal("it holds the producer up")
	}
	f := pull(t, c)
	if f.Sequence != 16 || f.Lost == 0 || f.Skipped != 0 || !f.Discontinuity {
		t.Fatalf("got %+v", f)
	}
	_ = c.Push(f)
	if f := readInRow(t, p, c, 1); f.Lost != 0 || f.Discontinuity {
		t.Fatalf("nothing was passed by, and got %+v", f)
	}
	c.SetBlocking(true)
	if s := c.Stats(); !s.Blocking || !isHeldUp(t, p) {
		t.Fatalf("it does not hold the producer up: %+v", s)
	}
	c.SetBlocking(false) // and a producer that waits goes on at once
	if isHeldUp(t, p) {
		t.Fatal("it holds the producer up again")
	}
	if s := c.Stats(); s.Demoted != 0 || p.Stats().Demoted != 0 {
		t.Errorf("stats %+v", s)
	}
}

// What is unread and still there is not lost by being waited for again.
func TestAReaderThatIsWaitedForAgainGoesOnWhereItWas(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, c)
	readInRow(t, p, c, 1)
	c.SetBlocking(false)
	for v := range byte(5) {
		push(t, p, v)
	}
	c.SetBlocking(true)
	for v := range byte(5) {
		f := pull(t, c)
		if f.Data[0] != v || f.Lost != 0 || f.Discontinuity {
			t.Fatalf("got %+v, want frame %d", f, v)
		}
		_ = c.Push(f)
	}
	c.SetBlocking(false)
	for v := range byte(100) { // of these most are gone
		push(t, p, v)
	}
	for range 2 { // and two of the eight that came last
		slot, err := p.Lend(patience)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Return(slot) }()
	}
	c.SetBlocking(true)
	var lost, got uint64
	for {
		f, err := c.Pull(0)
		if err != nil {
			wantError(t, err, bips.ErrTimeout)
			break
		}
		if f.Discontinuity != (f.Lost > 0) {
			t.Errorf("got %+v", f)
		}
		lost, got = lost+f.Lost, got+1
		_ = c.Push(f)
	}
	if got != 6 || lost+got != 100 {
		t.Errorf("%d frames lost and %d got, of 100", lost, got)
	}
}

func TestSetBlockingTakesEffectWhileAnotherThreadPullsAndWhilePaused(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 2})
	join(t, c)
	done := make(chan bips.Frame)
	go func() {
		f, _ := c.Pull(patience)
		done <- f
	}()
	returns(t, "SetBlocking during a Pull", func() {
		for range 100 {
			c.SetBlocking(false)
			c.SetBlocking(true)
		}
		c.SetBlocking(false)
	})
	if c.Stats().Blocking {
		t.Error("it did not take effect")
	}
	push(t, p, 7)
	f := <-done
	if f.Data == nil || f.Data[0] != 7 || f.Lost != 0 {
		t.Fatalf("got %+v", f)
	}
	_ = c.Push(f)
	c.Suspend()
	c.SetBlocking(true)
	if c.Stats().Blocking || isHeldUp(t, p) {
		t.Fatal("who is suspended holds the producer up")
	}
	c.Resume()
	if !c.Stats().Blocking || !isHeldUp(t, p) {
		t.Fatal("it does not hold the producer up")
	}
	c.Suspend()
	c.SetBlocking(false)
	c.Resume()
	if c.Stats().Blocking || isHeldUp(t, p) {
		t.Fatal("it holds the producer up")
	}
}

func TestSetBlockingMeansNothingInModeLatest(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{MaxHeld: 1})
	join(t, c)
	c.SetBlocking(false)
	c.SetBlocking(true)
	if c.Stats().Blocking || isHeldUp(t, p) {
		t.Error("it holds the producer up")
	}
	if f := pull(t, c); f.Skipped == 0 || f.Lost != 0 {
		t.Errorf("got %+v", f)
	} else {
		_ = c.Push(f)
	}
}

func TestLatestCountsWhatTheProducerDroppedAsLost(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8, Overflow: bips.Drop})
	slow := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	latest := newConsumer(t, bips.ConsumerOptions{MaxHeld: 1})
	join(t, slow)
	join(t, latest)
	for range 8 {
		push(t, p, 1)
	}
	pullValue(t, latest)
	for range 5 {
		_, err := p.Pull(0)
		wantError(t, err, bips.ErrDropped)
	}
	pullValue(t, slow)
	push(t, p, 2)
	f := pull(t, latest)
	if f.Lost != 5 || f.Skipped != 0 || !f.Discontinuity {
		t.Errorf("got %+v", f)
	}
	_ = latest.Push(f)
	if s := latest.Stats(); s.Lost != 5 {
		t.Errorf("stats %+v", s)
	}
}
