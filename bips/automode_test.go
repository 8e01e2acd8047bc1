package bips_test

import (
	"testing"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

const (
	raw     = "video/x-raw, format=(string)GRAY8"
	encoded = "video/x-h264, stream-format=(string)byte-stream"
)

func setCaps(t *testing.T, p *bips.Producer, caps string) {
	t.Helper()
	if err := p.SetCaps(caps); err != nil {
		t.Fatal(err)
	}
}

func TestAutoReadsTheNewestOfFramesThatStandAlone(t *testing.T) {
	testmain.Dir(t)
	for name, caps := range map[string]string{"raw": raw, "no caps": ""} {
		t.Run(name, func(t *testing.T) {
			p := newProducer(t, bips.ProducerOptions{Caps: caps})
			c := newConsumer(t, bips.ConsumerOptions{})
			join(t, c)
			for v := range byte(30) {
				push(t, p, v) // with a reader of every frame this would wait
			}
			f := pull(t, c)
			if f.Data[0] != 29 || f.Mode != bips.Latest || f.Skipped != 29 || f.Lost != 0 {
				t.Errorf("got %+v, want the newest", f)
			}
			_ = c.Push(f)
		})
	}
}

func TestAutoReadsEachOfFramesThatDependOnOthers(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Caps: encoded})
	c := newConsumer(t, bips.ConsumerOptions{})
	join(t, c)
	for v := range byte(8) {
		push(t, p, v)
	}
	for v := range byte(8) {
		f := pull(t, c)
		if f.Data[0] != v || f.Mode != bips.Every || f.Lost+f.Skipped != 0 {
			t.Fatalf("got %+v, want frame %d", f, v)
		}
		_ = c.Push(f)
	}
}

func TestAutoJoinsLateAndReadsOnWithoutAGap(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Caps: encoded})
	for v := range byte(5) {
		push(t, p, v)
	}
	c := newConsumer(t, bips.ConsumerOptions{})
	if v := pullValue(t, c); v != 4 {
		t.Fatalf("got frame %d, want the newest", v)
	}
	for v := byte(5); v < 12; v++ {
		push(t, p, v)
	}
	for v := byte(5); v < 12; v++ {
		if got := pullValue(t, c); got != v {
			t.Fatalf("got frame %d, want %d", got, v)
		}
	}
}

func TestAutoChangesWithTheCaps(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Caps: raw})
	c := newConsumer(t, bips.ConsumerOptions{})
	join(t, c)
	for v, step := range []struct {
		caps string
		mode bips.Mode
	}{{raw, bips.Latest}, {encoded, bips.Every}, {raw, bips.Latest}, {encoded, bips.Every}} {
		setCaps(t, p, step.caps)
		push(t, p, byte(10*v))
		f := pull(t, c)
		if f.Data[0] != byte(10*v) || f.Mode != step.mode {
			t.Fatalf("%s: got %+v", step.caps, f)
		}
		_ = c.Push(f)
		push(t, p, byte(10*v+1))
		push(t, p, byte(10*v+2))
		want := byte(10*v + 1)
		if step.mode == bips.Latest {
			want++
		}
		if got := pullValue(t, c); got != want {
			t.Fatalf("%s: got frame %d, want %d", step.caps, got, want)
		}
		if step.mode == bips.Every {
			pullValue(t, c)
		}
	}
}

// What a consumer missed between a frame that makes it read each and its saying so is counted.
func TestAutoCountsWhatItMissesWhenItBeginsToReadEach(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 4, Caps: raw})
	c := newConsumer(t, bips.ConsumerOptions{MaxHeld: 1})
	join(t, c)
	var last uint64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for v := range 4000 {
			if v%100 == 0 {
				caps := raw
				if v%200 == 100 {
					caps = encoded
				}
				_ = p.SetCaps(caps)
			}
			slot, err := p.Pull(patience)
			if err != nil {
				t.Error(err)
				return
			}
			_ = p.Push(slot, bips.FrameInfo{Size: 1})
		}
		_ = p.EndOfStream()
	}()
	var lost, skipped uint64
	for {
		f, err := c.Pull(patience)
		if err != nil {
			wantError(t, err, bips.ErrEndOfStream)
			break
		}
		if f.Sequence != last+f.Lost+f.Skipped+1 {
			t.Fatalf("frame %d after %d, lost %d, skipped %d", f.Sequence, last, f.Lost, f.Skipped)
		}
		last, lost, skipped = f.Sequence, lost+f.Lost, skipped+f.Skipped
		_ = c.Push(f)
	}
	<-done
	if s := c.Stats(); s.Received+s.Lost+s.Skipped != 4000 {
		t.Errorf("stats %+v: do not add up to 4000", s)
	}
}
