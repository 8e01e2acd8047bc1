package bips

import (
	"runtime/debug"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
)

// keepHouse reclaims the seats of dead consumers now and then (H1). In a pool of
// `latest` readers nothing ever runs out; yet a dead one's quota must come back,
// and its announced wait must not cost a system call per frame.
func (p *Producer) keepHouse() { again(houseLimit, p.done, p.cleanUp) }

// watchProducer lets a suspended consumer notice that its producer is dead (U6).
func (c *Consumer) watchProducer(done <-chan struct{}) { again(bellLimit, done, c.tryLetGoOfDead) }

// again calls do again and again, until done is closed.
//
// It is the one user of a timer of the Go runtime's here (pause.go): nobody waits for it, and a
// sleep of its own would keep a thread for each pool.
func again(every time.Duration, done <-chan struct{}, do func()) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			do()
		}
	}
}

func (p *Producer) cleanUp() {
	var err error // a fault here will be reported by the next call that meets it
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.dropping.look(houseLimit)
		p.reclaimDead()
		crashpoint.Hit("H1")
	}
}
