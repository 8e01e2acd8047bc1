package bips

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/internal/wire"
)

// watchMutex looks at a producer each time that it gets the mutex, and says when what it sees was wrong, until stop is called.
//
// It keeps the mutex so long, and asks for it so often, that the mutex goes from one to the next of those who wait: whatever thread of the
// producer lets it go, a look follows.
func watchMutex(t *testing.T, p *Producer, wrong func() error) (stop func()) {
	end := make(chan struct{})
	var watchers sync.WaitGroup
	look := func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		sys.Sleep(1500 * time.Microsecond)
		return wrong()
	}
	for range 3 {
		watchers.Add(1)
		go func() {
			defer watchers.Done()
			for {
				select {
				case <-end:
					return
				default:
				}
				if err := look(); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	return sync.OnceFunc(func() {
		close(end)
		watchers.Wait()
	})
}

// A producer can die, move and publish between two holds of its mutex. So whoever gets it sees no reader that sits and was not told so, nor one
// of every frame that is to follow and was not told where to: that one would miss what is published next if the producer died then.
func TestReadersAreToldThatTheySitAndWhereToGoBeforeAnybodyElseGetsTheMutex(t *testing.T) {
	testmain.Dir(t)
	p := newMemfdProducer(t, ProducerOptions{})
	told := func(i int, g *guest) error {
		if g.own.mappings[i] != nil && !g.seated {
			return fmt.Errorf("seat %d: its reader sits, and was not told so", i)
		}
		if place := p.own.views[i].place; g.isBehind() && place.pending && place.kept {
			return fmt.Errorf("seat %d: frames are kept for its reader, which was not told where they are", i)
		}
		return nil
	}
	stop := watchMutex(t, p, func() error {
		for i, g := range p.named.reception.guests {
			if g == nil {
				continue
			}
			if err := told(i, g); err != nil {
				return err
			}
		}
		return nil
	})
	defer stop()
	var readers []*Consumer
	for move := range 4 {
		c := newConsumerOf(t, Every)
		for end := time.Now().Add(watchdog); p.Stats().Consumers == move; {
			if _, err := c.Pull(time.Millisecond); !errors.Is(err, ErrTimeout) {
				t.Fatal(err)
			}
			if time.Now().After(end) {
				t.Fatal("a reader gets no seat")
			}
		}
		readers = append(readers, c)
		if err := p.Grow(p.SlotSize() + 4096); err != nil {
			t.Fatal(err)
		}
		publishOne(t, p)
		for _, c := range readers {
			pullOne(t, c, uint64(move)+1)
		}
	}
	stop()
}

// rawReader speaks to a producer without a Consumer.
type rawReader struct {
	*testing.T
	conn  *sys.Conn
	guest *guest // the producer's side
	grant wire.Grant
}

// newRawReader lets a reader come that has its GRANT, and has not answered it.
func newRawReader(t *testing.T, p *Producer) *rawReader {
	t.Helper()
	entry, err := sys.OpenEntry(p.named.paths.pool())
	if err != nil {
		t.Fatal(err)
	}
	defer entry.Close()
	r := &rawReader{T: t}
	if r.conn, err = entry.Connect(nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.conn.Close() })
	if err := r.conn.Send(hello(&ConsumerOptions{Mode: Every, MaxHeld: 1, MinHeld: 1})); err != nil {
		t.Fatal(err)
	}
	message := r.receive()
	if r.grant, err = wire.ParseGrant(message); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r.guest = p.named.reception.guests[r.grant.Seat]
	return r
}

func (r *rawReader) receive() []byte {
	r.Helper()
	message, received, err := r.conn.Receive(make([]byte, wire.MaxSize), wire.Descriptors, watchdog)
	if err != nil {
		r.Fatal(err)
	}
	received.Discard()
	return message
}

func (r *rawReader) ready() {
	r.Helper()
	if err := r.conn.Send(wire.Ready{Instance: r.grant.Instance, Seat: r.grant.Seat}.Append(nil)); err != nil {
		r.Fatal(err)
	}
}

// stuff fills the socket with messages that the reader does not receive.
func (r *rawReader) stuff() {
	r.Helper()
	for {
		switch err := r.guest.conn.Send(make([]byte, wire.MaxSize)); {
		case errors.Is(err, sys.ErrNotReading):
			return
		case err != nil:
			r.Fatal(err)
		}
	}
}

// A message that finds no room in the socket ends the connection. The producer waits for nobody, and the seat is free again.
func TestReadersThatDoNotReceiveWhatTheyAreSentLoseTheirSeatAndHoldUpNobody(t *testing.T) {
	for name, provoke := range map[string]func(t *testing.T, p *Producer, r *rawReader){
		"SITS": func(t *testing.T, p *Producer, r *rawReader) {
			r.stuff()
			r.ready()
		},
		"MOVE": func(t *testing.T, p *Producer, r *rawReader) {
			r.ready()
			if _, err := wire.ParseSits(r.receive()); err != nil {
				t.Fatal(err)
			}
			r.stuff()
			if err := p.Grow(4096); err != nil {
				t.Fatal(err)
			}
		},
		"SITS of the next pool": func(t *testing.T, p *Producer, r *rawReader) {
			r.ready()
			if _, err := wire.ParseSits(r.receive()); err != nil {
				t.Fatal(err)
			}
			if err := p.Grow(4096); err != nil {
				t.Fatal(err)
			}
			if _, err := wire.ParseMove(r.receive()); err != nil {
				t.Fatal(err)
			}
			r.stuff()
			r.ready()
		},
	} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p := newMemfdProducer(t, ProducerOptions{MaxConsumers: 1, BlockTimeout: Forever})
			r := newRawReader(t, p)
			provoke(t, p, r)
			c := newConsumerOf(t, Latest) // the one seat is free again
			for i := range uint64(3) {
				publishOne(t, p)
				if i == 0 {
					f, err := c.Pull(watchdog)
					if err != nil {
						t.Fatal(err)
					}
					if err := c.Push(f); err != nil {
						t.Fatal(err)
					}
				}
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.own.pool.words[0].Granted.Load() == layout.PackGrant(r.grant.Generation, 1) {
				t.Error("its grant stands")
			}
		})
	}
}

// To unmap memory may have to wait for another thread that maps something large: so it is not done in a hold of the mutex. A seat in the
// next pool that its reader has not come to is left to whoever unmaps those that were left.
func TestASeatThatNobodyComesToIsNotUnmappedUnderTheMutex(t *testing.T) {
	testmain.Dir(t)
	p := newMemfdProducer(t, ProducerOptions{})
	attached(t, p, Latest)
	if err := p.Grow(4096); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	g := p.named.reception.guests[0]
	seat := g.move // its reader does not pull
	g.unseat()
	left := len(p.own.left)
	p.mu.Unlock()
	if seat == nil || left != 1 {
		t.Errorf("of the seat %v %d mappings are left to be unmapped", seat, left)
	}
	for _, mapping := range p.leftSeats() {
		_ = mapping.Unmap()
	}
}
