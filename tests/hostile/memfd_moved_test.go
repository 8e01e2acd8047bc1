package hostile

import (
	"errors"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// A pool that has moved, and what its producer hands a reader that has read it.
type moveOffer struct {
	old, next *offer
	move      wire.Move
	message   []byte // nil: move
}

func newMove(t *testing.T) *moveOffer {
	t.Helper()
	m := &moveOffer{old: offerOf(t, "moved"), next: offerOf(t, "after-move")}
	m.old.grant.Granted, m.next.grant.Granted = 1, 1
	raw.SeatOf(m.next.seat).State.Store(layout.SeatFree)
	m.old.memory(raw.PoolSeals, raw.SeatSeals)
	g := m.next.grant
	m.move = wire.Move{
		Instance: g.Instance, PoolSize: g.PoolSize, SeatSize: g.SeatSize, Generation: g.Generation, Granted: g.Granted,
		Left: g.Instance, First: raw.HeaderOf(m.next.pool).First,
	}
	return m
}

// to serves readers up to the move, and then by the book, until the test ends.
func (m *moveOffer) to(l *raw.Listener) {
	if m.next.descriptors == nil {
		m.next.memory(raw.PoolSeals, raw.SeatSeals)
	}
	if m.message == nil {
		m.message = m.move.Append(nil)
	}
	sits := wire.Sits{Instance: m.old.grant.Instance}.Append(nil)
	serve(m.old.t, l, func(c raw.Conn) {
		m.old.grantTo(c)
		if _, _, err := c.Receive(patience); err != nil { // READY
			return
		}
		_ = c.Send(sits)
		_ = c.Send(m.message, m.next.descriptors...)
		if _, _, err := c.Receive(patience); err == nil { // READY
			_ = c.Send(sits)
			_, _, _ = c.Receive(patience)
		}
	})
}

// follow reads what there is, and returns the error that ends it.
func (m *moveOffer) follow(frames int) (sequences []uint64, err error) {
	t := m.old.t
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Latest, MaxHeld: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for len(sequences) < frames {
		f, err := c.Pull(patience)
		if err != nil {
			return sequences, err
		}
		sequences = append(sequences, f.Sequence)
		if err := c.Push(f); err != nil {
			t.Error(err)
		}
	}
	return sequences, nil
}

func TestAReaderFollowsAMoveThatIsHandedOverByTheBook(t *testing.T) {
	m := newMove(t)
	m.to(listen(t))
	if sequences, err := m.follow(2); err != nil || sequences[0] != 2 || sequences[1] != 3 {
		t.Errorf("the reader got frames %d and %v", sequences, err)
	}
}

// wrongMoves are moves that a reader refuses.
var wrongMoves = map[string]func(m *moveOffer){
	"no descriptor":                  func(m *moveOffer) { m.next.descriptors = []int{} },
	"40 descriptors":                 func(m *moveOffer) { m.next.many(40) },
	"a file as the pool":             func(m *moveOffer) { m.next.instead(0, m.next.keep(raw.File(m.old.t.TempDir(), m.next.pool))) },
	"a pool without seals":           func(m *moveOffer) { m.next.memory(0, raw.SeatSeals) },
	"a seat without seals":           func(m *moveOffer) { m.next.memory(raw.PoolSeals, 0) },
	"the old pool once more":         func(m *moveOffer) { m.next.descriptors = m.old.descriptors },
	"a pool that was moved twice":    func(m *moveOffer) { raw.HeaderOf(m.next.pool).Move, raw.SeatHeaderOf(m.next.seat).Move = 2, 2 },
	"a pool of another instance":     func(m *moveOffer) { raw.HeaderOf(m.next.pool).Instance++; raw.SeatHeaderOf(m.next.seat).Instance++ },
	"another instance that moves":    func(m *moveOffer) { m.move.Left++ },
	"another instance to move to":    func(m *moveOffer) { m.move.Instance++ },
	"another seat":                   func(m *moveOffer) { m.move.Seat = 1 },
	"another generation":             func(m *moveOffer) { m.move.Generation++ },
	"more pins":                      func(m *moveOffer) { m.move.Granted = 2 },
	"another first frame":            func(m *moveOffer) { m.move.First++ },
	"the first frame beyond the end": func(m *moveOffer) { m.move.First = 1 << 63 },
	"GRANT once more":                func(m *moveOffer) { m.message = m.next.grant.Append(nil) },
	"SITS once more":                 func(m *moveOffer) { m.message = wire.Sits{Instance: m.move.Instance}.Append(nil) },
	"garbage":                        func(m *moveOffer) { m.message = make([]byte, 96) },
}

func TestAReaderRefusesAMoveThatIsNotOneAndClosesWhatItWasHanded(t *testing.T) {
	for name, lie := range wrongMoves {
		t.Run(name, func(t *testing.T) {
			m := newMove(t)
			lie(m)
			m.to(listen(t))
			before := openDescriptors(t)
			sequences, err := m.follow(3)
			if !errors.Is(err, bips.ErrDamaged) {
				t.Errorf("the reader got frames %d and %v", sequences, err)
			}
			for end := time.Now().Add(patience); openDescriptors(t) > before+1; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%d descriptors are open, before were %d", openDescriptors(t), before)
				}
			}
		})
	}
}

// Who is left behind by a move is a newcomer. That the producer has no time for it, or lets it go once more, does not mean that it is dead.
func TestAReaderThatAMoveLeftBehindAsksAgainWhateverABusyProducerAnswers(t *testing.T) {
	m := newMove(t)
	m.leaveBehind(t)
	if sequences, err := m.follow(2); err != nil || sequences[0] != 2 || sequences[1] != 3 {
		t.Errorf("the reader got frames %d and %v", sequences, err)
	}
}

// leaveBehind lets a reader sit, leaves it behind, and then has no time for it, or lets it go once more, before it seats it in the next pool.
func (m *moveOffer) leaveBehind(t *testing.T) {
	t.Helper()
	m.next.memory(raw.PoolSeals, raw.SeatSeals)
	raw.SeatOf(m.next.seat).State.Store(layout.SeatAsking)
	turn := 0
	serve(t, listen(t), func(c raw.Conn) {
		turn++
		switch turn {
		case 1: // it sits, and is left behind
			m.old.grantTo(c)
			_, _, _ = c.Receive(patience)
			_ = c.Send(wire.Sits{Instance: m.old.grant.Instance}.Append(nil))
		case 2:
			refusing(wire.Refuse{Code: wire.TooBusy, Again: 1})(nil, c)
		case 3: // it hangs up
		case 4:
			refusing(wire.Refuse{Code: wire.NoResources, Again: 1})(nil, c)
		default:
			m.next.grantTo(c)
			_, _, _ = c.Receive(patience)
			_ = c.Send(wire.Sits{Instance: m.next.grant.Instance}.Append(nil))
			_, _, _ = c.Receive(patience)
		}
	})
}
