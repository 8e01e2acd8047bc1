package crash

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/bips-ipc/bips/bips"
)

// frameSize is the size of each frame, and of a slot.
const frameSize = 2048

// payload is what a frame says of itself. Its checksum comes first, then the two words,
// then bytes that follow from them.
type payload struct {
	token    uint64 // of the producer's run
	sequence uint64 // that the frame will have
}

func (p payload) write(data []byte) bips.FrameInfo {
	binary.LittleEndian.PutUint64(data[8:], p.token)
	binary.LittleEndian.PutUint64(data[16:], p.sequence)
	state := p.token ^ p.sequence
	for rest := data[24:frameSize]; len(rest) >= 8; rest = rest[8:] {
		state = state*6364136223846793005 + 1442695040888963407
		binary.LittleEndian.PutUint64(rest, state)
	}
	binary.LittleEndian.PutUint64(data, xxhash.Sum64(data[8:frameSize]))
	return bips.FrameInfo{Size: frameSize, Offset: p.sequence, OffsetEnd: p.token}
}

// readPayload checks that a frame is whole and has its own record.
func readPayload(f *bips.Frame) (payload, error) {
	if err := checkWhole(f.Data); err != nil {
		return payload{}, fmt.Errorf("frame %d: %w", f.Sequence, err)
	}
	p := payload{token: binary.LittleEndian.Uint64(f.Data[8:]), sequence: binary.LittleEndian.Uint64(f.Data[16:])}
	if p.sequence != f.Sequence || f.Offset != p.sequence || f.OffsetEnd != p.token {
		return p, fmt.Errorf("frame %d: its record says %d of %x, its payload %+v", f.Sequence, f.Offset, f.OffsetEnd, p)
	}
	return p, nil
}

// checkWhole compares the bytes of a frame with their checksum.
func checkWhole(data []byte) error {
	if len(data) != frameSize {
		return fmt.Errorf("%d bytes, want %d", len(data), frameSize)
	}
	if sum, want := xxhash.Sum64(data[8:]), binary.LittleEndian.Uint64(data); sum != want {
		return fmt.Errorf("checksum %x, want %x", sum, want)
	}
	return nil
}
