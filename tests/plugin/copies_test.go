package plugin

import (
	"cmp"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// Each reason for which bipssink copies a frame, provoked. The consumer's pixels are
// right all the same.
func TestCopiesAreCountedByReason(t *testing.T) {
	const moving = "videotestsrc num-buffers=30 pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=30/1"
	for _, c := range []struct {
		reason, beginning string
		slots             int
		slow              bool // the consumer is
		all               bool // every frame is copied, not only some
		needs             []string
	}{
		{reason: "pool-exhausted", slots: 8, slow: true, beginning: moving + " ! queue max-size-buffers=20"},
		{reason: "repeated", beginning: moving + " ! videorate ! video/x-raw,framerate=90/1"},
		{reason: "foreign-memory", all: true, beginning: "filesrc location=RAW blocksize=115200 ! rawvideoparse format=i420 width=320 height=240",
			needs: []string{"rawvideoparse"}},
		{reason: "foreign-memory", all: true, beginning: "audiotestsrc num-buffers=20 ! audio/x-raw,rate=48000,channels=2,format=S16LE"},
		{reason: "foreign-memory", all: true, beginning: moving + " ! tee"},
		{reason: "several-memories", all: true, needs: []string{"rtpL16pay"},
			beginning: "audiotestsrc num-buffers=20 ! audio/x-raw,rate=44100,channels=2,format=S16BE ! rtpL16pay ssrc=1 seqnum-offset=0 timestamp-offset=0"},
		{reason: "still-mapped", all: true, beginning: moving + " ! trouble kind=hold-write", needs: []string{"trouble"}},
		{reason: "still-mapped", all: true, beginning: moving + " ! trouble kind=hold-readwrite", needs: []string{"trouble"}},
		{reason: "several-memories", all: true, beginning: moving + " ! trouble kind=split", needs: []string{"trouble"}},
		{reason: "partial-memory", all: true, beginning: moving + " ! trouble kind=part", needs: []string{"trouble"}},
	} {
		t.Run(c.reason, func(t *testing.T) {
			t.Parallel()
			needs(t, c.needs...)
			checkCopies(t, c.reason, withFixtures(t, c.beginning), cmp.Or(c.slots, 16), c.slow, c.all)
		})
	}
}

func checkCopies(t *testing.T, reason, beginning string, slots int, slow, all bool) {
	t.Helper()
	want := reference(t, beginning)
	pool := poolName(t)
	r := read(t, pool, bips.ConsumerOptions{Mode: bips.Every}, func(*seen) {
		if slow {
			time.Sleep(30 * time.Millisecond)
		}
	})
	p := launch(t, "%s ! bipssink name=sink pool=%s slots=%d sync=false wait-for-consumers=1", beginning, pool, slots)
	p.finish()
	same(t, "package bips", sums(r.all()), want)
	got := p.stats("sink")
	if got[reason] == 0 || got["copied"] != got[reason] {
		t.Errorf("copies for %s: %v", reason, got)
	}
	if all && got[reason] != uint64(len(want)) {
		t.Errorf("%s: got %d, want all %d frames", reason, got[reason], len(want))
	}
	if n := got["in-place"] + got["copied"]; n != uint64(len(want)) {
		t.Errorf("%d frames were counted, want %d", n, len(want))
	}
	if all := p.matches(`frame had to be copied \(`); len(all) != 1 {
		t.Errorf("got %d messages about copies on the bus, want 1", len(all))
	}
}

// A write to a frame by an element before the sink, after the frame was published, goes
// to a copy: the consumer never sees it.
func TestAFrameWrittenAfterItWasPublished(t *testing.T) {
	t.Parallel()
	needs(t, "trouble")
	const moving = "videotestsrc num-buffers=30 pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=30/1"
	want := reference(t, moving)
	pool := poolName(t)
	r := read(t, pool, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 8}, nil)
	p := launch(t, "%s ! trouble kind=write-later ! bipssink name=sink pool=%s sync=false wait-for-consumers=1", moving, pool)
	p.finish()
	same(t, "package bips", sums(r.all()), want)
	p.stats("sink").want(t, allInPlace(len(want)))
}

// A still picture, sent again and again: by GStreamer's version it is in one slot, which
// cannot be published twice, or not in a slot at all.
func TestAStillPicture(t *testing.T) {
	t.Parallel()
	needs(t, "imagefreeze")
	const still = "videotestsrc num-buffers=1 ! video/x-raw,format=I420,width=320,height=240 ! " +
		"imagefreeze num-buffers=20 ! video/x-raw,framerate=30/1"
	want := reference(t, still)
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	p := launch(t, "%s ! bipssink name=sink pool=%s sync=false wait-for-consumers=1", still, poolName(t))
	p.finish()
	same(t, "package bips", sums(r.all()), want)
	got := p.stats("sink")
	if got["in-place"]+got["repeated"]+got["foreign-memory"] != uint64(len(want)) {
		t.Errorf("counters: %v", got)
	}
}
