package bips_test

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestMaxAgeReadsWhatWasPublishedMeanwhileInOrder(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Latest, MaxAge: time.Hour})
	join(t, c)
	for v := byte(1); v <= 5; v++ {
		push(t, p, v)
	}
	for v := byte(1); v <= 5; v++ {
		f := pull(t, c)
		if f.Data[0] != v || f.Skipped != 0 || f.Behind != uint64(5-v) {
			t.Fatalf("frame %d: got %d, %d skipped, %d behind", v, f.Data[0], f.Skipped, f.Behind)
		}
		_ = c.Push(f)
	}
	_, err := c.Pull(0)
	wantError(t, err, bips.ErrTimeout)
}

func TestMaxAgePassesByWhatIsOlder(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Latest, MaxAge: time.Hour})
	join(t, c)
	for v := byte(1); v <= 5; v++ {
		push(t, p, v)
	}
	c.SetMaxAge(time.Nanosecond) // all of them are older by now
	f := pull(t, c)
	if f.Data[0] != 5 || f.Skipped != 4 {
		t.Errorf("got frame %d, %d skipped, want the newest", f.Data[0], f.Skipped)
	}
	_ = c.Push(f)
}

func TestMaxAgeNeverReadsWhatWasReadOrIsGone(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Latest, MaxAge: time.Hour})
	join(t, c)
	var last uint64
	for range 200 {
		for v := range byte(11) { // more than the pool has slots
			push(t, p, v)
		}
		for {
			f, err := c.Pull(0)
			if err != nil {
				wantError(t, err, bips.ErrTimeout)
				break
			}
			if f.Sequence != last+f.Skipped+1 {
				t.Fatalf("frame %d after %d with %d skipped", f.Sequence, last, f.Skipped)
			}
			last = f.Sequence
			_ = c.Push(f)
		}
	}
	if s := c.Stats(); s.Received+s.Skipped != 2200 || s.Received < 200*6 || s.Skipped == 0 {
		t.Errorf("stats %+v: want all frames, most of them read", s)
	}
}

func TestMaxAgeDoesNotHideTheEndOfTheStream(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Latest, MaxAge: time.Hour})
	join(t, c)
	push(t, p, 1)
	push(t, p, 2)
	if err := p.EndOfStream(); err != nil {
		t.Fatal(err)
	}
	for v := byte(1); v <= 2; v++ {
		if got := pullValue(t, c); got != v {
			t.Fatalf("got %d, want %d", got, v)
		}
	}
	_, err := c.Pull(patience)
	wantError(t, err, bips.ErrEndOfStream)
}

func TestThePoolTellsHowFarItsFramesAreApart(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{})
	push(t, p, 0)
	pullValue(t, c)
	if pool, _ := c.Pool(); pool.Interval != 0 {
		t.Errorf("%v between one frame", pool.Interval)
	}
	const apart = 5 * time.Millisecond
	var before, after [20]time.Time // of each push, in which it was published
	for v := range before {
		time.Sleep(apart)
		before[v] = time.Now()
		push(t, p, byte(v))
		after[v] = time.Now()
	}
	const newest, oldest = 19, 12 // as many as there are slots
	least, most := before[newest].Sub(after[oldest])/(newest-oldest), after[newest].Sub(before[oldest])/(newest-oldest)
	if pool, _ := c.Pool(); pool.Interval < least || pool.Interval > most {
		t.Errorf("frames are %v apart, want %v to %v", pool.Interval, least, most)
	}
}
