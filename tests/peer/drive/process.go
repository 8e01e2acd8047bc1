package drive

import (
	"syscall"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// Signal sends a signal, if the process is still there.
func (p *Peer) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// Kill ends the process wherever it is, and waits for the kernel to be done with it.
func (p *Peer) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.exited
}

// PID is the number of the process.
func (p *Peer) PID() int { return p.cmd.Process.Pid }

// Exited is closed when the process has ended.
func (p *Peer) Exited() <-chan struct{} { return p.exited }

// Complaints is what the process wrote to its standard error. It has ended.
func (p *Peer) Complaints() string { return p.stderr.String() }

// Succeeded reports whether the process, which has ended, did so as it was told to.
func (p *Peer) Succeeded() bool { return p.cmd.ProcessState.Success() }

// closingLimit is how long a peer that has closed everything may keep something: descriptors that came with messages are closed
// in nobody's way.
const closingLimit = time.Second

// Leave tells the peer to close everything, looks for what it keeps of pools then, and waits
// for its end. It returns the answer to the order.
func (p *Peer) Leave() *line.Line {
	p.t.Helper()
	answer := p.Ask(line.Order{Do: line.DoClose})
	held := testmain.HeldBy(p.cmd.Process.Pid)
	for end := time.Now().Add(closingLimit); len(held) > 0 && time.Now().Before(end); held = testmain.HeldBy(p.cmd.Process.Pid) {
		time.Sleep(time.Millisecond)
	}
	for _, leak := range held {
		p.t.Errorf("P9: %s has closed all and keeps %s", p, leak)
	}
	_ = p.orders.Close()
	p.AwaitEnd()
	if !p.Succeeded() {
		p.t.Errorf("%s ended with %v: %s", p, p.cmd.ProcessState, p.stderr.Bytes())
	}
	return answer
}

// AwaitEnd waits until the process has ended.
func (p *Peer) AwaitEnd() {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(Patience):
		p.Stuck("did not end when it should")
	}
}

// Died waits until the process has killed itself, at its crash point.
func (p *Peer) Died() {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(Patience):
		p.Stuck("did not reach the point where it should have died")
		p.t.FailNow()
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		p.t.Fatalf("%s ended with %v before it reached the point where it should have died: %s", p, p.cmd.ProcessState, p.stderr.Bytes())
	}
}

// Stuck makes the process show where it waits, ends it, and fails the test.
func (p *Peer) Stuck(what string) {
	p.t.Helper()
	p.Signal(syscall.SIGCONT)
	p.Signal(syscall.SIGQUIT)
	select {
	case <-p.exited:
	case <-time.After(Patience):
		p.Kill()
	}
	p.t.Errorf("P8: %s %s:\n%s", p, what, p.stderr.Bytes())
}
