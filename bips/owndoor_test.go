package bips

import (
	"sync/atomic"
	"testing"
	"time"
)

// splitDoor is a door of a pool over connections, with so many readers.
func splitDoor(t *testing.T, readers int) *ownDoor {
	t.Helper()
	d := &ownDoor{door: door{new(atomic.Uint32), new(atomic.Uint32)}}
	if err := d.split(readers); err != nil {
		t.Fatal(err)
	}
	for i := range d.others {
		d.others[i] = new(atomic.Uint32)
	}
	return d
}

// words are those that can be rung: the inner door, and that of each reader.
func (d *ownDoor) words() []*atomic.Uint32 { return append([]*atomic.Uint32{d.word}, d.others...) }

func TestASleepAtSeveralDoorsEndsWhenAnyOfThemRings(t *testing.T) {
	const long = 5 * time.Second // a sleep that no ring ends takes so long
	d := splitDoor(t, 3)
	d.waiting.Store(1)
	for i, word := range d.words() {
		var words doorWords
		d.collect(&words)
		words.look()
		woken := make(chan time.Duration)
		go func() {
			start := time.Now()
			words.sleep(long)
			woken <- time.Since(start)
		}()
		for rings := true; rings; {
			select {
			case slept := <-woken:
				rings = false
				if slept >= long {
					t.Errorf("ring after ring at door %d ended no sleep", i)
				}
			case <-time.After(time.Millisecond): // it may not sleep yet
				door{word, d.waiting}.ring()
			}
		}
	}
}

func TestARingAtAnyDoorBeforeTheSleepIsSeen(t *testing.T) {
	d := splitDoor(t, 3)
	for i, word := range d.words() {
		remembered := d.look()
		var words doorWords
		d.collect(&words)
		if words.look() != remembered {
			t.Errorf("before door %d rang it was thought that one had", i)
		}
		door{word, d.waiting}.ring()
		if words.look() == remembered {
			t.Errorf("that door %d rang is not seen before the sleep", i)
		}
		if d.look() == remembered {
			t.Errorf("that door %d rang is not seen by the next look around", i)
		}
	}
}

// A reader whose ring brings nothing back must not hide the rings of another one.
func TestRingsOfOneDoorDoNotHideThoseOfAnother(t *testing.T) {
	d := splitDoor(t, 2)
	d.others[1].Store(1)
	remembered := d.look()
	d.others[0].Add(1)
	d.others[1].Store(0) // whoever may write to it can count down
	if d.look() == remembered {
		t.Error("a ring is hidden by another reader's door that goes back")
	}
}

func TestWhoWakesLeavesTheProducersOtherSleepersAnnounced(t *testing.T) {
	d := splitDoor(t, 1)
	d.count(+1)
	d.count(+1)
	d.count(-1)
	if d.waiting.Load() == 0 {
		t.Error("one of two threads woke, and readers think that nobody sleeps")
	}
	d.count(-1)
	if d.waiting.Load() != 0 {
		t.Error("nobody sleeps, and readers think that somebody does")
	}
}
