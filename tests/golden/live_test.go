package golden

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestMain(m *testing.M) { testmain.Roles{}.Run(m) }

// The golden pools are built by hand. What a living producer and its readers leave is read
// by the same reader.
func TestALivingPoolIsReadAsTheGoldenOnes(t *testing.T) {
	dir := testmain.Dir(t)
	p, err := bips.NewProducer("live", bips.ProducerOptions{Slots: 8, SlotSize: slotSize, MaxConsumers: seats})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.SetCaps(rawCaps); err != nil {
		t.Fatal(err)
	}
	push := func(data string) {
		slot, err := p.Pull(bips.Forever)
		if err != nil {
			t.Fatal(err)
		}
		copy(slot.Data, data)
		if err := p.Push(slot, bips.FrameInfo{Size: len(data), PTS: bips.TimeFromNanoseconds(40), Flags: deltaUnit}); err != nil {
			t.Fatal(err)
		}
	}
	push("first")
	c, err := bips.NewConsumer("live", bips.ConsumerOptions{Mode: bips.Latest, MaxHeld: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	held, err := c.Pull(bips.Forever)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Push(held)
	push("second")
	if err := p.EndOfStream(); err != nil {
		t.Fatal(err)
	}

	m, err := Read(Segments{Pool: file(t, dir, "bips.live"), Seats: file(t, dir, "bips.live.*.seats")})
	if err != nil {
		t.Fatal(err)
	}
	pool := m.Pool
	if pool.State != "running" || pool.Head != 2 || pool.Ended != 3 || pool.Slots != 8 || pool.ProducerPID != uint32(os.Getpid()) {
		t.Errorf("the pool is %+v", pool)
	}
	for i, data := range []string{"first", "second"} {
		f := pool.Frames[i]
		if f.Data != data || f.Caps != rawCaps || f.PTS == nil || *f.PTS != 40 || f.DTS != nil || f.Flags != deltaUnit {
			t.Errorf("frame %d is %+v", i+1, f)
		}
	}
	if len(m.Seats) != 1 {
		t.Fatalf("%d seats are taken", len(m.Seats))
	}
	if s := m.Seats[0]; s.State != "latest" || !slices.Equal(s.Pins, []int{pool.Frames[0].Slot}) || s.Received != 1 ||
		s.Granted == nil || s.Granted.Generation != s.Generation || s.Granted.Pins != 2 || s.AskedMost != 2 {
		t.Errorf("the seat is %+v", s)
	}
}

// file reads the one file that matches, into memory that records can be found in.
func file(t *testing.T, dir, pattern string) []byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%v match %s (%v)", paths, pattern, err)
	}
	bytes, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	memory := segmentOf(uint64(len(bytes)))
	copy(memory, bytes)
	return memory
}
