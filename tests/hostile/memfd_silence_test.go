package hostile

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// silences are what producers do that do not seat a reader.
var silences = map[string]func(o *offer, c raw.Conn){
	"nothing":                            func(_ *offer, c raw.Conn) { _, _, _ = c.Receive(patience); _, _, _ = c.Receive(patience) },
	"that it is there, and hangs up":     func(*offer, raw.Conn) {},
	"nothing and hangs up after HELLO":   func(_ *offer, c raw.Conn) { _, _, _ = c.Receive(patience) },
	"an empty message":                   func(_ *offer, c raw.Conn) { _ = c.Send(nil); _, _, _ = c.Receive(time.Second) },
	"that nothing more will come":        func(_ *offer, c raw.Conn) { c.EndWriting(); _, _, _ = c.Receive(time.Second) },
	"GRANT, and nothing more":            func(o *offer, c raw.Conn) { o.grantTo(c); _, _, _ = c.Receive(patience) },
	"GRANT, and hangs up":                func(o *offer, c raw.Conn) { o.grantTo(c) },
	"GRANT, and hangs up after READY":    func(o *offer, c raw.Conn) { o.grantTo(c); _, _, _ = c.Receive(patience) },
	"that it is busy, for 49 days":       refusing(wire.Refuse{Code: wire.TooBusy, Again: 1<<32 - 1}),
	"that it is busy, for no time":       refusing(wire.Refuse{Code: wire.TooBusy}),
	"that it closes":                     refusing(wire.Refuse{Code: wire.Closing, Again: 1}),
	"that it has no memory, for 1 ms":    refusing(wire.Refuse{Code: wire.NoResources, Again: 1}),
	"a code that nobody knows, for 1 ms": refusing(wire.Refuse{Code: 99, Again: 1}),
}

// Whatever a producer does not do, a reader that has no more time comes back, and can be closed.
func TestAReaderComesBackFromAProducerThatSays(t *testing.T) {
	for name, with := range silences {
		t.Run(name, func(t *testing.T) {
			o := newOffer(t)
			o.memory(raw.PoolSeals, raw.SeatSeals)
			serve(t, listen(t), func(c raw.Conn) { with(o, c) })
			began := time.Now()
			_, err := pullOnce(t, 300*time.Millisecond)
			if err == nil {
				t.Error("there was a frame")
			}
			t.Logf("%v: %v", time.Since(began), err)
		})
	}
}

// grantTo answers HELLO as it should be.
func (o *offer) grantTo(c raw.Conn) {
	if _, _, err := c.Receive(patience); err == nil {
		_ = c.Send(o.grant.Append(nil), o.descriptors...)
	}
}

func refusing(refuse wire.Refuse) func(*offer, raw.Conn) {
	return func(_ *offer, c raw.Conn) {
		if _, _, err := c.Receive(patience); err == nil {
			_ = c.Send(refuse.Append(nil, "as it is told"))
		}
	}
}

func TestAReaderIsToldWhyAProducerRefusesItWithoutWhatATerminalWouldObey(t *testing.T) {
	for code, want := range map[wire.Code]error{
		wire.SeatsTaken: bips.ErrPoolFull, wire.SlotsTaken: bips.ErrPoolFull, wire.OtherVersion: bips.ErrVersion,
		wire.NotAllowed: bips.ErrPermission, wire.BadMessage: bips.ErrVersion, 99: bips.ErrVersion,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			refuse := refusing(wire.Refuse{Code: code})
			serve(t, listen(t), func(c raw.Conn) { refuse(nil, c) })
			_, err := pullOnce(t, patience)
			if err == nil || want != nil && !errors.Is(err, want) {
				t.Fatalf("the reader got %v, want %v", err, want)
			}
			if !strings.Contains(err.Error(), "as it is told") {
				t.Errorf("the producer's words are not in %q", err)
			}
		})
	}
	serve(t, listen(t), func(c raw.Conn) {
		if _, _, err := c.Receive(patience); err == nil {
			message := wire.Refuse{Code: wire.OtherVersion}.Append(nil, "red: x[31m")
			message[37] = '\x1b'
			_ = c.Send(message)
		}
	})
	if _, err := pullOnce(t, patience); err == nil || strings.ContainsRune(err.Error(), '\x1b') {
		t.Errorf("the reader is told %q", err)
	}
}

// A descriptor whose close takes seconds (a TCP socket with SO_LINGER and bytes that nobody reads) comes with GRANT. The
// reader's calls do not wait for it.
func TestAReaderDoesNotHangInWhatAProducerHandsOver(t *testing.T) {
	for _, count := range []int{3, 9, 40} {
		t.Run(fmt.Sprintf("%d descriptors", count), func(t *testing.T) {
			sent := offerWhatLingers(t, count)
			c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Latest, MaxHeld: pins})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err = c.Pull(patience)
			pulled := time.Since(began)
			if !errors.Is(err, bips.ErrDamaged) {
				t.Errorf("the reader got %v", err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			t.Logf("Pull came back after %v, Close after %v, the descriptor lingers for 5 s", pulled, time.Since(began)-pulled)
			<-sent
		})
	}
}

