package bips

import (
	"os"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

func TestASuspendedConsumerWhoseSeatsAreCutShortOverAMoveLivesAndTellsOfIt(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Every)
	p.moving.Lock() // no second move for names that are gone
	defer p.moving.Unlock()
	seats, err := os.OpenFile(p.own.files.seatsPath(), os.O_RDWR, 0)
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
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Every)
	if err := p.Grow(100); err != nil {
		t.Fatal(err)
	}
	publishOne(t, p)
	reads(t, c, 0, 1)
}
