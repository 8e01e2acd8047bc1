package bips_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// cutSeats cuts the seats of the pool in a directory to so many bytes.
func cutSeats(t *testing.T, dir string, size int64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.seats"))
	if err != nil || len(files) != 1 {
		t.Fatalf("seats: %q, %v", files, err)
	}
	if err := os.Truncate(files[0], size); err != nil {
		t.Fatal(err)
	}
}

// holdsNothing checks that this process has no part of a pool any more.
func holdsNothing(t *testing.T) {
	t.Helper()
	if held := testmain.Held(); len(held) > 0 {
		t.Errorf("held: %q", held)
	}
}

// useReserved takes the slot that WaitLendable has reserved, so that the next call has to look
// for one, and returns what gives it back.
func useReserved(p *bips.Producer) (giveBack func()) {
	slot, _ := p.Lend(0)
	return func() { _ = p.Return(slot) }
}

// Whoever may read a pool may cut its seats short. The producer gets errors then, but no call
// of it hangs, before or in Close, and nothing stays mapped.
func TestAProducerWhoseSeatsAreCutShortCanStillBeClosed(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the seats' file is cut short, against which memfd has a seal")
	testmain.NeedFaults(t)
	var slot bips.Slot
	damaged := func(t *testing.T, err error) {
		t.Helper()
		if !errors.Is(err, bips.ErrDamaged) {
			t.Errorf("got error %v, want %v", err, bips.ErrDamaged)
		}
	}
	for name, call := range map[string]func(*testing.T, *bips.Producer){
		"EndOfStream": func(t *testing.T, p *bips.Producer) { damaged(t, p.EndOfStream()) },
		"Pull": func(t *testing.T, p *bips.Producer) {
			defer useReserved(p)()
			_, err := p.Pull(0)
			damaged(t, err)
		},
		"Lend": func(t *testing.T, p *bips.Producer) {
			defer useReserved(p)()
			_, err := p.Lend(0)
			damaged(t, err)
		},
		"WaitLendable": func(t *testing.T, p *bips.Producer) {
			defer useReserved(p)()
			damaged(t, p.WaitLendable(patience))
		},
		"WaitConsumers": func(t *testing.T, p *bips.Producer) { damaged(t, p.WaitConsumers(1, patience)) },
		"Push":          func(t *testing.T, p *bips.Producer) { damaged(t, p.Push(slot, bips.FrameInfo{Size: 1})) },
		"Publish": func(t *testing.T, p *bips.Producer) {
			_, err := p.Publish(slot, bips.FrameInfo{Size: 1})
			damaged(t, err)
		},
		"SetCaps":     func(t *testing.T, p *bips.Producer) { _ = p.SetCaps("video/x-raw") },
		"SetLatency":  func(t *testing.T, p *bips.Producer) { p.SetLatency(bips.TimeOf(time.Second)) },
		"SetFlushing": func(t *testing.T, p *bips.Producer) { p.SetFlushing(true) },
		"Stats":       func(t *testing.T, p *bips.Producer) { _ = p.Stats() },
		"nothing":     func(t *testing.T, p *bips.Producer) { time.Sleep(60 * time.Millisecond) }, // the housekeeper comes by
	} {
		t.Run(name, func(t *testing.T) {
			dir := testmain.Dir(t)
			p := newProducer(t, bips.ProducerOptions{})
			var err error
			if slot, err = p.Pull(patience); err != nil {
				t.Fatal(err)
			}
			if err := p.WaitLendable(bips.Forever); err != nil {
				t.Fatal(err)
			}
			cutSeats(t, dir, 0)
			returns(t, name, func() { call(t, p) })
			returns(t, "Return", func() {
				if err := p.Return(slot); err != nil && !errors.Is(err, bips.ErrDamaged) {
					t.Error(err)
				}
			})
			returns(t, "Close", func() { _ = p.Close() })
			holdsNothing(t)
		})
	}
}

// The seats can be opened by readers before the pool has its name.
func TestSeatsThatAreCutShortWhileThePoolIsMadeAreAnError(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the seats' file is cut short, against which memfd has a seal")
	testmain.NeedFaults(t)
	dir := testmain.Dir(t)
	defer func() { bips.LockDescriptorHook = nil }()
	bips.LockDescriptorHook = func(int, bool) {
		if files, _ := filepath.Glob(filepath.Join(dir, "*.seats")); len(files) == 1 {
			_ = os.Truncate(files[0], 0)
		}
	}
	_, err := bips.NewProducer("camera", bips.ProducerOptions{SlotSize: 64, Backend: theBackend()})
	bips.LockDescriptorHook = nil
	wantError(t, err, bips.ErrDamaged)
	if !strings.Contains(err.Error(), `pool "camera"`) || !strings.Contains(err.Error(), "cut its file short") {
		t.Errorf("%q does not say what happened to what", err)
	}
	holdsNothing(t)
	newProducer(t, bips.ProducerOptions{}) // the name is free
}

// The slot that WaitLendable found just before must not stay lent for ever.
func TestAProducerThatIsClosedWhileItWaitsForASlotToLendKeepsNothing(t *testing.T) {
	testmain.Dir(t)
	for range 200 {
		p := newProducer(t, bips.ProducerOptions{Slots: 4})
		var waiters sync.WaitGroup
		for range 3 {
			waiters.Add(1)
			go func() {
				defer waiters.Done()
				for p.WaitLendable(bips.Forever) == nil {
					if slot, err := p.Pull(0); err == nil {
						_ = p.Return(slot)
					}
				}
			}()
		}
		time.Sleep(100 * time.Microsecond)
		_ = p.Close()
		returns(t, "WaitLendable", waiters.Wait)
		if holdsNothing(t); t.Failed() {
			return
		}
	}
}
