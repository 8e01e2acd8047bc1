package bips_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestAFrameArrivesWithAllThatTravelsWithIt(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{SlotSize: 1000})
	if err := p.SetCaps("video/x-raw, format=NV12"); err != nil {
		t.Fatal(err)
	}
	p.SetLatency(bips.TimeOf(33 * time.Millisecond))
	want := bips.FrameInfo{
		Size: 999, PTS: bips.TimeOf(0), DTS: bips.Time{}, Duration: bips.TimeOf(40 * time.Millisecond),
		CaptureTime: bips.TimeOf(12345), Offset: 7, OffsetEnd: 8, Flags: 0x40,
		Planes: bips.Planes{Count: 2, Stride: [4]int32{32, -32}, Offset: [4]uint64{0, 640}},
		Meta:   meta.Records{200, 0, 0, 0, 0, 0, 0, 0}, // of a type that nobody knows
	}
	slot, err := p.Pull(0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range slot.Data {
		slot.Data[i] = byte(i)
	}
	written := bytes.Clone(slot.Data[:want.Size])
	if err := p.Push(slot, want); err != nil {
		t.Fatal(err)
	}
	f := pull(t, newConsumer(t, bips.ConsumerOptions{}))
	if !bytes.Equal(f.Data, written) {
		t.Error("the bytes differ")
	}
	if f.Caps != "video/x-raw, format=NV12" || f.Sequence != 1 || !f.Discontinuity || f.Lost != 0 || f.Skipped != 0 {
		t.Errorf("frame %+v", f)
	}
	got := f.FrameInfo
	if !bytes.Equal(got.Meta, want.Meta) {
		t.Errorf("metadata %q", got.Meta)
	}
	got.Meta, want.Meta = nil, nil
	if got.PTS != want.PTS || got.DTS != want.DTS || got.Duration != want.Duration || got.CaptureTime != want.CaptureTime ||
		got.Offset != want.Offset || got.OffsetEnd != want.OffsetEnd || got.Flags != want.Flags || got.Planes != want.Planes {
		t.Errorf("got %+v, want %+v", got, want)
	}
	lease := f.Lease()
	if err := lease.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestTheConsumersBytesAreTheProducersMemory(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	slot, err := p.Pull(0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Publish(slot, bips.FrameInfo{Size: 64}); err != nil {
		t.Fatal(err)
	}
	c := newConsumer(t, bips.ConsumerOptions{})
	f := pull(t, c)
	slot.Data[5] = 42 // the slot is still lent: nothing was copied, so this shows
	if f.Data[5] != 42 {
		t.Error("the frame is a copy")
	}
	if err := p.Return(slot); err != nil {
		t.Fatal(err)
	}
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
}

func TestCapsChangeFromOneFrameToTheNext(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	for i := range 40 { // more caps than there are records
		caps := string(rune('a'+i%26)) + "/x"
		if err := p.SetCaps(caps); err != nil {
			t.Fatal(err)
		}
		push(t, p, 0)
		f := pull(t, c)
		if f.Caps != caps {
			t.Fatalf("frame %d has caps %q, want %q", i, f.Caps, caps)
		}
		if err := c.Push(f); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, p.SetCaps(string(make([]byte, bips.MaxCapsLength+1))), bips.ErrTooLarge)
}

func TestWhatDoesNotFitASlotIsRefusedAndTheSlotStaysLent(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{SlotSize: 100})
	slot, err := p.Pull(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []bips.FrameInfo{
		{Size: 101}, {Size: -1}, {Meta: make([]byte, bips.MaxMetaSize+1)}, {Planes: bips.Planes{Count: 5}},
	} {
		wantError(t, p.Push(slot, f), bips.ErrTooLarge)
	}
	if err := p.Push(slot, bips.FrameInfo{Size: 100}); err != nil {
		t.Fatal(err)
	}
	wantError(t, p.Push(slot, bips.FrameInfo{Size: 100}), bips.ErrStale)
}

func TestTimeKeepsUnknownApartFromZero(t *testing.T) {
	for _, want := range []bips.Time{{}, bips.TimeOf(0), bips.TimeOf(time.Hour)} {
		if got := bips.TimeFromNanoseconds(want.Nanoseconds()); got != want {
			t.Errorf("%v became %v", want, got)
		}
	}
	if (bips.Time{}).String() != "unknown" || bips.TimeOf(time.Second).String() != "1s" {
		t.Error("a time does not say what it is")
	}
}
