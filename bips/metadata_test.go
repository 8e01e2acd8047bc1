package bips_test

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
)

func records(t *testing.T, all ...meta.Record) (r meta.Records) {
	t.Helper()
	for _, record := range all {
		var err error
		if r, err = meta.Append(r, record); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// titled are tags with a title.
func titled(t *testing.T, title string) meta.Records {
	t.Helper()
	return records(t, meta.Tags{List: meta.Structure{Name: "taglist", Fields: []meta.Field{{Key: "title", Value: meta.Text(title)}}}})
}

// title is that of the tags.
func title(t *testing.T, tags meta.Records) (title string) {
	t.Helper()
	for record, err := range tags.All() {
		if err != nil {
			t.Fatal(err)
		}
		title, _ = record.(meta.Tags).List.Text("title")
	}
	return title
}

func pushMeta(t *testing.T, p *bips.Producer, r meta.Records) error {
	t.Helper()
	slot, err := p.Pull(patience)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Push(slot, bips.FrameInfo{Size: 1, Meta: r}); err != nil {
		if err := p.Return(slot); err != nil {
			t.Fatal(err)
		}
		return err
	}
	return nil
}

func TestMetadataCrossWithTheirFrameAlone(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	want := []meta.Record{
		meta.Region{Kind: "face", Width: 30, Height: 40, Parent: meta.NoParent}, meta.ReferenceTime{Timestamp: 1, Clock: "timestamp/x-ntp"},
	}
	for range 50 { // more frames than slots
		if err := pushMeta(t, p, records(t, want...)); err != nil {
			t.Fatal(err)
		}
		push(t, p, 0)
		with, without := pull(t, c), pull(t, c)
		var got []meta.Record
		for record, err := range with.Meta.All() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, record)
		}
		if !reflect.DeepEqual(got, want) || without.Meta != nil {
			t.Fatalf("got %v, and %v of the frame without", got, without.Meta)
		}
		for _, f := range []bips.Frame{with, without} {
			if err := c.Push(f); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Who appends to what a frame has would write into the pool, which is mapped read-only.
func TestRecordsOfAFrameCanBeAppendedTo(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{})
	if err := pushMeta(t, p, records(t, meta.Crop{Width: 1})); err != nil {
		t.Fatal(err)
	}
	f := pull(t, c)
	if r, err := meta.Append(f.Meta, meta.Crop{Width: 2}); err != nil || len(r) != 2*len(f.Meta) {
		t.Errorf("%d bytes, %v", len(r), err)
	}
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
}

// No reader could use them: it would be told of a damaged pool.
func TestMetadataThatAreNoRecordsAreNotPublished(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{})
	for _, r := range []meta.Records{
		make(meta.Records, 7), make(meta.Records, 12), // no multiple of 8
		{0: 6, 4: 1, 7: 0},                // a payload that is not there
		{0: 6, 4: 8, 15: 0, 20: 9, 23: 0}, // the second one's
		{4: 255, 5: 255, 6: 255, 7: 255},  // 4 GiB
	} {
		err := pushMeta(t, p, r)
		wantError(t, err, bips.ErrOption)
		wantError(t, err, meta.ErrDamaged)
	}
	newer := meta.Records{0: 200, 2: byte(meta.Needed), 7: 0} // which this version does not know, but a reader may
	if err := pushMeta(t, p, newer); err != nil {
		t.Fatal(err)
	}
	f := pull(t, c)
	if f.Sequence != 1 || !bytes.Equal(f.Meta, newer) {
		t.Errorf("frame %d came with %x", f.Sequence, f.Meta)
	}
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
}

func TestMetadataHaveTheRoomThatThePoolWasMadeWith(t *testing.T) {
	for asked, room := range map[int]int{0: bips.DefaultMetaSize, bips.NoMeta: 0, 1: 8, 8: 8, 100: 104, bips.MaxMetaSize: bips.MaxMetaSize} {
		t.Run(fmt.Sprint(asked), func(t *testing.T) {
			testmain.Dir(t)
			p := newProducer(t, bips.ProducerOptions{MetaSize: asked, Slots: 8})
			c := newConsumer(t, bips.ConsumerOptions{})
			if p.MetaSize() != room {
				t.Errorf("there is room for %d bytes, want %d", p.MetaSize(), room)
			}
			wantError(t, pushMeta(t, p, make(meta.Records, room+1)), bips.ErrTooLarge)
			for range 2 {
				if err := pushMeta(t, p, make(meta.Records, room)); err != nil {
					t.Fatal(err)
				}
				f := pull(t, c)
				if len(f.Meta) != room {
					t.Errorf("%d bytes came, want %d", len(f.Meta), room)
				}
				if err := c.Push(f); err != nil {
					t.Fatal(err)
				}
				grow(t, p, p.SlotSize()+4096) // the next pool has as much
			}
		})
	}
}

func TestMoreRoomForMetadataThanTheLimitIsRefused(t *testing.T) {
	testmain.Dir(t)
	for _, size := range []int{-2, bips.MaxMetaSize + 1} {
		_, err := bips.NewProducer("camera", bips.ProducerOptions{SlotSize: 64, MetaSize: size, Backend: theBackend()})
		wantError(t, err, bips.ErrOption)
	}
}

func TestTagsGoWithTheFramesFromTheirChangeOn(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8, Caps: "video/x-raw"})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 4})
	join(t, c)
	push(t, p, 0)
	before := pull(t, c)
	if before.Tags != nil {
		t.Errorf("a frame before there were tags has %v", before.Tags)
	}
	if err := c.Push(before); err != nil {
		t.Fatal(err)
	}
	var held []bips.Frame
	for i := range 40 { // more tags than there are records
		want := string(rune('a' + i%26))
		if err := p.SetTags(titled(t, want)); err != nil {
			t.Fatal(err)
		}
		push(t, p, 0)
		f := pull(t, c)
		if got := title(t, f.Tags); got != want || f.Caps != "video/x-raw" {
			t.Fatalf("frame %d has the title %q and caps %q, want %q", i, got, f.Caps, want)
		}
		if held = append(held, f); len(held) == 4 {
			for i, f := range held {
				if got, want := title(t, f.Tags), title(t, held[0].Tags); i > 0 && got == want {
					t.Errorf("a frame that is held has the title %q of another one", got)
				}
				if err := c.Push(f); err != nil {
					t.Fatal(err)
				}
			}
			held = nil
		}
	}
	if err := p.SetTags(nil); err != nil {
		t.Fatal(err)
	}
	push(t, p, 0)
	after := pull(t, c)
	if after.Tags != nil {
		t.Errorf("a frame without tags has %v", after.Tags)
	}
	if err := c.Push(after); err != nil {
		t.Fatal(err)
	}
}

