package plugin

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/sys"
)

// A writer fills a pool with package bips: raw grey pictures of 64 by 48, unless told
// otherwise.
type writer struct {
	t        *testing.T
	producer *bips.Producer
	count    int
}

const (
	grey     = "video/x-raw, format=(string)GRAY8, width=(int)64, height=(int)48, framerate=(fraction)30/1"
	greySize = 64 * 48
)

// write makes the pool, which is closed at the end of the test.
func write(t *testing.T, pool string, o bips.ProducerOptions) *writer {
	t.Helper()
	if o.SlotSize == 0 {
		o.SlotSize = greySize
	}
	p, err := bips.NewProducer(pool, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	w := &writer{t: t, producer: p}
	w.caps(grey)
	return w
}

func (w *writer) caps(caps string) {
	w.t.Helper()
	if err := w.producer.SetCaps(caps); err != nil {
		w.t.Fatal(err)
	}
}

// awaits waits until n consumers read.
func (w *writer) awaits(n int) {
	w.t.Helper()
	if err := w.producer.WaitConsumers(n, patience); err != nil {
		w.t.Fatalf("%d consumers did not come: %v", n, err)
	}
}

// frame publishes one picture, captured now, and returns its checksum.
func (w *writer) frame() string {
	w.t.Helper()
	return w.publish(greySize, bips.FrameInfo{Duration: bips.TimeOf(time.Second / 30)})
}

// frames publishes several and returns their checksums.
func (w *writer) frames(n int) (sums []string) {
	w.t.Helper()
	for range n {
		sums = append(sums, w.frame())
	}
	return sums
}

// publish publishes size bytes that no other frame has, and returns their checksum.
func (w *writer) publish(size int, f bips.FrameInfo) string {
	w.t.Helper()
	slot, err := w.producer.Pull(patience)
	if err != nil {
		w.t.Fatalf("no free slot: %v", err)
	}
	fill(slot.Data[:size], w.count)
	w.count++
	sum := checksum(slot.Data[:size])
	f.Size = size
	if !f.CaptureTime.Known() {
		f.CaptureTime = now()
	}
	if !f.PTS.Known() {
		f.PTS = f.CaptureTime
	}
	if err := w.producer.Push(slot, f); err != nil {
		w.t.Fatal(err)
	}
	return sum
}

func (w *writer) endOfStream() {
	w.t.Helper()
	if err := w.producer.EndOfStream(patience); err != nil {
		w.t.Fatal(err)
	}
}

func fill(data []byte, n int) {
	for i := range data {
		data[i] = byte(i*7 + i>>8 + n*31)
	}
}

// sweep takes away, at the end of the test, what a killed producer left of a pool: the
// next producer does that.
func sweep(t *testing.T, pool string) {
	t.Cleanup(func() {
		if p, err := bips.NewProducer(pool, bips.ProducerOptions{SlotSize: 1}); err != nil {
			t.Error(err)
		} else if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// now is the time on the clock that all processes share.
func now() bips.Time { return bips.TimeOf(sys.Monotonic()) }
