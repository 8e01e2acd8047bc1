package stress

import (
	"bytes"
	"io"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

// patience is the watchdog over everything that should happen at once.
const patience = 20 * time.Second

// child is a producer or consumer process.
type child struct {
	role    string
	history string
	mode    string // for messages
	command *exec.Cmd
	input   io.Closer
	output  bytes.Buffer
	exited  chan struct{}
	stopped time.Time // until when; zero: it runs
	killed  bool
}

func start(t *testing.T, role, history, plan string) *child {
	t.Helper()
	c := &child{role: role, history: history, command: testmain.Child(t, role, plan), exited: make(chan struct{})}
	c.command.Stdout, c.command.Stderr = &c.output, &c.output
	input, err := c.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.input = input
	if err := c.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.command.Wait()
		close(c.exited)
	}()
	return c
}

func (c *child) signal(s syscall.Signal) { _ = c.command.Process.Signal(s) }

// kill ends the process wherever it is and waits for the kernel to be done with it.
func (c *child) kill() {
	c.killed = true
	c.signal(syscall.SIGKILL)
	<-c.exited
}

func (c *child) stop(until time.Time) {
	c.stopped = until
	c.signal(syscall.SIGSTOP)
}

func (c *child) resume() {
	if !c.stopped.IsZero() {
		c.stopped = time.Time{}
		c.signal(syscall.SIGCONT)
	}
}

// leave tells the process to end and waits until it has. One that does not is made
// to show where it waits.
func (c *child) leave(t *testing.T) {
	t.Helper()
	c.resume()
	_ = c.input.Close()
	select {
	case <-c.exited:
	case <-time.After(patience):
		c.stuck(t, "did not leave when it was told to")
	}
}

func (c *child) stuck(t *testing.T, what string) {
	t.Helper()
	c.signal(syscall.SIGQUIT)
	select {
	case <-c.exited:
	case <-time.After(patience):
		c.kill()
	}
	t.Errorf("P8: a %s %s:\n%s", c.role, what, c.output.Bytes())
}

func (c *child) frames() uint64 { return peek(c.history, wordFrames) }