// offerWhatLingers sends so many descriptors with each GRANT. A value comes when they are sent, and the reader has the last of them.
func offerWhatLingers(t *testing.T, count int) (sent chan struct{}) {
	t.Helper()
	o := newOffer(t)
	o.memory(raw.PoolSeals, raw.SeatSeals)
	l := listen(t)
	sent = make(chan struct{}, 64)
	serve(t, l, func(c raw.Conn) {
		if _, _, err := c.Receive(patience); err != nil {
			return
		}
		descriptors := append([]int{}, o.descriptors...)
		lingering := lingers(t)
		for len(descriptors) < count {
			descriptors = append(descriptors, lingering)
		}
		if err := c.Send(o.grant.Append(nil), descriptors...); err != nil {
			t.Error(err)
		}
		_ = unix.Close(lingering) // the last one is the reader's
		sent <- struct{}{}
		_, _, _ = c.Receive(patience)
	})
	return sent
}

// lingers is a descriptor whose close takes seconds.
func lingers(t *testing.T) int {
	t.Helper()
	fd, l, err := lingering()
	if err != nil {
		t.Skipf("no network here: %v", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return fd
}

// A producer that is stopped answers nobody, and its connections stay. When another one has its name, who waits for an answer asks that one.
func TestAReaderThatWaitsForASilentProducerAsksTheNextOneThatHasTheName(t *testing.T) {
	asked := make(chan struct{}, 1)
	serve(t, listen(t), func(c raw.Conn) {
		_, _, _ = c.Receive(patience)
		asked <- struct{}{}
		_, _, _ = c.Receive(patience) // until the reader has gone
	})
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Latest})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	pulled := make(chan error, 1)
	go func() {
		f, err := c.Pull(patience / 2)
		if err == nil {
			err = c.Push(f)
		}
		pulled <- err
	}()
	select {
	case <-asked:
	case <-time.After(patience):
		t.Fatal("nobody asks")
	}
	p, err := bips.NewProducer(poolName, bips.ProducerOptions{Backend: bips.Memfd, SlotSize: 64})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	slot, err := p.Pull(patience)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Push(slot, bips.FrameInfo{}); err != nil {
		t.Fatal(err)
	}
	if err := <-pulled; err != nil {
		t.Errorf("the reader that waited got %v", err)
	}
}

// busyProducer has no time for a reader, and says for how long; then it has.
type busyProducer struct {
	says, waits time.Duration
	pull        time.Duration // what the reader's caller waits in each call
}

var busyProducers = map[string]busyProducer{
	"300 ms, to who waits":      {300 * time.Millisecond, 300 * time.Millisecond, patience},
	"300 ms, to who only looks": {300 * time.Millisecond, 300 * time.Millisecond, time.Millisecond},
	"1 ms, to who only looks":   {time.Millisecond, 50 * time.Millisecond, 0},
	"49 days":                   {(1<<32 - 1) * time.Millisecond, time.Second, patience},
}

// serve checks that it is not asked again too early.
func (c busyProducer) serve(t *testing.T) {
	t.Helper()
	o := newOffer(t)
	o.memory(raw.PoolSeals, raw.SeatSeals)
	var refusedAt time.Time
	serve(t, listen(t), func(conn raw.Conn) {
		if refusedAt.IsZero() {
			_, _, _ = conn.Receive(patience)
			refusedAt = time.Now()
			_ = conn.Send(wire.Refuse{Code: wire.TooBusy, Again: uint32(c.says.Milliseconds())}.Append(nil, "as it is told"))
			return
		}
		if early := c.waits - time.Since(refusedAt); early > 0 {
			t.Errorf("it is asked again %v too early", early)
		}
		o.grantTo(conn)
		_, _, _ = conn.Receive(patience)
		_ = conn.Send(wire.Sits{Instance: o.grant.Instance, Seat: o.grant.Seat}.Append(nil))
		_, _, _ = conn.Receive(patience)
	})
}

// A reader leaves a producer alone for as long as that says, up to a second, whether its caller waits or looks again and again.
func TestAReaderAsksAProducerThatHasNoTimeNoSoonerThanItWasTold(t *testing.T) {
	for name, c := range busyProducers {
		t.Run(name, func(t *testing.T) {
			c.serve(t)
			reader, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Latest, MaxHeld: pins, MinHeld: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			for end := time.Now().Add(patience); ; {
				f, err := reader.Pull(c.pull)
				if err == nil {
					err = reader.Push(f)
				}
				if err == nil {
					return
				}
				if !errors.Is(err, bips.ErrTimeout) || time.Now().After(end) {
					t.Fatal(err)
				}
			}
		})
	}
}
