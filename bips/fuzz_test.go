package bips

import (
	"encoding/binary"
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/testmain"
)

// The fuzzers damage a whole segment by patches of ten bytes: where (16 bits, in
// words of the segment) and what (64 bits). So inputs are short, and all that a header
// or a record says is within reach.
const patchSize = 10

func patch(memory, input []byte) {
	for ; len(input) >= patchSize; input = input[patchSize:] {
		at := 8 * (int(binary.LittleEndian.Uint16(input)) % (len(memory) / 8))
		copy(memory[at:at+8], input[2:patchSize])
	}
}

// patches damages each 32-bit half of each word between two offsets.
func patches(memory []byte, from, to uint64) (all [][]byte) {
	for at := from; at < to; at += 8 {
		word := binary.LittleEndian.Uint64(memory[at:])
		for _, value := range []uint64{
			0, 1, word + 1, word - 1, word ^ 1<<63, ^uint64(0), 1 << 62, word&^0xffffffff | 0x7fffffff, word | 0xffffffff,
			word&0xffffffff | 0x7fffffff<<32, word | 0xffffffff<<32, word &^ 0xffffffff, word & 0xffffffff,
		} {
			p := binary.LittleEndian.AppendUint16(nil, uint16(at/8))
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
	g := planGeometry(slots, 1, seats, 0xb1b5, 1)
	p := &Producer{
		name: "fuzz", blockTimeout: Forever, views: make([]seatView, seats), files: &shmProducer{
			poolMap: &sys.Mapping{Bytes: guarded(t, g.segmentSize)}, seatMap: &sys.Mapping{Bytes: guarded(t, g.seatSegmentSize())},
		},
	}
	// Its files are empty: only the seats' locks are used, and a name for fill to publish.
	p.files.paths, p.files.instance = paths{testmain.Dir(t), "fuzz"}, g.instance
	var err error
	if p.files.seats, err = sys.CreateLockFile(p.files.paths.seats(g.instance), 0o600, nil); err != nil {
		t.Fatal(err)
	}
	if p.files.pool, err = sys.CreateLockFile(p.files.unnamed(g.instance), 0o600, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.files.unlink()
		p.files.closeLocks()
	})
	if err := p.fill(&g); err != nil {
		t.Fatal(err)
	}
	return p
}

// publishOne publishes a byte with metadata and planes.
func publishOne(t testing.TB, p *Producer) {
	t.Helper()
	slot, err := p.Pull(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Push(slot, FrameInfo{Size: 1, Meta: []byte("meta"), Planes: Planes{Count: 1}}); err != nil {
		t.Fatal(err)
	}
}

// FuzzOpenPool reads damaged segments as a consumer does: an error, or a frame whose
// bytes are there. The first byte of the input says whether the damage comes and goes
// while the pool is read, and in which mode it is read; the second cuts it short.
func FuzzOpenPool(f *testing.F) {
	p := smallPool(f, 2, 1)
	if err := p.storeCaps("video/x-raw"); err != nil {
		f.Fatal(err)
	}
	publishOne(f, p)
	publishOne(f, p)
	base, seats := append([]byte(nil), p.pool.memory...), append([]byte(nil), p.seats.memory...)
	tables := []struct{ from, to uint64 }{
		{0, 160}, {512, 720}, // the header's two parts
		{p.pool.ringOffset, p.pool.ringOffset + 16},
		{p.pool.recordsOffset, p.pool.recordsOffset + 2*layout.SlotRecordSize},
		{p.pool.seatWordsOffset, p.pool.seatWordsOffset + 16},
		{p.pool.capsOffset, p.pool.capsOffset + 24},
	}
	for _, table := range tables {
		for i, damage := range patches(base, table.from, table.to) {
			f.Add(append([]byte{byte(i), 0}, damage...))
		}
	}
	for pages := range byte(20) {
		f.Add([]byte{0, pages + 1})
	}
	memory, ownSeats := guarded(f, uint64(len(base))), guarded(f, uint64(len(seats)))
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) < 2 {
			return
		}
		copy(memory, base)
		copy(ownSeats, seats)
		how, cut, damage := input[0], int(input[1]), input[2:]
		patch(memory, damage)
		if how&1 != 0 {
			stop := flicker(memory, base, damage)
			defer stop()
		}
		readAll(t, memory[:len(memory)-layout.PageSize*(cut%(len(memory)/layout.PageSize))], ownSeats, Mode(how>>1&1))
	})
}

// flicker takes the damage back and does it again until it is stopped.
func flicker(memory, base, damage []byte) (stop func()) {
	var stopped atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stopped.Load() {
			for rest := damage; len(rest) >= patchSize; rest = rest[patchSize:] {
				at := 8 * (int(binary.LittleEndian.Uint16(rest)) % (len(memory) / 8))
				copy(memory[at:at+8], base[at:at+8])
			}
			patch(memory, damage)
		}
	}()
	return func() { stopped.Store(true); <-done }
}

