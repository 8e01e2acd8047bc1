package stress

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/bips-ipc/bips/bips"
)

// A payload begins with the checksum of all that follows, then the header's other
// words, then bytes that depend on them.
const payloadHeader = 5 * 8

// payload is what a frame says of itself.
type payload struct {
	token    uint64 // of the producer's run
	sequence uint64 // the one that the frame will have
	dropped  uint64 // frames dropped before it
	size     int
}

func (p payload) caps() string { return fmt.Sprintf("application/x-stress,part=%d", p.sequence/97) }

// write fills a slot and returns what is to be published with it.
func (p payload) write(data []byte) bips.FrameInfo {
	data = data[:p.size]
	for i, word := range []uint64{p.token, p.sequence, p.dropped, uint64(p.size)} {
		binary.LittleEndian.PutUint64(data[8+8*i:], word)
	}
	state := p.token ^ p.sequence
	for rest := data[payloadHeader:]; len(rest) >= 8; rest = rest[8:] {
		state = state*6364136223846793005 + 1442695040888963407
		binary.LittleEndian.PutUint64(rest, state)
	}
	sum := xxhash.Sum64(data[8:])
	binary.LittleEndian.PutUint64(data, sum)
	return bips.FrameInfo{
		Size: p.size, PTS: bips.TimeOf(time.Duration(p.sequence)), Duration: bips.TimeOf(time.Duration(sum >> 1)),
		Offset: p.sequence, OffsetEnd: p.token, Flags: uint32(sum),
		Planes: bips.Planes{Count: 1, Stride: [bips.MaxPlanes]int32{int32(sum >> 33)}},
		Meta:   binary.LittleEndian.AppendUint64(nil, sum)[:sum%9],
	}
}

// readPayload checks that a frame is one that was written, whole, with its own record.
func readPayload(f *bips.Frame) (payload, error) {
	if len(f.Data) < payloadHeader {
		return payload{}, fmt.Errorf("%d bytes", len(f.Data))
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(f.Data[8*i:]) }
	p := payload{token: word(1), sequence: word(2), dropped: word(3), size: int(word(4))}
	sum := xxhash.Sum64(f.Data[8:])
	switch {
	case sum != word(0):
		return p, fmt.Errorf("checksum %x, want %x (payload %+v)", sum, word(0), p)
	case p.size != len(f.Data) || p.sequence != f.Sequence:
		return p, fmt.Errorf("record says sequence %d, size %d, payload says %+v", f.Sequence, len(f.Data), p)
	case f.Offset != p.sequence || f.OffsetEnd != p.token || f.Flags != uint32(sum) || f.PTS != bips.TimeOf(time.Duration(p.sequence)) ||
		f.Duration != bips.TimeOf(time.Duration(sum>>1)) || f.Planes.Stride[0] != int32(sum>>33):
		return p, fmt.Errorf("record %+v of payload %+v", f.FrameInfo, p)
	case f.Caps != p.caps():
		return p, fmt.Errorf("caps %q, want %q", f.Caps, p.caps())
	case string(f.Meta) != string(binary.LittleEndian.AppendUint64(nil, sum)[:sum%9]):
		return p, fmt.Errorf("metadata %x with checksum %x", f.Meta, sum)
	}
	return p, nil
}

// checkUnchanged compares a held frame with its checksum.
func checkUnchanged(f *bips.Frame) error {
	if sum := xxhash.Sum64(f.Data[8:]); sum != binary.LittleEndian.Uint64(f.Data) {
		return fmt.Errorf("frame %d changed while it was held: checksum %x, want %x", f.Sequence, sum, binary.LittleEndian.Uint64(f.Data))
	}
	return nil
}
