package gopeer

import (
	"encoding/hex"
	"errors"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// carryOut carries out one order.
func (p *producing) carryOut(order line.Order) line.Line {
	switch order.Do {
	case line.DoPause:
		p.halt()
	case line.DoGo:
		err := p.putBack(p.taken)
		p.taken = nil
		p.lendFrom(p.pool, p.lend, p.out)
		p.resume()
		return failed(err)
	case line.DoClose:
		p.halt()
		return failed(p.shut())
	case line.DoStats:
		return p.stats()
	case line.DoFlush:
		p.flush = order.On
		p.current().SetFlushing(order.On)
	case line.DoEnd:
		p.halt()
		return failed(p.endOfStream())
	case line.DoHold:
		p.halt()
		return p.hold(ofMicros(order.Timeout))
	case line.DoAwait:
		return failed(p.current().WaitConsumers(order.Consumers, ofMicros(order.Timeout)))
	case line.DoCaps:
		p.caps = order.Caps
		return failed(p.current().SetCaps(order.Caps))
	case line.DoTags:
		return failed(p.setTags(order.Tags))
	case line.DoLatency:
		p.current().SetLatency(timeOf(order.Latency))
	case line.DoFrame:
		p.halt()
		return p.frame(order)
	case line.DoDrop:
		p.halt()
		p.dropped++
		return failed(p.pool.Drop())
	case line.DoRecords:
		return readRecords(order)
	case line.DoGrow:
		p.halt()
		return failed(p.growTo(order.Size))
	default:
		return unknown(order)
	}
	return line.Line{}
}

func (p *producing) setTags(digits string) error {
	tags, err := hex.DecodeString(digits)
	if err != nil {
		return err
	}
	p.tags = string(tags)
	return p.current().SetTags(tags)
}

func (p *producing) stats() line.Line {
	stats := p.current().Stats()
	return line.Line{
		Published: stats.Published, Dropped: stats.Dropped, Demoted: stats.Demoted,
		Reclaimed: stats.Reclaimed, Consumers: stats.Consumers, Lent: stats.Lent,
		Moves: stats.Moves, KeyFrames: p.asked.count.Load(),
	}
}

// hold takes every slot but the newest frame's, for as long as timeout, and keeps them
// until the order go.
func (p *producing) hold(timeout time.Duration) line.Line {
	p.stopLending()
	p.kept.Wait()
	var err error
	for end := time.Now().Add(timeout); len(p.taken) < p.pool.Slots()-1; {
		var slot bips.Slot
		slot, err = p.pool.Pull(max(0, time.Until(end)))
		if err == nil {
			p.taken = append(p.taken, slot)
			continue
		}
		if !errors.Is(err, bips.ErrDropped) {
			break
		}
		p.dropped++
		if time.Now().After(end) {
			break
		}
		time.Sleep(time.Millisecond) // the policy Drop does not wait
	}
	answer := failed(err)
	answer.Slots = len(p.taken)
	return answer
}

// frame publishes one frame of the size that was ordered: a payload, cut off if it is shorter than
// its header, with its own record or the one that was ordered.
func (p *producing) frame(order line.Order) line.Line {
	slot, err := p.pool.Pull(ofMicros(order.Timeout))
	if err != nil {
		return failed(err)
	}
	frame := line.Payload{Token: p.token, Sequence: p.next, Dropped: p.dropped, Size: uint64(order.Size)}
	data := slot.Data[:min(order.Size, len(slot.Data))]
	frame.Write(data)
	info := infoOf(frame)
	if order.Info != nil {
		if info, err = infoOfRecord(order.Info); err != nil {
			return failed(errors.Join(err, p.pool.Return(slot)))
		}
	}
	info.Size = order.Size
	sum := line.Sum(data)
	sequence, err := p.pool.Publish(slot, info)
	err = errors.Join(err, p.pool.Return(slot))
	answer := failed(err)
	if err == nil {
		p.next = sequence + 1
		answer.Sequence, answer.SHA256 = sequence, sum
	}
	return answer
}

func timeOf(ns int64) bips.Time {
	if ns < 0 {
		return bips.Time{}
	}
	return bips.TimeOf(time.Duration(ns))
}

func infoOfRecord(r *line.Record) (info bips.FrameInfo, err error) {
	info = bips.FrameInfo{
		PTS: timeOf(r.PTS), DTS: timeOf(r.DTS), Duration: timeOf(r.Duration), CaptureTime: timeOf(r.Capture), Flags: r.Flags,
	}
	info.Planes.Count = copy(info.Planes.Stride[:], r.Strides)
	copy(info.Planes.Offset[:], r.Offsets)
	var offset, offsetEnd, meta error
	info.Offset, offset = line.ParseHex(r.Offset)
	info.OffsetEnd, offsetEnd = line.ParseHex(r.OffsetEnd)
	info.Meta, meta = hex.DecodeString(r.Meta)
	return info, errors.Join(offset, offsetEnd, meta)
}
