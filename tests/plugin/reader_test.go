package plugin

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// A seen frame is what a reader noted of a frame.
type seen struct {
	bips.Frame        // without its data
	sum        string // of the data
}

// A reader reads a pool with package bips until the stream ends.
type reader struct {
	t        *testing.T
	consumer *bips.Consumer
	done     chan struct{}
	frames   []seen // for the owner of the reader once done is closed
	err      error  // how it ended
}

// read starts a reader. each, if not nil, is called with each frame while it is pinned.
func read(t *testing.T, pool string, o bips.ConsumerOptions, each func(*bips.Frame)) *reader {
	t.Helper()
	r := &reader{t: t, consumer: consumer(t, pool, o), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		for r.err == nil {
			r.next(each)
		}
	}()
	// The consumer is closed first: cleanups run backwards.
	t.Cleanup(func() { r.consumer.Close(); <-r.done })
	return r
}

// consumer makes a consumer that is closed at the end of the test.
func consumer(t *testing.T, pool string, o bips.ConsumerOptions) *bips.Consumer {
	t.Helper()
	c, err := bips.NewConsumer(pool, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (r *reader) next(each func(*bips.Frame)) {
	f, err := r.consumer.Pull(bips.Forever)
	if err != nil {
		r.err = err
		if !errors.Is(err, bips.ErrEndOfStream) && !errors.Is(err, bips.ErrClosed) {
			r.t.Errorf("the reader of package bips: %v", err)
		}
		return
	}
	s := seen{f, checksum(f.Data)}
	s.Data, s.Meta = nil, nil
	r.frames = append(r.frames, s)
	if each != nil {
		each(&f)
	}
	if err := r.consumer.Push(f); err != nil && !errors.Is(err, bips.ErrStale) {
		r.err = err
	}
}

// all waits for the end of the stream and returns the frames.
func (r *reader) all() []seen {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		r.t.Fatal("the reader hangs")
	}
	if !errors.Is(r.err, bips.ErrEndOfStream) {
		r.t.Errorf("the stream ended with %v, want its end", r.err)
	}
	return r.frames
}

// pull waits for a consumer's next frame, which is held until the end of the test, or
// given back by the test.
func pull(t *testing.T, c *bips.Consumer) bips.Frame {
	t.Helper()
	f, err := c.Pull(patience)
	if err != nil {
		t.Fatalf("no frame came: %v", err)
	}
	lease := f.Lease()
	t.Cleanup(func() { _ = lease.Release() })
	return f
}

func sums(frames []seen) (all []string) {
	for _, f := range frames {
		all = append(all, f.sum)
	}
	return all
}

// checksum is written as checksumsink writes it.
func checksum(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }
