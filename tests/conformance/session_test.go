package conformance

import (
	"fmt"
	"sync"
	"testing"

	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// patience is a watchdog, in microseconds, below that of package drive.
const patience = 15_000_000

// A session is a test with a producer and consumers of one pool.
type session struct {
	*testing.T
	pair
	pool string
}

// A peer is a process of an implementation.
type peer struct {
	*drive.Peer
	t       *testing.T
	pulling bool // an order to pull was given, and not answered yet

	mu     sync.Mutex
	events []*line.Line
}

// start starts one that does nothing but what it is ordered.
func (s *session) start(kind string, of *implementation, args ...string) *peer {
	s.Helper()
	return s.startAs(kind, of, nil, append([]string{"--idle"}, args...)...)
}

// startAs starts a peer. heard is told of each of its events, if it is not nil.
func (s *session) startAs(kind string, of *implementation, heard func(*line.Line), args ...string) *peer {
	s.Helper()
	p := &peer{t: s.T}
	p.Peer = drive.Start(s.T, kind, s.pool, drive.Setup{
		Program: of.command(), Env: of.environment(), Args: args,
		Heard: func(l *line.Line) {
			if heard != nil {
				heard(l)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			p.events = append(p.events, l)
		},
	})
	s.Cleanup(p.close)
	return p
}

// produce starts a producer, whose pool is there when it is started.
func (s *session) produce(args ...string) *peer {
	s.Helper()
	p := s.start(drive.Produce, s.pair.producer, append([]string{"--backend=" + s.backend}, args...)...)
	p.must(line.Order{Do: line.DoStats}) // it has opened
	return p
}

// consume starts a consumer, which tells of all that comes.
func (s *session) consume(args ...string) *peer {
	s.Helper()
	return s.consumeAs(s.pair.consumer, args...)
}

func (s *session) consumeAs(of *implementation, args ...string) *peer {
	s.Helper()
	return s.start(drive.Consume, of, append([]string{"--detail", "--payload=any", "--mode=" + s.mode}, args...)...)
}

// close ends a peer that is still there, and looks what it leaves behind.
func (p *peer) close() {
	select {
	case <-p.Exited():
	default:
		if p.t.Failed() {
			p.Kill()
			return
		}
		if answer := p.Leave(); answer.Error != "" {
			p.t.Errorf("%s closed with %s: %s", p, answer.Error, answer.Text)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, event := range p.events {
		if event.Event == line.Wrong {
			p.t.Errorf("%s says that something is wrong: %s: %s", p, event.What, event.Text)
		}
	}
}

// must gives an order that must not fail.
func (p *peer) must(order line.Order) *line.Line {
	p.t.Helper()
	answer := p.Ask(order)
	if answer.Error != "" {
		p.t.Fatalf("%s was ordered %+v: %s: %s", p, order, answer.Error, answer.Text)
	}
	return answer
}

// fails gives an order that must fail with an error.
func (p *peer) fails(order line.Order, with string) {
	p.t.Helper()
	if answer := p.Ask(order); answer.Error != with {
		p.t.Errorf("%s was ordered %+v: got the error %q (%s), want %q", p, order, answer.Error, answer.Text, with)
	}
}

// looksFor lets a consumer look for its pool, and for the frame that comes: a consumer joins in a pull.
func (p *peer) looksFor() {
	p.t.Helper()
	p.Tell(line.Order{Do: line.DoPull, Timeout: patience})
	p.pulling = true
}

// looksForAWhile is looksFor where no frame is to come.
func (p *peer) looksForAWhile() {
	p.t.Helper()
	p.Tell(line.Order{Do: line.DoPull, Timeout: 2_000_000})
	p.pulling = true
}

// pulls is the next answer to a pull.
func (p *peer) pulls() *line.Line {
	p.t.Helper()
	if !p.pulling {
		p.looksFor()
	}
	p.pulling = false
	return p.Answer(line.Order{Do: line.DoPull})
}

// gets is the next frame.
func (p *peer) gets() *line.Line {
	p.t.Helper()
	answer := p.pulls()
	if answer.Error != "" {
		p.t.Fatalf("%s got no frame: %s: %s", p, answer.Error, answer.Text)
	}
	return answer
}

// ends wants a pull to end without a frame.
func (p *peer) ends(with string) {
	p.t.Helper()
	if answer := p.pulls(); answer.Error != with {
		p.t.Errorf("%s: a pull ended with the error %q (%s) and frame %d, want %q", p, answer.Error, answer.Text, answer.Sequence, with)
	}
}

// releases gives a frame back.
func (p *peer) releases(frame *line.Line) {
	p.t.Helper()
	p.must(line.Order{Do: line.DoRelease, Hold: frame.Hold})
}

// awaits lets a producer wait until so many consumers read.
func (p *peer) awaits(consumers int) {
	p.t.Helper()
	p.must(line.Order{Do: line.DoAwait, Consumers: consumers, Timeout: patience})
}

// publishes is one frame of so many bytes.
func (p *peer) publishes(size int) *line.Line {
	p.t.Helper()
	return p.must(line.Order{Do: line.DoFrame, Size: size, Timeout: patience, Info: plain()})
}

// plain is a record in which nothing is known.
func plain() *line.Record {
	return &line.Record{PTS: -1, DTS: -1, Duration: -1, Capture: -1, Offset: none, OffsetEnd: none}
}

// none is an offset that is not known.
const none = "ffffffffffffffff"

// event waits for nothing: it is the last event of a name that was told so far.
func (p *peer) event(name string) *line.Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.events) - 1; i >= 0; i-- {
		if p.events[i].Event == name {
			return p.events[i]
		}
	}
	return nil
}

func (s *session) check(good bool, format string, args ...any) {
	s.Helper()
	if !good {
		s.Error(fmt.Sprintf(format, args...))
	}
}