// The record that a frame refers to is not written again while the frame waits for its reader.
func TestTagsThatChangeAgainBeforeAFrameIsReadAreStillItsOwn(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	for range 10 {
		for i := range 4 {
			if err := p.SetTags(titled(t, fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
			push(t, p, 0)
		}
		for i := range 4 {
			f := pull(t, c)
			if got := title(t, f.Tags); got != fmt.Sprint(i) {
				t.Errorf("frame %d has the title %q", i, got)
			}
			if err := c.Push(f); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What does not change is neither read again nor made again: who looks for a change compares where it lies.
func TestCapsAndTagsThatStayAreTheSameMemory(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Caps: "video/x-raw"})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	next := func() bips.Frame {
		push(t, p, 0)
		f := pull(t, c)
		if err := c.Push(f); err != nil {
			t.Fatal(err)
		}
		return f
	}
	if err := p.SetTags(titled(t, "Gate")); err != nil {
		t.Fatal(err)
	}
	first := next()
	if err := p.SetTags(titled(t, "Gate")); err != nil { // no change
		t.Fatal(err)
	}
	if second := next(); &second.Tags[0] != &first.Tags[0] {
		t.Error("tags that were set again as they were have been copied again")
	}
	if err := p.SetCaps("video/x-h264"); err != nil {
		t.Fatal(err)
	}
	if third := next(); third.Caps != "video/x-h264" || &third.Tags[0] != &first.Tags[0] {
		t.Error("tags were copied again when the caps changed")
	}
	grow(t, p, p.SlotSize()+4096)
	fourth := next()
	if title(t, fourth.Tags) != "Gate" || fourth.Caps != "video/x-h264" {
		t.Errorf("after a move the title is %q, the caps are %q", title(t, fourth.Tags), fourth.Caps)
	}
	if &fourth.Tags[0] != &first.Tags[0] {
		t.Error("tags were copied again when the pool moved")
	}
}

func TestTagsThatReadersWouldNotTakeAreRefused(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	large := make([]byte, bips.MaxTagsSize)
	for i := range large {
		large[i] = 'x'
	}
	wantError(t, p.SetTags(titled(t, string(large))), bips.ErrTooLarge)
	wantError(t, p.SetTags(records(t, meta.Crop{})), bips.ErrOption)
	wantError(t, p.SetTags(meta.Records("no tags")), bips.ErrOption)
	wantError(t, p.SetTags(meta.Records("no tags")), meta.ErrDamaged)
	if err := p.SetTags(titled(t, string(large[:bips.MaxTagsSize-56]))); err != nil {
		t.Errorf("tags that just fit: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, p.SetTags(nil), bips.ErrClosed)
}

func TestLimitsAreThoseOfTheLayout(t *testing.T) {
	if bips.MaxCapsLength != layout.CapsTextSize || bips.MaxTagsSize != layout.TagsSize || bips.MaxMetaSize != layout.MaxMetaSize {
		t.Error("limits of bips/ differ from those of the layout")
	}
}