// readAll attaches to a segment and reads what is to be had.
func readAll(t *testing.T, memory, seatMemory []byte, mode Mode) {
	pool, err := openPoolSegment(memory)
	if err != nil {
		wantDamage(t, err)
		return
	}
	seats, err := openSeatSegment(seatMemory, &pool.geometry)
	if err != nil {
		wantDamage(t, err)
		return
	}
	a := &attachment{pool: pool, seats: seats, seat: seats.seats[0], mode: mode, owner: &heldCount{}, caps: make([]capsText, pool.geometry.caps)}
	a.references.Store(1 << 20) // its files are not there to be closed
	a.setCursor(1)
	for range 4 {
		var f Frame
		got, err := a.next(&f)
		if err != nil {
			if !errors.Is(err, ErrBanned) {
				wantDamage(t, err)
			}
			return
		}
		if got == gotNothing || got == poolClosed || got == poolMoved {
			return
		}
		if got == gotFrame {
			sum := len(f.Caps)
			for _, bytes := range [][]byte{f.Data, f.Meta} {
				for _, b := range bytes {
					sum += int(b)
				}
			}
			if f.Size != len(f.Data) || uint64(f.Size) > pool.slotSize || sum < 0 {
				t.Fatalf("frame of %d bytes says %d, slots have %d", len(f.Data), f.Size, pool.slotSize)
			}
			for _, offset := range f.Planes.Offset[:f.Planes.Count] {
				if offset > uint64(f.Size) {
					t.Fatalf("a plane at %d of %d", offset, f.Size)
				}
			}
			if err := f.lease.Release(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func wantDamage(t *testing.T, err error) {
	if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
		t.Fatalf("got %v", err)
	}
}

// FuzzSeats lets hostile seats say anything while an honest one, seat 0, holds a
// frame: the producer never lends that slot, nor the newest entry's, never judges the
// honest seat, never promises more than it has, and always comes to an end. Each
// byte of the input is a step; a step that writes to a seat takes nine more.
func FuzzSeats(f *testing.F) {
	const slots, seats = 8, 4
	p := smallPool(f, slots, seats)
	holders, err := sys.OpenLockFile(p.files.paths.seats(p.files.instance), os.O_RDWR, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = holders.Close() })
	const steps = 16
	for word := range byte(layout.SeatSize / 8) {
		for _, value := range []uint64{0, 1, 2, 1<<32 | 2, 2<<32 | 2, 1<<32 | 1, 0xff, ^uint64(0), 1 << 63} {
			store := binary.LittleEndian.AppendUint64([]byte{10, 32 + word}, value) // seat 1
			f.Add(append(append([]byte{8}, store...), 0, 1, 0, 3, 0, 2, 0, 9, 0, 0))
		}
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		p.resetForFuzz(t, holders)
		held := p.holdNewest(t)
		for len(input) > 0 {
			step := input[0] % steps
			input = input[1:]
			switch {
			case step < 4:
				p.fuzzAcquire(t, demand(step), held)
			case step == 4:
				_ = p.Stats()
			case step == 5:
				p.cleanUp()
			case step < 9: // hostile seats 1 to 3: alive, or not, changing at will
				lock := layout.SeatLockBase + int64(step-5)
				if ours, err := holders.TryLock(lock); err != nil || !ours {
					t.Fatal(ours, err)
				}
			case step == 9:
				for i := range int64(seats - 1) {
					_ = holders.Unlock(layout.SeatLockBase + 1 + i)
				}
			default:
				if len(input) < 9 {
					return
				}
				at := layout.HeaderSize + layout.SeatSize + 8*(int(input[0])%((seats-1)*layout.SeatSize/8))
				copy(p.seats.memory[at:at+8], input[1:9])
				input = input[9:]
			}
			p.checkInvariants(t, held)
		}
	})
}

// resetForFuzz makes the pool as new, with one honest reader of quota 2 on seat 0.
func (p *Producer) resetForFuzz(t *testing.T, holders *sys.LockFile) {
	for i := range int64(len(p.views)) {
		_ = holders.Unlock(layout.SeatLockBase + i)
	}
	clear(p.seats.memory[layout.HeaderSize:])
	for i := range p.views {
		p.views[i] = seatView{}
		p.pool.words[i].Verdict.Store(0)
	}
	p.lent, p.pushed, p.head, p.sequences, p.stats = 0, 0, 0, [MaxSlots]uint64{}, ProducerStats{}
	if ours, err := holders.TryLock(layout.SeatLockBase); err != nil || !ours {
		t.Fatal(ours, err)
	}
	honest := p.seats.seats[0]
	honest.Quota.Store(2)
	honest.Generation.Store(1)
	honest.Cursor.Store(1)
	honest.State.Store(layout.SeatLatest)
}

// holdNewest publishes frames and lets the honest reader hold one that is not the
// newest any more.
func (p *Producer) holdNewest(t *testing.T) (held int) {
	publishOne(t, p)
	for slot, sequence := range p.sequences {
		if sequence == 1 {
			held = slot
		}
	}
	p.seats.seats[0].Pins.Store(1 << held)
	publishOne(t, p)
	return held
}

func (p *Producer) fuzzAcquire(t *testing.T, d demand, held int) {
	newest := p.head
	slot, _, err := p.tryAcquire(d, d != forFrame)
	if err != nil {
		if err != errNothingFree && err != errAllUpstream {
			t.Fatal(err)
		}
		return
	}
	if slot.index == held {
		t.Fatalf("slot %d was lent while it was held", held)
	}
	if newest != 0 && p.sequences[slot.index] == newest {
		t.Fatal("the newest entry's slot was lent")
	}
	if d == forUpstream && onesCount(p.lent) < 3 {
		return // kept
	}
	if d == forReserve {
		_ = p.Return(slot)
	} else if err := p.Push(slot, FrameInfo{}); err != nil {
		t.Fatal(err)
	}
	p.lent &= 1<<p.pool.slots - 1
}

func (p *Producer) checkInvariants(t *testing.T, held int) {
	granted := 0
	for i := range p.views {
		granted += p.views[i].quota
	}
	switch {
	case granted > p.pool.slots-p.pool.reserve():
		t.Fatalf("%d pins granted in all, there is room for %d", granted, p.pool.slots-p.pool.reserve())
	case p.views[0].verdict != 0 || p.pool.words[0].Verdict.Load() != 0:
		t.Fatal("the honest reader was judged")
	case p.sequences[held] != 1 || p.pool.records[held].Sequence.Load() != 1:
		t.Fatal("the held frame's slot is not what it was")
	}
}
