package bips

import (
	"encoding/binary"
	"errors"
	"syscall"
	"testing"

	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/testmain"
)

// The fuzzers damage whole segments by patches of ten bytes: where (16 bits, in words
// of the segments) and what (64 bits). So inputs are short, and all that a header
// or a record says is within reach. The seeds are made from segments as a producer
// left them, each field damaged in each way that patches knows: so they follow the
// layout, and "go test" runs them all.
const patchSize = 10

// segments are the memories that an input may damage, as if they lay one behind the other.
type segments [][]byte

// word is the eight bytes at number n, counted round and round.
func (s segments) word(n int) []byte {
	words := 0
	for _, memory := range s {
		words += len(memory) / 8
	}
	n %= words
	for _, memory := range s {
		if n < len(memory)/8 {
			return memory[8*n : 8*n+8]
		}
		n -= len(memory) / 8
	}
	panic("unreachable")
}

func (s segments) patch(input []byte) {
	for ; len(input) >= patchSize; input = input[patchSize:] {
		copy(s.word(int(binary.LittleEndian.Uint16(input))), input[2:patchSize])
	}
}

// revert puts back what patch changed.
func (s segments) revert(input []byte, base segments) {
	for ; len(input) >= patchSize; input = input[patchSize:] {
		at := int(binary.LittleEndian.Uint16(input))
		copy(s.word(at), base.word(at))
	}
}

// copyFrom makes all of it as base is.
func (s segments) copyFrom(base segments) {
	for i := range s {
		copy(s[i], base[i])
	}
}

func (s segments) clone() (cloned segments) {
	for _, memory := range s {
		cloned = append(cloned, append([]byte(nil), memory...))
	}
	return cloned
}

// patches damages each 32-bit half of each word between two offsets of segment number n.
func (s segments) patches(n int, from, to uint64) (all [][]byte) {
	first := 0 // word of the segment
	for _, memory := range s[:n] {
		first += len(memory) / 8
	}
	for at := from; at < to; at += 8 {
		word := binary.LittleEndian.Uint64(s[n][at:])
		for _, value := range []uint64{
			0, 1, word + 1, word - 1, word ^ 1<<63, ^uint64(0), 1 << 62, word&^0xffffffff | 0x7fffffff, word | 0xffffffff,
			word&0xffffffff | 0x7fffffff<<32, word | 0xffffffff<<32, word &^ 0xffffffff, word & 0xffffffff,
		} {
			p := binary.LittleEndian.AppendUint16(nil, uint16(first+int(at/8)))
			all = append(all, binary.LittleEndian.AppendUint64(p, value))
		}
	}
	return all
}

// guarded returns memory behind which lies a page that may not be touched.
func guarded(t testing.TB, size uint64) []byte {
	t.Helper()
	memory, err := syscall.Mmap(-1, 0, int(size)+layout.PageSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(memory) })
	if err := syscall.Mprotect(memory[size:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return memory[:size:size]
}

// smallPool is a pool of the smallest kind, in private memory, with two entries.
func smallPool(t testing.TB, slots, seats int) *Producer {
	t.Helper()
	g := planGeometry(slots, 1, DefaultMetaSize, seats, 0xb1b5, 1)
	// Its files are empty: only the seats' locks are used, and a name to publish.
	named := &ownName{paths: paths{testmain.Dir(t), "fuzz"}, instance: g.instance}
	files := &ownFiles{
		name:    named,
		poolMap: &sys.Mapping{Bytes: guarded(t, g.segmentSize)}, seatMap: &sys.Mapping{Bytes: guarded(t, g.seatSegmentSize())},
	}
	p := &Producer{name: "fuzz", named: named, own: &ownPool{backing: files, views: make([]seatView, seats)}, keyFrames: make(chan struct{}, 1)}
	p.blockTimeout.Store(int64(Forever))
	var err error
	if files.seats, err = sys.CreateLockFile(files.seatsPath(), sys.KeepGroup, 0o600, nil); err != nil {
		t.Fatal(err)
	}
	if files.pool, err = sys.CreateLockFile(files.unnamed(), sys.KeepGroup, 0o600, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		files.unlink()
		files.close()
	})
	if err := errors.Join(p.own.fill("fuzz", &g), files.publish()); err != nil {
		t.Fatal(err)
	}
	return p
}

// someStructure is in the metadata and the tags of the pool.
var someStructure = meta.Structure{Name: "some", Fields: []meta.Field{{Key: "title", Value: meta.Text("Gate")}}}

func someRecords(t testing.TB, record meta.Record) meta.Records {
	t.Helper()
	r, err := meta.Append(nil, record)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// publishOne publishes a byte with metadata and planes.
func publishOne(t testing.TB, p *Producer) {
	t.Helper()
	slot, err := p.Pull(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Push(slot, FrameInfo{Size: 1, Meta: someRecords(t, meta.Region{Kind: "face", Params: []meta.Structure{someStructure}}), Planes: Planes{Count: 1}}); err != nil {
		t.Fatal(err)
	}
}

func wantDamage(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
		t.Fatalf("got %v", err)
	}
}
