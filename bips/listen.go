package bips

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/sys"
)

// What readers can cost a producer by connecting has limits: a handshake takes half a millisecond of a processor.
const (
	acceptsPerSecond = 200
	acceptsAtOnce    = 64
	// mostGreeting is how many connections may not have said yet what they want. One more closes the oldest. An honest reader's
	// word is there with its connection.
	mostGreeting = 32
	// moreThanSeats is how many connections there may be beside those of all seats, until no more are accepted.
	moreThanSeats = 40
	// acceptPause is how long no connection is accepted when one of these limits is reached.
	acceptPause = 5 * time.Millisecond
	// resourcePause is the same when the process or the system has no descriptor or no memory for it.
	resourcePause = 50 * time.Millisecond
)

// reception is where the readers of a pool without files come to: a socket, and a connection with each of them. There is one
// in the life of a producer, whatever pools it moves to.
type reception struct {
	p     *Producer
	name  *ownName
	tasks sync.WaitGroup // the goroutines that accept

	most int // connections that may be open

	// Protected by Producer.mu:
	listener *sys.Listener    // changed with Producer.moving held, too
	guests   [MaxSeats]*guest // by seat

	// mu is for those who accept and greet, so that they are in no frame's way. Lock order: Producer.mu, mu.
	mu          sync.Mutex
	closed      bool                // protected by mu
	connections map[*guest]struct{} // that are open; protected by mu
	greeting    []*guest            // who has not said yet what it wants, the oldest first; protected by mu
}

func newReception(p *Producer, name *ownName, seats int) *reception {
	return &reception{p: p, name: name, most: seats + moreThanSeats, connections: map[*guest]struct{}{}}
}

// acceptAt accepts connections (Y1 to Y3) until the listener is closed.
func (r *reception) acceptAt(listener *sys.Listener) {
	defer r.tasks.Done()
	bucket, warned := newTokens(), false
	for {
		conn, err := listener.Accept() // Y1
		switch {
		case err == nil:
			crashpoint.Hit("Y1")
			r.admit(conn)
		case errors.Is(err, os.ErrClosed):
			return
		default: // Y3: the connection goes on waiting
			if !warned && r.p.warn != nil {
				warned = true
				r.p.warn(fmt.Errorf("pool %q: a reader has to wait: %w", r.p.name, adviseOn(err)))
			}
			crashpoint.Hit("Y3")
			sys.Sleep(resourcePause)
		}
		for r.isCrowded() || !bucket.take() { // Y2
			crashpoint.Hit("Y2")
			sys.Sleep(acceptPause)
		}
	}
}

// admit begins to serve a connection.
func (r *reception) admit(conn *sys.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		conn.CloseApart()
		return
	}
	g := &guest{reception: r, conn: conn, seat: -1}
	r.connections[g] = struct{}{}
	r.greeting = append(r.greeting, g)
	if len(r.greeting) > mostGreeting {
		r.greeting[0].conn.Shutdown()
		r.greeting = r.greeting[1:]
	}
	go g.serve()
}

// isCrowded reports whether there are as many connections as there may be.
func (r *reception) isCrowded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.closed && len(r.connections) >= r.most
}

// hasGreeted takes a connection from those that have not said what they want, and reports whether it still was among them.
func (r *reception) hasGreeted(g *guest) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.greeting, g)
	if i < 0 {
		return false
	}
	r.greeting = slices.Delete(r.greeting, i, i+1)
	return true
}

// forget is the end of a connection.
func (r *reception) forget(g *guest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.connections, g)
}

// close ends all connections. Called with Producer.mu held, or when nobody else knows the producer.
func (r *reception) close() {
	if r.listener != nil {
		r.listener.CloseApart() // who waits to be accepted may have sent what hangs
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for g := range r.connections {
		g.conn.Shutdown()
	}
}

// closeLimit is how long Close waits for the connections. One that hangs, since what came with a message cannot be closed, ends
// later.
const closeLimit = time.Second

// await waits until the connections have ended, after close.
func (r *reception) await() {
	if r == nil {
		return
	}
	r.tasks.Wait()
	for end := time.Now().Add(closeLimit); r.isOpen() && time.Now().Before(end); {
		sys.Sleep(time.Millisecond)
	}
}

func (r *reception) isOpen() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.connections) > 0
}

// tokens lets so much through in a second, on average.
type tokens struct {
	left float64
	last time.Time
}

func newTokens() *tokens { return &tokens{acceptsAtOnce, time.Now()} }

// take takes one token, if there is one.
func (t *tokens) take() bool {
	now := time.Now()
	t.left = min(acceptsAtOnce, t.left+now.Sub(t.last).Seconds()*acceptsPerSecond)
	t.last = now
	if t.left < 1 {
		return false
	}
	t.left--
	return true
}
