package gopeer

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// upstream is who comes before a producer and has slots lent: it writes where it likes, and
// some slots come back unpublished.
type upstream struct {
	random *rand.Rand
	lent   chan bips.Slot // nil: there is none
	enough chan struct{}  // closed when it is to end
	ended  chan struct{}
}

// lendFrom starts an upstream that has so many slots, unless there is one; 0: there is none.
func (u *upstream) lendFrom(pool *bips.Producer, slots int, out *output) {
	if slots == 0 || u.lent != nil {
		return
	}
	u.lent, u.enough, u.ended = make(chan bips.Slot, slots-1), make(chan struct{}), make(chan struct{})
	go u.lend(pool, out)
}

func (u *upstream) lend(pool *bips.Producer, out *output) {
	defer close(u.ended)
	giveBack := func(slot bips.Slot) {
		if err := pool.Return(slot); err != nil {
			out.wrongCall("Return", err)
		}
	}
	for {
		select {
		case <-u.enough:
			close(u.lent)
			for slot := range u.lent {
				giveBack(slot)
			}
			return
		default:
		}
		slot, err := pool.Lend(20 * time.Millisecond)
		if err != nil {
			switch {
			case errors.Is(err, bips.ErrFlushing), gaveWay(err):
				time.Sleep(time.Millisecond)
			case !errors.Is(err, bips.ErrTimeout):
				out.wrongCall("Lend", err)
			}
			continue
		}
		clear(slot.Data)
		if u.random.IntN(8) == 0 {
			giveBack(slot)
			continue
		}
		select {
		case u.lent <- slot:
		case <-u.enough:
			giveBack(slot)
		}
	}
}

// stopLending waits until upstream has given all back. The producer must not be publishing.
func (u *upstream) stopLending() {
	if u.lent != nil {
		close(u.enough)
		<-u.ended
		u.lent = nil
	}
}

// infoOf is what travels with a payload.
func infoOf(p line.Payload) bips.FrameInfo {
	key := p.Key()
	return bips.FrameInfo{
		Size: int(p.Size), PTS: bips.TimeOf(time.Duration(p.Sequence)), Duration: bips.TimeOf(time.Duration(key >> 1)),
		Offset: p.Sequence, OffsetEnd: p.Token, Flags: uint32(key),
		Planes: bips.Planes{Count: 1, Stride: [bips.MaxPlanes]int32{int32(key >> 33)}},
		Meta:   p.Meta(),
	}
}
