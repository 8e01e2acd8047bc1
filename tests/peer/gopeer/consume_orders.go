package gopeer

import (
	"encoding/hex"
	"fmt"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// carryOut carries out one order.
func (c *consuming) carryOut(order line.Order) line.Line {
	switch order.Do {
	case line.DoPause:
		c.halt()
	case line.DoGo:
		c.resume()
	case line.DoClose:
		c.halt()
		return failed(c.leave())
	case line.DoStats:
		return c.stats()
	case line.DoFlush:
		c.flush = order.On
		c.current().SetFlushing(order.On)
	case line.DoSuspend:
		c.current().Suspend()
		c.out.write(line.Line{Event: line.Suspended})
	case line.DoResume:
		c.current().Resume()
	case line.DoBlock:
		c.current().SetBlocking(order.On)
		if !order.On {
			c.out.write(line.Line{Event: line.Unblocked})
		}
	case line.DoKeys:
		return failed(c.current().RequestKeyFrame())
	case line.DoPull:
		c.halt()
		return c.pullOne(order)
	case line.DoRelease:
		return failed(c.giveBackPulled(order.Hold))
	case line.DoPool:
		info, attached := c.current().Pool()
		if !attached {
			return failed(bips.ErrNoPool)
		}
		return line.Line{Instance: line.Hex(info.Instance), Slots: info.Slots, Size: info.SlotSize, Moves: uint64(info.Moves)}
	case line.DoMaxAge:
		c.current().SetMaxAge(ofMicros(order.MaxAge))
	case line.DoSum:
		h, held := c.pulled[order.Hold]
		if !held {
			return failed(fmt.Errorf("hold %d: %w", order.Hold, bips.ErrStale))
		}
		return line.Line{SHA256: line.Sum(h.frame.Data)}
	case line.DoRecords:
		return c.records(order)
	default:
		return unknown(order)
	}
	return line.Line{}
}

func (c *consuming) stats() line.Line {
	pool := c.current()
	stats := pool.Stats()
	return line.Line{
		Received: stats.Received, Skipped: stats.Skipped, Lost: stats.Lost, Demoted: stats.Demoted, Held: stats.Held, Moves: stats.Moves,
		Quota: pool.Quota(), Instances: stats.Instances,
	}
}

// pullOne pulls one frame and holds it.
func (c *consuming) pullOne(order line.Order) line.Line {
	f, err := c.pool.Pull(ofMicros(order.Timeout))
	if err != nil {
		return failed(err)
	}
	h, ok := c.see(f)
	if !ok {
		return line.Line{Error: "torn"}
	}
	c.holds++
	c.pulled[c.holds] = h
	answer := c.lineOf(&h, line.Done)
	answer.Hold = c.holds
	return answer
}

// readFrame checks that a frame is one that a peer wrote, whole, with its own record.
func readFrame(f *bips.Frame) (line.Payload, error) {
	p, err := line.Read(f.Data)
	if err != nil {
		return p, err
	}
	want := infoOf(p)
	got := f.FrameInfo
	switch {
	case p.Sequence != f.Sequence:
		return p, fmt.Errorf("its record says sequence %d, its payload %+v", f.Sequence, p)
	case got.Size != want.Size || got.PTS != want.PTS || got.DTS != want.DTS || got.Duration != want.Duration || got.CaptureTime != want.CaptureTime ||
		got.Offset != want.Offset || got.OffsetEnd != want.OffsetEnd || got.Flags != want.Flags || got.Planes != want.Planes || string(got.Meta) != string(want.Meta):
		return p, fmt.Errorf("its record is %+v, want %+v as its payload %+v says", got, want, p)
	case f.Tags != nil && string(f.Tags) != string(p.Tags()):
		return p, fmt.Errorf("its tags are %x, want %x", f.Tags, p.Tags())
	case f.Caps != p.Caps():
		return p, fmt.Errorf("its caps are %q, want %q", f.Caps, p.Caps())
	}
	return p, nil
}

// recordOf is all that travels with a frame.
func recordOf(f *bips.Frame) *line.Record {
	return &line.Record{
		Size: len(f.Data), PTS: nanoseconds(f.PTS), DTS: nanoseconds(f.DTS), Duration: nanoseconds(f.Duration),
		Capture: nanoseconds(f.CaptureTime), Offset: line.Hex(f.Offset), OffsetEnd: line.Hex(f.OffsetEnd), Flags: f.Flags,
		Strides: f.Planes.Stride[:f.Planes.Count], Offsets: f.Planes.Offset[:f.Planes.Count],
		Meta: hex.EncodeToString(f.Meta), Caps: f.Caps, Tags: hex.EncodeToString(f.Tags), Latency: nanoseconds(f.Latency), Published: int64(f.PublishTime), SHA256: line.Sum(f.Data),
		Mode: modeNames[f.Mode], Blocking: f.Blocking, Behind: f.Behind,
	}
}

var modeNames = map[bips.Mode]string{bips.Latest: "latest", bips.Every: "every"}

// records reads metadata: those that were ordered, or those of a frame that is held.
func (c *consuming) records(order line.Order) line.Line {
	h, held := c.pulled[order.Hold]
	switch {
	case order.Hold == 0:
		return readRecords(order)
	case !held:
		return failed(fmt.Errorf("hold %d: %w", order.Hold, bips.ErrStale))
	case order.Of == line.OfTags:
		return tellRecords(h.frame.Tags)
	}
	return tellRecords(h.frame.Meta)
}

// nanoseconds is a time as lines have it: -1 if it is unknown.
func nanoseconds(t bips.Time) int64 {
	d, known := t.Duration()
	if !known {
		return -1
	}
	return int64(d)
}
