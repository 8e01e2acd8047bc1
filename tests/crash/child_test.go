package crash

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

// child is a process that takes orders, one a line, and answers each with a line of JSON.
type child struct {
	role    string
	command *exec.Cmd
	orders  io.WriteCloser
	answers chan []byte
	errors  bytes.Buffer
	exited  chan struct{}
}

// crashAt makes a child die at the hit of a point; the zero value means nowhere.
type crashAt struct {
	point string
	hit   int
	slow  string // another point, after which the child is slow
}

func startChild(t *testing.T, role string, plan any, at crashAt) *child {
	t.Helper()
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{role: role, command: testmain.Child(t, role, string(text)), answers: make(chan []byte, 1), exited: make(chan struct{})}
	c.command.Env = append(c.command.Env, "BIPS_CRASH_POINT="+at.point, "BIPS_CRASH_HIT="+strconv.Itoa(at.hit), "BIPS_CRASH_SLOW="+at.slow)
	c.command.Stderr = &c.errors
	answers, err := c.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.orders, err = c.command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(answers); lines.Scan(); {
			c.answers <- bytes.Clone(lines.Bytes())
		}
		_ = c.command.Wait()
		close(c.exited)
	}()
	return c
}

// ask gives an order and waits for the answer.
func (c *child) ask(t *testing.T, order string, answer any) {
	t.Helper()
	_, _ = fmt.Fprintln(c.orders, order)
	select {
	case line := <-c.answers:
		if err := json.Unmarshal(line, answer); err != nil {
			t.Fatalf("a %s answered %q with %q", c.role, order, line)
		}
	case <-c.exited:
		t.Fatalf("a %s ended: %s", c.role, c.errors.Bytes())
	case <-time.After(patience):
		c.stuck(t, "did not answer "+order)
	}
}

// died waits until the process has killed itself.
func (c *child) died(t *testing.T) {
	t.Helper()
	select {
	case <-c.exited:
	case <-time.After(patience):
		c.stuck(t, "did not reach the point where it should have died")
	}
	if status, ok := c.command.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("a %s ended with %v before it reached the point where it should have died: %s", c.role, c.command.ProcessState, c.errors.Bytes())
	}
}

// leave tells the process to end, and wants it to end well.
func (c *child) leave(t *testing.T) {
	t.Helper()
	_ = c.orders.Close()
	select {
	case <-c.exited:
	case <-time.After(patience):
		c.stuck(t, "did not leave when it was told to")
	}
	if !c.command.ProcessState.Success() {
		t.Errorf("a %s ended with %v: %s", c.role, c.command.ProcessState, c.errors.Bytes())
	}
}

func (c *child) kill() {
	_ = c.command.Process.Kill()
	<-c.exited
}

// stuck makes the process show where it waits, and fails the test.
func (c *child) stuck(t *testing.T, what string) {
	t.Helper()
	_ = c.command.Process.Signal(syscall.SIGQUIT)
	select {
	case <-c.exited:
	case <-time.After(patience):
		c.kill()
	}
	t.Fatalf("a %s %s:\n%s", c.role, what, c.errors.Bytes())
}

// orders are the lines that the parent writes; the channel is closed with the last.
func orders() <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for input := bufio.NewScanner(os.Stdin); input.Scan(); {
			lines <- input.Text()
		}
	}()
	return lines
}

func answer(v any) error { return json.NewEncoder(os.Stdout).Encode(v) }
