package bips

import (
	"testing"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
)

// The look for dead readers that is there to make room may find that the one that asks is dead itself.
func TestAReaderThatDiedWhileItAskedIsGrantedNothing(t *testing.T) {
	testmain.OnlyOver(t, "shm", "a lock shows who died; with memfd it is the end of the connection, which takes the seat back")
	testmain.Dir(t)
	p := newTestProducer(t)
	p.mu.Lock()
	defer p.mu.Unlock()
	room := p.own.room(0)
	ask := func(i int, pins int) {
		seat := p.own.seats.seats[i]
		seat.Asked.Store(layout.PackAsked(pins, pins))
		seat.Generation.Store(1)
		seat.State.Store(layout.SeatAsking)
	}
	ask(0, room)
	p.readSeats()
	if p.own.granted() != room {
		t.Fatalf("%d pins granted, want %d", p.own.granted(), room)
	}
	ask(1, 1) // none is left; and nobody has the locks of both seats
	p.readSeats()
	if granted := p.own.granted(); granted != 0 {
		t.Errorf("%d pins are granted to nobody", granted)
	}
	if word := p.own.pool.words[1].Granted.Load(); word != 0 {
		t.Errorf("granted %#x", word)
	}
}
