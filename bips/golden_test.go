package bips

import (
	"errors"
	"slices"
	"testing"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/tests/golden"
)

const goldenFolder = "../tests/golden/segments"

// readGolden reads a golden pool with the code that readers and producers use, and returns
// the frames that can be read from it.
func readGolden(s golden.Segments) (map[uint64]recordCopy, map[uint64]string, error) {
	g, err := readGeometry(s.Pool, uint64(len(s.Pool)), Shm)
	if err != nil {
		return nil, nil, err
	}
	pool, err := newPoolSegment(s.Pool, g)
	if err != nil {
		return nil, nil, err
	}
	if _, err := readSeatTable(s.Seats, &g, uint64(len(s.Seats))); err != nil {
		return nil, nil, err
	}
	a := &attachment{pool: pool, caps: make([]capsText, g.caps), reading: &reading{}}
	seen := a.look()
	if err := seen.check(0); err != nil {
		return nil, nil, err
	}
	records, caps := map[uint64]recordCopy{}, map[uint64]string{}
	for sequence := seen.head; sequence > 0 && seen.head-sequence < uint64(g.ring); sequence-- {
		found, slot := layout.UnpackRing(pool.entry(sequence).Load())
		if found != sequence || slot >= g.slots || pool.records[slot].Sequence.Load() != sequence {
			continue
		}
		r := pool.copyRecord(slot)
		if err := a.checkRecord(sequence, &r); err != nil {
			return nil, nil, err
		}
		known, err := a.capsOf(&r)
		if err != nil {
			return nil, nil, err
		}
		records[sequence], caps[sequence] = r, known.text
	}
	return records, caps, nil
}

func TestGoldenPoolsAreReadAsTheirJSONSays(t *testing.T) {
	for _, scene := range golden.Scenes() {
		t.Run(scene.Name, func(t *testing.T) {
			s, err := golden.Load(goldenFolder, scene.Name)
			if err != nil {
				t.Fatal(err)
			}
			records, caps, err := readGolden(s)
			if err != nil {
				t.Fatal(err)
			}
			want, err := golden.Read(s)
			if err != nil {
				t.Fatal(err)
			}
			if len(records) != len(want.Pool.Frames) {
				t.Errorf("%d frames are read, want %d", len(records), len(want.Pool.Frames))
			}
			for _, f := range want.Pool.Frames {
				r, read := records[f.Sequence]
				if !read || r.stream != f.Stream || caps[f.Sequence] != f.Caps || r.info.Size != len(f.Data) ||
					r.info.Flags != f.Flags || r.dropped != f.Dropped || r.info.Planes.Count != len(f.Planes) {
					t.Errorf("frame %d is read as %+v, %q, want %+v", f.Sequence, r, caps[f.Sequence], f)
				}
				for _, time := range []struct {
					got  Time
					want *uint64
				}{{r.info.PTS, f.PTS}, {r.info.DTS, f.DTS}, {r.info.Duration, f.Duration}, {r.info.CaptureTime, f.CaptureTime}} {
					if want := time.want; want == nil && time.got.Nanoseconds() != layout.NoTime || want != nil && time.got.Nanoseconds() != *want {
						t.Errorf("frame %d has the time %v, want %v", f.Sequence, time.got, want)
					}
				}
			}
		})
	}
}

func TestRecordsOfAnotherSizeThanTheLayoutAllowsAreDamage(t *testing.T) {
	for _, c := range []struct {
		change func(*geometry)
		good   bool
	}{
		{func(*geometry) {}, true},
		{func(g *geometry) { *g = planGeometry(2, 64, MaxMetaSize, 1, 1, 1) }, true},
		{func(g *geometry) { *g = planGeometry(2, 64, MaxMetaSize+8, 1, 1, 1) }, false},
		{func(g *geometry) { *g = planGeometry(2, 64, 0, 1, 1, 1) }, true},
		{func(g *geometry) { *g = planGeometry(2, 64, 4, 1, 1, 1) }, false}, // no multiple of 8
		{func(g *geometry) { g.capsSize -= 8 }, false},
	} {
		g := planGeometry(2, 64, DefaultMetaSize, 1, 1, 1)
		c.change(&g)
		if err := g.check(g.segmentSize); (err == nil) != c.good || err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("metadata areas of %d, caps records of %d bytes: %v", g.metaSize, g.capsSize, err)
		}
	}
}

func TestDamagedGoldenPoolsAreRefusedAsTheirJSONSays(t *testing.T) {
	for _, d := range golden.Damages() {
		t.Run(d.Name, func(t *testing.T) {
			whole, err := golden.Load(goldenFolder, d.Of)
			if err != nil {
				t.Fatal(err)
			}
			s, err := d.Apply(whole)
			if err != nil {
				t.Fatal(err)
			}
			records, _, err := readGolden(s)
			want := map[string]error{"": nil, "damaged": ErrDamaged, "version": ErrVersion}[d.Error]
			if !errors.Is(err, want) {
				t.Fatalf("got %v, want %q", err, d.Error)
			}
			var left []uint64
			for sequence := range records {
				left = append(left, sequence)
			}
			slices.Sort(left)
			if err == nil && !slices.Equal(left, d.Frames) {
				t.Errorf("frames %v are read, want %v", left, d.Frames)
			}
		})
	}
}
