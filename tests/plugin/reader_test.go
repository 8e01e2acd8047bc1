package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	peers "github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// A seen frame is what a reader noted of a frame.
type seen struct {
	bips.Frame        // without its bytes
	sum        string // of these
	hold       uint64 // the number by which the reader gives it back
}

// A client is a consumer without GStreamer: a peer that does what it is told.
type client struct {
	*peers.Peer
	t *testing.T
}

// consumer makes a client that leaves at the end of the test.
func consumer(t *testing.T, pool string, o bips.ConsumerOptions) *client {
	t.Helper()
	mode := map[bips.Mode]string{bips.Auto: "auto", bips.Latest: "latest", bips.Every: "every"}[o.Mode]
	args := []string{"--idle", "--detail", "--payload=any", "--mode=" + mode, fmt.Sprintf("--max-held=%d", o.MaxHeld)}
	c := &client{Peer: peers.Start(t, peers.Consume, pool, peers.Setup{Args: args}), t: t}
	t.Cleanup(c.Kill)
	return c
}

// tryPull waits for a frame, which is held then, and returns nil if there is an error, or none comes
// in time.
func (c *client) tryPull(timeout time.Duration) (*seen, error) {
	answer := c.Ask(line.Order{Do: line.DoPull, Timeout: timeout.Microseconds()})
	if answer.Error != "" {
		return nil, fmt.Errorf("%w (%s)", line.ErrorOf(answer.Error), answer.Text)
	}
	return seenOf(c.t, answer), nil
}

// pull waits for a client's next frame.
func pull(t *testing.T, c *client) *seen {
	t.Helper()
	f, err := c.tryPull(patience / 2)
	if err != nil {
		t.Fatalf("no frame came: %v", err)
	}
	return f
}

// giveBack gives a frame back.
func (c *client) giveBack(f *seen) {
	c.t.Helper()
	if answer := c.Ask(line.Order{Do: line.DoRelease, Hold: f.hold}); answer.Error != "" {
		c.t.Errorf("frame %d was not taken back: %s", f.Sequence, answer.Text)
	}
}

// leave closes the client.
func (c *client) leave() {
	c.t.Helper()
	if answer := c.Leave(); answer.Error != "" {
		c.t.Errorf("a consumer closed with %s", answer.Text)
	}
}

// A reader reads a pool until the stream ends.
type reader struct {
	*client
	done     chan struct{}
	enough   atomic.Bool
	received atomic.Int64
	frames   []seen // for the owner of the reader once done is closed
	ended    bool   // the stream has ended
}

// read starts a reader. each, if not nil, is called with each frame while it is pinned.
func read(t *testing.T, pool string, o bips.ConsumerOptions, each func(*seen)) *reader {
	t.Helper()
	r := &reader{client: consumer(t, pool, o), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		for !r.enough.Load() && !r.ended {
			r.next(each)
		}
	}()
	t.Cleanup(r.stop)
	return r
}

// stop ends the reading before the stream ends.
func (r *reader) stop() {
	r.enough.Store(true)
	<-r.done
}

func (r *reader) next(each func(*seen)) {
	answer := r.Ask(line.Order{Do: line.DoPull, Timeout: (100 * time.Millisecond).Microseconds()})
	switch answer.Error {
	case "":
	case "timeout":
		return
	case "end-of-stream":
		r.ended = true
		return
	default:
		r.t.Errorf("a reader got %s: %s", answer.Error, answer.Text)
		r.enough.Store(true)
		return
	}
	f := seenOf(r.t, answer)
	r.frames = append(r.frames, *f)
	r.received.Add(1)
	if each != nil {
		each(f)
	}
	r.giveBack(f)
}

// all waits for the end of the stream and returns the frames.
func (r *reader) all() []seen {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		r.t.Fatal("the reader hangs")
	}
	if !r.ended {
		r.t.Error("the stream did not end for the reader")
	}
	return r.frames
}

// seenOf is a frame as a peer tells of it.
func seenOf(t *testing.T, l *line.Line) *seen {
	r := l.Info
	meta, err := hex.DecodeString(r.Meta)
	if err != nil {
		t.Errorf("frame %d: %v", l.Sequence, err)
	}
	number := func(text string) uint64 {
		n, err := line.ParseHex(text)
		if err != nil {
			t.Errorf("frame %d: %v", l.Sequence, err)
		}
		return n
	}
	f := &seen{sum: r.SHA256, hold: l.Hold, Frame: bips.Frame{
		FrameInfo: bips.FrameInfo{
			Size: r.Size, PTS: timeOf(r.PTS), DTS: timeOf(r.DTS), Duration: timeOf(r.Duration), CaptureTime: timeOf(r.Capture),
			Offset: number(r.Offset), OffsetEnd: number(r.OffsetEnd), Flags: r.Flags, Meta: meta,
		},
		Caps: r.Caps, Sequence: l.Sequence, PublishTime: time.Duration(r.Published), Discontinuity: l.Discont,
		Lost: l.Lost, Skipped: l.Skipped, Latency: timeOf(r.Latency),
	}}
	f.Planes.Count = copy(f.Planes.Stride[:], r.Strides)
	copy(f.Planes.Offset[:], r.Offsets)
	return f
}

// timeOf is a time as peers tell it: -1 is unknown.
func timeOf(ns int64) bips.Time {
	if ns < 0 {
		return bips.Time{}
	}
	return bips.TimeOf(time.Duration(ns))
}

func sums(frames []seen) (all []string) {
	for _, f := range frames {
		all = append(all, f.sum)
	}
	return all
}

// checksum is written as checksumsink writes it.
func checksum(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }
