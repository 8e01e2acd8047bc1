// Package drive starts peers (tests/peer/README.md), gives them orders, reads what they say,
// and judges it.
package drive

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/tests/peer/gopeer"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// Patience is the watchdog over everything that should happen at once.
const Patience = 20 * time.Second

// What a peer is.
const (
	Produce   = "produce"
	Consume   = "consume"
	Misbehave = "misbehave"
)

// programs are the environment variables that name the program of a peer.
var programs = map[string]string{Produce: "BIPS_PEER_PRODUCER", Consume: "BIPS_PEER_CONSUMER", Misbehave: "BIPS_PEER_VILLAIN"}

// roleName is the role in which a test binary is the Go peer.
const roleName = "peer"

// Role is for the TestMain of tests that drive peers: it makes their binary the Go peer, which is
// taken where no other program is named.
func Role(roles testmain.Roles) testmain.Roles {
	if roles == nil {
		roles = testmain.Roles{}
	}
	roles[roleName] = gopeer.Main
	return roles
}

// Setup is how a peer is started.
type Setup struct {
	Program []string // the peer's program and its first arguments; nil: what the environment names, or the peer in Go
	Args    []string // options
	Env     []string // in addition to the test's own
	// Log is a file that gets the peer's lines, so that it never waits for who reads them. Who
	// wants to know them calls Read. "": Heard is called with each.
	Log string
	// Heard is called with each line but answers to orders, in their order, by a goroutine of
	// its own. It may be nil.
	Heard func(*line.Line)
}

// A Peer is a process that was started. Its methods are for one goroutine.
type Peer struct {
	Kind   string
	t      testing.TB
	setup  Setup
	cmd    *exec.Cmd
	orders io.WriteCloser
	exited chan struct{}
	stderr bytes.Buffer

	answers  chan *line.Line // with Heard
	log      *os.File        // with Log
	rest     []byte          // of it that is no whole line yet
	unread   []*line.Line    // lines of it that nobody has read yet
	answered []*line.Line    // answers among them
}

// Start starts a peer for a pool.
func Start(t testing.TB, kind, pool string, setup Setup) *Peer {
	t.Helper()
	p := &Peer{Kind: kind, t: t, setup: setup, exited: make(chan struct{}), answers: make(chan *line.Line, 1)}
	args := append([]string{kind, pool}, setup.Args...)
	words := setup.Program
	if words == nil {
		words = strings.Fields(os.Getenv(programs[kind]))
	}
	if len(words) > 0 {
		p.cmd = exec.Command(words[0], append(words[1:len(words):len(words)], args...)...)
		p.cmd.Env = os.Environ()
	} else {
		p.cmd = testmain.Child(t, roleName, args...)
	}
	p.cmd.Env = append(p.cmd.Env, setup.Env...)
	p.cmd.Stderr = &p.stderr
	var err error
	if p.orders, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	heard, err := p.connect()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		if heard != nil {
			p.listen(heard)
		}
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	return p
}

// connect gives the peer its standard output.
func (p *Peer) connect() (heard io.Reader, err error) {
	if p.setup.Log == "" {
		return p.cmd.StdoutPipe()
	}
	// A file of the peer's own: it goes on writing when this process is slow.
	file, err := os.OpenFile(p.setup.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout = file
	if p.log, err = os.Open(p.setup.Log); err != nil {
		return nil, err
	}
	p.t.Cleanup(func() { _ = errors.Join(file.Close(), p.log.Close()) })
	return nil, nil
}

// listen reads lines until the peer's output ends.
func (p *Peer) listen(from io.Reader) {
	lines := bufio.NewReaderSize(from, 1<<16)
	for {
		text, err := lines.ReadBytes('\n')
		if err != nil {
			return // what has no end was not written
		}
		l, err := parse(text)
		switch {
		case err != nil:
			l = &line.Line{Event: line.Wrong, What: line.WrongCall, Text: err.Error()}
			fallthrough
		case l.Event != line.Done:
			if p.setup.Heard != nil {
				p.setup.Heard(l)
			}
		default:
			p.answers <- l
		}
	}
}

// parse reads a line. Most have an event and a sequence only.
func parse(text []byte) (*line.Line, error) {
	if l, ok := parseCount(text); ok {
		return l, nil
	}
	var l line.Line
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, fmt.Errorf("a peer wrote %q: %w", text, err)
	}
	return &l, nil
}

