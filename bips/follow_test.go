package bips

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestASuspendedConsumerWhoseSeatsAreCutShortOverAMoveLivesAndTellsOfIt(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the seats' file is cut short, against which memfd has a seal")
	testmain.NeedFaults(t)
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Every)
	p.moving.Lock() // no second move for names that are gone
	defer p.moving.Unlock()
	seats, err := os.OpenFile(filesOf(p.own).seatsPath(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer seats.Close()
	c.Suspend()
	c.pulling.Lock() // so that it follows with the seats as they are then
	if err := p.move(100); err != nil {
		t.Fatal(err)
	}
	if err := seats.Truncate(0); err != nil {
		t.Fatal(err)
	}
	c.pulling.Unlock()
	keeps := func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.attachment != nil
	}
	for end := time.Now().Add(10 * time.Second); keeps(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it keeps a pool that is damaged")
		}
	}
	c.Resume()
	_, err = c.Pull(10 * time.Second)
	wantDamage(t, err)
}

func TestAPullThatDoesNotWaitFindsWhatIsThereBehindAMove(t *testing.T) {
	testmain.OnlyOver(t, "shm", "with memfd the producer hands the next pool over, which takes a moment, and a later Pull finds the frame")
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Every)
	if err := p.Grow(100); err != nil {
		t.Fatal(err)
	}
	publishOne(t, p)
	reads(t, c, 0, 1)
}

// A reader that has no place in the next pool asks for a seat there. It does not go on in another instance as if nothing had been.
func TestAReaderOnItsWayWhoseProducerIsReplacedIsToldOfIt(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c := newTestConsumer(t)
	c.before, c.beforeInstance = newReading(&c.options), p.own.pool.instance+2
	if _, err := c.Pull(watchdog); !errors.Is(err, ErrProducerLost) {
		t.Fatalf("got %v", err)
	}
	// Over a socket the producer may not know yet that its seat is free again.
	for end := time.Now().Add(watchdog); c.attachment == nil; {
		if _, err := c.Pull(0); !errors.Is(err, ErrTimeout) || time.Now().After(end) {
			t.Fatalf("attached %v, %v", c.attachment != nil, err)
		}
	}
}

func TestWhoFindsAPoolThatMovesLooksAgainSoonUnlessItGoesOnForLong(t *testing.T) {
	testmain.Dir(t)
	c := newTestConsumer(t)
	moving, absent := fmt.Errorf("%w: just now", errMoving), fmt.Errorf("%w: none", ErrNoPool)
	if pause := c.searchPause(absent); pause != searchLimit {
		t.Errorf("%v where there is no pool", pause)
	}
	if pause := c.searchPause(moving); pause != followPause {
		t.Errorf("%v where the pool moves", pause)
	}
	c.moveSince = c.moveSince.Add(-searchLimit)
	if pause := c.searchPause(moving); pause != searchLimit {
		t.Errorf("%v where one of its files has been missing for long", pause)
	}
	c.searchPause(absent)
	if pause := c.searchPause(moving); pause != followPause {
		t.Errorf("%v where the next pool moves", pause)
	}
}

// Where the names were deleted, nothing has them between a producer's word that it moves (M3) and the new name (M5a).
func TestAReaderThatLooksBeforeTheNextPoolHasTheNameLooksAgain(t *testing.T) {
	for name, mode := range map[string]Mode{"every": Every, "latest": Latest} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p := newTestProducer(t)
			c := attached(t, p, mode)
			p.moving.Lock() // the housekeeper does not miss the name
			named := p.named.paths.pool()
			if err := os.Rename(named, named+".aside"); err != nil {
				p.moving.Unlock()
				t.Fatal(err)
			}
			state := &p.own.pool.header.State
			state.Store(layout.StateMoved)
			_, err := c.Pull(5 * time.Millisecond)
			state.Store(layout.StateRunning)
			back := os.Rename(named+".aside", named)
			p.moving.Unlock()
			if !errors.Is(err, ErrTimeout) || back != nil {
				t.Fatalf("got %v, of a producer that lives and has not named its next pool yet; %v", err, back)
			}
			if err := p.Grow(100); err != nil {
				t.Fatal(err)
			}
			publishOne(t, p)
			f, err := c.Pull(watchdog)
			if err != nil || f.Sequence != 1 || f.Lost > 0 {
				t.Fatalf("got %+v, %v", f, err)
			}
			if err := c.Push(f); err != nil {
				t.Fatal(err)
			}
		})
	}
}
