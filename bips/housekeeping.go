package bips

import (
	"errors"
	"runtime/debug"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

const (
	// houseLimit is how often the housekeeper looks around when nobody knocks.
	houseLimit = 50 * time.Millisecond
	// knockPause is how long it does not when somebody knocks again and again.
	knockPause = time.Millisecond
	// namesLimit is how often it looks whether the names are still its own.
	namesLimit = time.Second
)

// keepHouse does what has to be done beside the frames' path, now and then and when a consumer
// knocks: it takes back the seats of the dead, answers those who ask, and looks after the names (H1 to H5). In a pool of
// `latest` readers nothing ever runs out; yet a dead one's pins must come back,
// and its announced wait must not cost a system call per frame.
func (p *Producer) keepHouse() {
	for named := time.Now(); ; {
		start := time.Now()
		seats, knocks, over := p.cleanUp()
		if over {
			return
		}
		if time.Since(named) >= namesLimit {
			p.checkNames() // H4
			crashpoint.Hit("H4")
			named = time.Now()
		}
		if seats != nil { // as it is but after a fault
			// Its pool may have been moved from and be unmapped meanwhile. The kernel reads the word where it is
			// mapped, and says so at once where it is not. Close unmaps the pool only when the housekeeper has ended.
			sys.FutexWait(&seats.Knock, knocks, houseLimit)
		}
		if time.Since(start) < knockPause {
			sys.Sleep(knockPause)
		}
	}
}

// cleanUp is one look around. It returns where to wait for a knock, and how many there were before the look; over: the producer
// is closed, or has no pool any more.
func (p *Producer) cleanUp() (seats *layout.SeatHeader, knocks uint32, over bool) {
	var err error // a fault here will be reported by the next call that meets it
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.usable() != nil {
		return nil, 0, true
	}
	header := p.own.seats.header
	knocks = header.Knock.Load()
	p.dropping.look(houseLimit)
	p.reclaimDead()
	crashpoint.Hit("H1")
	p.readSeats() // H2, and H3
	crashpoint.Hit("H2")
	p.lookForKeyFrameRequests()
	crashpoint.Hit("H5")
	return header, knocks, false
}

// wakeHousekeeper ends its sleep.
func (p *Producer) wakeHousekeeper() {
	var err error // a housekeeper that cannot be woken sleeps for houseLimit
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.own.unmapped {
		knock(p.own.seats.header)
	}
}

// checkNames looks whether the names are still the producer's own, and takes them again if not (N1 to N3). A
// producer that came to the name meanwhile keeps it: who finds the named lock taken gives way.
func (p *Producer) checkNames() {
	if err := p.keepNamesBetweenMoves(); err != nil && p.warn != nil && !errors.Is(err, ErrClosed) {
		p.warn(err) // with no lock held
	}
}

// keepNamesBetweenMoves does nothing during a move, which looks itself.
func (p *Producer) keepNamesBetweenMoves() error {
	if p.moving.TryLock() {
		defer p.moving.Unlock()
		return p.keepNames()
	}
	return nil
}
