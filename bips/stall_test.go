package bips_test

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// stallTimeout is short for tests; noStall is a wait in which a stall would have been told many times.
const (
	stallTimeout = 30 * time.Millisecond
	noStall      = 300 * time.Millisecond
)

func TestAStallIsToldOnceUntilTheNextFrameAndTheConsumerStaysAttached(t *testing.T) {
	for name, mode := range map[string]bips.Mode{"every": bips.Every, "latest": bips.Latest} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p := newProducer(t, bips.ProducerOptions{})
			c := newConsumer(t, bips.ConsumerOptions{Mode: mode, StallTimeout: stallTimeout})
			join(t, c)
			for value := range byte(3) {
				start := time.Now()
				_, err := c.Pull(patience)
				wantError(t, err, bips.ErrStalled)
				if value > 0 && time.Since(start) < stallTimeout {
					t.Errorf("told after %v", time.Since(start))
				}
				_, err = c.Pull(noStall)
				wantError(t, err, bips.ErrTimeout)
				push(t, p, value)
				f := pull(t, c)
				if f.Data[0] != value || f.Discontinuity != (value == 0) {
					t.Errorf("after the stall came %d (discontinuity %t), want %d", f.Data[0], f.Discontinuity, value)
				}
				if err := c.Push(f); err != nil {
					t.Error(err)
				}
			}
			if n := c.Stats().Instances; n != 1 {
				t.Errorf("it attached %d times", n)
			}
		})
	}
}

// As an element does that has to look around now and then, and a program that polls.
func TestAStallIsToldToWhoPullsForLessThanTheStallTimeout(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"a while": stallTimeout / 3, "not at all": 0} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p := newProducer(t, bips.ProducerOptions{})
			c := newConsumer(t, bips.ConsumerOptions{StallTimeout: stallTimeout})
			push(t, p, 1)
			join(t, c)
			for start := time.Now(); ; time.Sleep(time.Millisecond) {
				_, err := c.Pull(timeout)
				if err == nil || time.Since(start) > patience {
					t.Fatal("no stall was told")
				}
				if wantEither(t, err, bips.ErrTimeout, bips.ErrStalled) == bips.ErrStalled {
					return
				}
			}
		})
	}
}

func TestThereIsNoStallWithoutAProducerOrAnOption(t *testing.T) {
	testmain.Dir(t)
	c := newConsumer(t, bips.ConsumerOptions{StallTimeout: time.Millisecond})
	_, err := c.Pull(noStall)
	wantError(t, err, bips.ErrTimeout)
	newProducer(t, bips.ProducerOptions{})
	for _, never := range []time.Duration{0, bips.Forever} {
		c := newConsumer(t, bips.ConsumerOptions{StallTimeout: never})
		_, err := c.Pull(noStall)
		wantError(t, err, bips.ErrTimeout)
	}
	_, err = bips.NewConsumer("camera", bips.ConsumerOptions{StallTimeout: -2})
	wantError(t, err, bips.ErrOption)
}

func TestTimeSuspendedIsNoStall(t *testing.T) {
	testmain.Dir(t)
	newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, StallTimeout: noStall})
	join(t, c)
	_, err := c.Pull(0) // from here on there is nothing to read
	wantError(t, err, bips.ErrTimeout)
	c.Suspend()
	_, err = c.Pull(2 * noStall)
	wantError(t, err, bips.ErrTimeout)
	c.Resume()
	start := time.Now()
	_, err = c.Pull(patience)
	wantError(t, err, bips.ErrStalled)
	if took := time.Since(start); took < noStall/2 {
		t.Errorf("told %v after Resume: the time suspended counted", took)
	}
}

func TestAStreamThatHasEndedIsNotStalledUntilTheFirstFrameOfTheNext(t *testing.T) {
	for name, mode := range map[string]bips.Mode{"every": bips.Every, "latest": bips.Latest} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p := newProducer(t, bips.ProducerOptions{})
			c := newConsumer(t, bips.ConsumerOptions{Mode: mode, StallTimeout: stallTimeout})
			join(t, c)
			push(t, p, 1)
			pullValue(t, c)
			if err := p.EndOfStream(); err != nil {
				t.Fatal(err)
			}
			_, err := c.Pull(patience)
			for wantEither(t, err, bips.ErrStalled, bips.ErrEndOfStream) == bips.ErrStalled { // on a busy machine
				_, err = c.Pull(patience)
			}
			_, err = c.Pull(noStall)
			wantError(t, err, bips.ErrTimeout)
			push(t, p, 2)
			pullValue(t, c)
			_, err = c.Pull(patience)
			wantError(t, err, bips.ErrStalled)
		})
	}
}
