package bips

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/internal/layout"
)

// recordCopy is a slot record in private memory: each field was read once.
type recordCopy struct {
	stream      uint64
	capsIndex   int
	capsVersion uint64
	metaLength  int
	dropped     uint64
	publishTime time.Duration
	info        FrameInfo // Size and Planes are not checked yet
}

// copyRecord copies the record of a pinned slot.
func (s *poolSegment) copyRecord(slot int) recordCopy {
	r := s.records[slot]
	c := recordCopy{
		stream: r.Stream, capsIndex: int(r.CapsIndex), capsVersion: r.CapsVersion,
		metaLength: int(r.MetaLength), dropped: r.Dropped, publishTime: time.Duration(r.PublishTime.Load()),
		info: FrameInfo{
			Size: int(min(r.Size, layout.MaxSegmentSize)),
			PTS:  TimeFromNanoseconds(r.PTS), DTS: TimeFromNanoseconds(r.DTS),
			Duration: TimeFromNanoseconds(r.Duration), CaptureTime: TimeFromNanoseconds(r.CaptureTime),
			Offset: r.Offset, OffsetEnd: r.OffsetEnd, Flags: r.Flags,
			Planes: Planes{Count: int(r.PlaneCount)},
		},
	}
	if c.info.Planes.Count > 0 {
		c.info.Planes.Stride, c.info.Planes.Offset = r.PlaneStride, r.PlaneOffset
	}
	return c
}

// checkRecord refuses a record that would lead out of its slot.
func (a *attachment) checkRecord(sequence uint64, r *recordCopy) error {
	switch planes := &r.info.Planes; {
	case r.stream > sequence:
		return fmt.Errorf("%w: of a stream that begins with %d", ErrDamaged, r.stream)
	case uint64(r.info.Size) > a.pool.slotSize:
		return fmt.Errorf("%w: %d bytes in a slot of %d", ErrDamaged, r.info.Size, a.pool.slotSize)
	case uint64(r.metaLength) > a.pool.metaSize:
		return fmt.Errorf("%w: %d bytes of metadata in %d", ErrDamaged, r.metaLength, a.pool.metaSize)
	case r.capsIndex >= a.pool.geometry.caps:
		return fmt.Errorf("%w: caps %d of %d", ErrDamaged, r.capsIndex, a.pool.geometry.caps)
	case planes.Count > MaxPlanes:
		return fmt.Errorf("%w: %d planes", ErrDamaged, planes.Count)
	default:
		for _, offset := range planes.Offset[:planes.Count] {
			if offset > uint64(r.info.Size) {
				return fmt.Errorf("%w: a plane at %d of %d bytes", ErrDamaged, offset, r.info.Size)
			}
		}
		return nil
	}
}

// capsOf returns the caps and the tags of a record. The slot's pin keeps their record from being
// reused. They are copied only when they are new.
func (a *attachment) capsOf(r *recordCopy) (*capsText, error) {
	known := &a.caps[r.capsIndex]
	if known.version == r.capsVersion && known.version != 0 {
		return known, nil
	}
	c, err := a.pool.capsRecord(r.capsIndex)
	if err != nil {
		return nil, err
	}
	if found := c.version.Load(); found != r.capsVersion {
		return nil, fmt.Errorf("%w: caps of version %d, want %d", ErrDamaged, found, r.capsVersion)
	}
	length, tagsLength := c.length.Load(), c.tagsLength.Load()
	if uint64(length) > uint64(len(c.text)) {
		return nil, fmt.Errorf("%w: caps of %d bytes in %d", ErrDamaged, length, len(c.text))
	}
	if uint64(tagsLength) > uint64(len(c.tags)) {
		return nil, fmt.Errorf("%w: tags of %d bytes in %d", ErrDamaged, tagsLength, len(c.tags))
	}
	fresh := capsText{version: r.capsVersion, text: a.lastCaps.text, tags: a.lastCaps.tags}
	if text := c.text[:length]; string(text) != fresh.text {
		fresh.text = strings.ToValidUTF8(string(text), "?")
	}
	if tags := meta.Records(c.tags[:tagsLength]); tagsLength == 0 {
		fresh.tags = nil
	} else if !bytes.Equal(tags, fresh.tags) {
		fresh.tags = tags.Clone()
	}
	*known, a.lastCaps = fresh, fresh
	return known, nil
}