func parseCount(text []byte) (*line.Line, bool) {
	const before, between = `{"event":"`, `","sequence":`
	rest, ok := bytes.CutPrefix(text, []byte(before))
	if !ok {
		return nil, false
	}
	event, rest, ok := bytes.Cut(rest, []byte(between))
	if !ok || bytes.IndexByte(event, '"') >= 0 {
		return nil, false
	}
	number, ok := bytes.CutSuffix(rest, []byte("}\n"))
	if !ok || len(number) == 0 || len(number) > 18 {
		return nil, false
	}
	l := line.Line{Event: string(event)}
	for _, digit := range number {
		if digit < '0' || digit > '9' {
			return nil, false
		}
		l.Sequence = l.Sequence*10 + uint64(digit-'0')
	}
	return &l, true
}

// Read returns the lines of the log that were not read yet, but for answers.
func (p *Peer) Read() ([]*line.Line, error) {
	err := p.pump()
	lines := p.unread
	p.unread = nil
	return lines, err
}

// pump reads what is new in the log.
func (p *Peer) pump() error {
	buffer := make([]byte, 1<<16)
	for {
		n, err := p.log.Read(buffer)
		p.rest = append(p.rest, buffer[:n]...)
		text := p.rest
		for {
			end := bytes.IndexByte(text, '\n') + 1
			if end == 0 {
				break
			}
			l, err := parse(text[:end])
			switch {
			case err != nil:
				return err
			case l.Event == line.Done:
				p.answered = append(p.answered, l)
			default:
				p.unread = append(p.unread, l)
			}
			text = text[end:]
		}
		p.rest = append(p.rest[:0], text...)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Ask gives an order and waits for its answer.
func (p *Peer) Ask(order line.Order) *line.Line {
	p.t.Helper()
	p.Tell(order)
	return p.Answer(order)
}

// Tell gives an order.
func (p *Peer) Tell(order line.Order) {
	text, err := json.Marshal(order)
	if err != nil {
		p.t.Fatal(err)
	}
	_, _ = p.orders.Write(append(text, '\n')) // whether it is alive the answer tells
}

// Answer waits for the answer to an order that was told.
func (p *Peer) Answer(order line.Order) *line.Line {
	p.t.Helper()
	for end := time.Now().Add(Patience); ; {
		over := false
		select {
		case answer := <-p.answers:
			return p.fits(answer, order)
		case <-p.exited:
			over = true
		case <-time.After(p.poll()):
		}
		if answer := p.logged(); answer != nil {
			return p.fits(answer, order)
		}
		if over {
			p.t.Fatalf("%s ended before it answered the order %q: %v: %s", p, order.Do, p.cmd.ProcessState, p.stderr.Bytes())
		}
		if time.Now().After(end) {
			p.Stuck("did not answer the order " + order.Do)
			p.t.FailNow()
		}
	}
}

// poll is how long to wait before the log is looked at again.
func (p *Peer) poll() time.Duration {
	if p.log == nil {
		return Patience
	}
	return time.Millisecond
}

// logged takes an answer from the log, if there is one.
func (p *Peer) logged() (answer *line.Line) {
	p.t.Helper()
	if p.log == nil {
		return nil
	}
	if err := p.pump(); err != nil {
		p.t.Fatal(err)
	}
	if len(p.answered) > 0 {
		answer, p.answered = p.answered[0], p.answered[1:]
	}
	return answer
}

// fits fails the test if an answer is another order's.
func (p *Peer) fits(answer *line.Line, order line.Order) *line.Line {
	p.t.Helper()
	if answer.Order != order.Do {
		p.t.Fatalf("%s answered %q to the order %q", p, answer.Order, order.Do)
	}
	return answer
}

func (p *Peer) String() string {
	return fmt.Sprintf("the peer that is to %s, process %d,", p.Kind, p.cmd.Process.Pid)
}
