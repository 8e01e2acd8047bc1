package line

import (
	"encoding/binary"
	"fmt"
)

// HeaderSize is how many bytes of a payload are its header, and so the least size of one.
const HeaderSize = 4 * 8

// A Payload is what a peer's frame is: it follows from four numbers, which come first.
type Payload struct {
	Token    uint64 // of the producer's run: odd
	Sequence uint64 // that the frame has
	Dropped  uint64 // frames of this run that were dropped before it
	Size     uint64 // in bytes
}

const (
	golden = 0x9E3779B97F4A7C15
	mixer  = 0xBF58476D1CE4E5B9
)

// Key is the number from which the bytes behind the header follow, and the record.
func (p Payload) Key() uint64 {
	key := (p.Token ^ p.Sequence*golden) * mixer
	return key ^ key>>32
}

// Caps are those that a frame of this sequence has: they change every 97 frames.
func (p Payload) Caps() string { return fmt.Sprintf("application/x-peer,part=%d", p.Sequence/97) }

// Meta is the frame's metadata: none if the key is even, else one record, a reference time.
func (p Payload) Meta() []byte {
	key := p.Key()
	if key%2 == 0 {
		return nil
	}
	var time []byte
	time = binary.LittleEndian.AppendUint64(time, key>>1)
	time = binary.LittleEndian.AppendUint64(time, ^uint64(0)) // no duration
	return record(6, appendText(time, "timestamp/x-peer"))
}

// Tags are those that a frame of this sequence has: one tag, which changes every 61 frames.
func (p Payload) Tags() []byte {
	const key = "title"
	title := fmt.Sprint("part ", p.Sequence/61)
	var tags []byte
	tags = binary.LittleEndian.AppendUint64(tags, 0) // of the stream
	tags = binary.LittleEndian.AppendUint32(tags, 1) // one field
	tags = padded(appendText(tags, "taglist"))
	tags = append(tags, 5, 0, byte(len(key)), 0) // a text
	tags = binary.LittleEndian.AppendUint32(tags, uint32(len(title)))
	return record(12, padded(append(append(tags, key...), title...)))
}

// record is a metadata record.
func record(kind byte, payload []byte) []byte {
	head := binary.LittleEndian.AppendUint32([]byte{kind, 0, 0, 0}, uint32(len(payload)))
	return padded(append(head, payload...))
}

func appendText(record []byte, text string) []byte {
	return append(binary.LittleEndian.AppendUint32(record, uint32(len(text))), text...)
}

// padded ends at a multiple of 8.
func padded(record []byte) []byte { return append(record, make([]byte, 7-(len(record)+7)%8)...) }

// Write fills data, which is p.Size bytes. What is shorter than a header has its beginning.
func (p Payload) Write(data []byte) {
	var header [HeaderSize]byte
	for i, word := range [...]uint64{p.Token, p.Sequence, p.Dropped, p.Size} {
		binary.LittleEndian.PutUint64(header[8*i:], word)
	}
	if copy(data, header[:]) < HeaderSize {
		return
	}
	word := p.Key()
	rest := data[HeaderSize:]
	for ; len(rest) >= 8; rest = rest[8:] {
		word += golden
		binary.LittleEndian.PutUint64(rest, word)
	}
	for i := range rest {
		rest[i] = byte((word + golden) >> (8 * i))
	}
}

// Read reads a payload and compares each byte with what its header says.
func Read(data []byte) (Payload, error) {
	if len(data) < HeaderSize {
		return Payload{}, fmt.Errorf("%d bytes, a payload has at least %d", len(data), HeaderSize)
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(data[8*i:]) }
	p := Payload{word(0), word(1), word(2), word(3)}
	if p.Size != uint64(len(data)) {
		return p, fmt.Errorf("%d bytes, its header says %+v", len(data), p)
	}
	want := p.Key()
	rest := data[HeaderSize:]
	for ; len(rest) >= 8; rest = rest[8:] {
		want += golden
		if got := binary.LittleEndian.Uint64(rest); got != want {
			return p, fmt.Errorf("byte %d: %016x, want %016x as its header %+v says", len(data)-len(rest), got, want, p)
		}
	}
	for i, got := range rest {
		if got != byte((want+golden)>>(8*i)) {
			return p, fmt.Errorf("byte %d: %02x, its header says %+v", len(data)-len(rest)+i, got, p)
		}
	}
	return p, nil
}

// Same checks that data is still the payload p.
func Same(data []byte, p Payload) error {
	now, err := Read(data)
	if err == nil && now != p {
		err = fmt.Errorf("it was %+v and is %+v", p, now)
	}
	return err
}
