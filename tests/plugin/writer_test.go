package plugin

import (
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/sys"
	peers "github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// A writer fills a pool without GStreamer: raw grey pictures of 64 by 48, unless told otherwise. It is
// a peer that does what it is told.
type writer struct {
	*peers.Peer
	t *testing.T
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
	if o.Caps == "" {
		o.Caps = grey
	}
	opened := make(chan struct{})
	w := &writer{t: t, Peer: peers.Start(t, peers.Produce, pool, peers.Setup{
		Args: []string{"--idle", fmt.Sprintf("--slots=%d", o.Slots), fmt.Sprintf("--slot-size=%d", o.SlotSize), fmt.Sprintf("--seats=%d", o.MaxConsumers), "--backend=" + backend},
		Heard: func(l *line.Line) {
			if l.Event == line.Opened {
				close(opened)
			}
		},
	})}
	t.Cleanup(w.close)
	select {
	case <-opened:
	case <-w.Exited():
		t.Fatalf("no pool: %s", w.Complaints())
	case <-time.After(patience):
		t.Fatal("the pool does not come")
	}
	w.caps(o.Caps)
	return w
}

// close closes the pool, once.
func (w *writer) close() {
	select {
	case <-w.Exited():
	default:
		if answer := w.Leave(); answer.Error != "" {
			w.t.Errorf("the pool was closed with %s", answer.Text)
		}
	}
}

// must gives an order that must not fail.
func (w *writer) must(order line.Order) *line.Line {
	w.t.Helper()
	answer := w.Ask(order)
	if answer.Error != "" {
		w.t.Fatalf("%+v: %s", order, answer.Text)
	}
	return answer
}

func (w *writer) caps(caps string) {
	w.t.Helper()
	w.must(line.Order{Do: line.DoCaps, Caps: caps})
}

// latency says what the latency of what comes before the pool is.
func (w *writer) latency(latency bips.Time) {
	w.t.Helper()
	w.must(line.Order{Do: line.DoLatency, Latency: nanoseconds(latency)})
}

// awaits waits until n consumers read.
func (w *writer) awaits(n int) {
	w.t.Helper()
	w.must(line.Order{Do: line.DoAwait, Consumers: n, Timeout: (patience / 2).Microseconds()})
}

// consumers is how many read.
func (w *writer) consumers() int {
	w.t.Helper()
	return w.must(line.Order{Do: line.DoStats}).Consumers
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

// publish publishes size bytes that no other frame has, and returns their checksum. What has no times
// gets those of now.
func (w *writer) publish(size int, f bips.FrameInfo) string {
	w.t.Helper()
	if !f.CaptureTime.Known() {
		f.CaptureTime = now()
	}
	if !f.PTS.Known() {
		f.PTS = f.CaptureTime
	}
	return w.publishAsItIs(size, f)
}

func (w *writer) publishAsItIs(size int, f bips.FrameInfo) string {
	w.t.Helper()
	record := &line.Record{
		PTS: nanoseconds(f.PTS), DTS: nanoseconds(f.DTS), Duration: nanoseconds(f.Duration), Capture: nanoseconds(f.CaptureTime),
		Offset: line.Hex(f.Offset), OffsetEnd: line.Hex(f.OffsetEnd), Flags: f.Flags, Meta: hex.EncodeToString(f.Meta),
		Strides: f.Planes.Stride[:f.Planes.Count], Offsets: f.Planes.Offset[:f.Planes.Count],
	}
	return w.must(line.Order{Do: line.DoFrame, Size: size, Timeout: (patience / 2).Microseconds(), Info: record}).SHA256
}

func (w *writer) endOfStream() {
	w.t.Helper()
	w.must(line.Order{Do: line.DoEnd})
}

// nanoseconds is a time as peers are told it: -1 is unknown.
func nanoseconds(t bips.Time) int64 {
	d, known := t.Duration()
	if !known {
		return -1
	}
	return int64(d)
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
