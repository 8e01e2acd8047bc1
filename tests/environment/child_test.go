package environment

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

const patience = 20 * time.Second // a watchdog

// A child is a process in a role, which tells what it has to say line by line.
type child struct {
	t       *testing.T
	role    string
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
}

// begin starts a child. change, if not nil, may change the command before.
func begin(t *testing.T, change func(*exec.Cmd), role string, args ...string) *child {
	t.Helper()
	c := &child{t: t, role: role, command: testmain.Child(t, role, args...)}
	c.command.Stderr = os.Stderr
	var err error
	if c.input, err = c.command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := c.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.output = bufio.NewReader(output)
	if change != nil {
		change(c.command)
	}
	if err := c.command.Start(); err != nil {
		t.Skipf("cannot be tried here: %v", err)
	}
	watchdog := time.AfterFunc(patience, func() { _ = c.command.Process.Kill() })
	t.Cleanup(func() {
		watchdog.Stop()
		if c.command.ProcessState == nil {
			_ = c.command.Process.Kill()
			_ = c.command.Wait()
		}
	})
	return c
}

// line is the next thing that the child says.
func (c *child) line() string {
	c.t.Helper()
	line, err := c.output.ReadString('\n')
	if err != nil {
		c.t.Fatalf("%s: %v: %v", c.role, err, c.command.Wait())
	}
	return strings.TrimSuffix(line, "\n")
}

// tell lets the child go on, where it waits to be told.
func (c *child) tell() {
	c.t.Helper()
	if _, err := io.WriteString(c.input, "\n"); err != nil {
		c.t.Fatal(err)
	}
}

// ends waits until the child has come to its end and is content. It logs what it said,
// and returns the last line.
func (c *child) ends() (last string) {
	c.t.Helper()
	for {
		line, err := c.output.ReadString('\n')
		if reason, skip := strings.CutPrefix(line, skipping); skip {
			_ = c.command.Wait()
			c.t.Skip(strings.TrimSpace(reason))
		}
		if err != nil {
			break
		}
		last = strings.TrimSpace(line)
		c.t.Logf("%s: %s", c.role, last)
	}
	if err := c.command.Wait(); err != nil {
		c.t.Fatalf("%s: %v", c.role, err)
	}
	return last
}

// skipping begins the line of a child that cannot do here what it was started for.
const skipping = "SKIP "

func skip(format string, args ...any) error {
	fmt.Println(skipping + fmt.Sprintf(format, args...))
	return nil
}

// isTold waits until the parent says that the child may go on.
func isTold() { _, _ = os.Stdin.Read(make([]byte, 1)) }

// complains checks that an error is one that is wanted and says what it should.
func complains(err, want error, texts ...string) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("got %v, want %w", err, want)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			return fmt.Errorf("%q does not say %q", err, text)
		}
	}
	fmt.Println(err)
	return nil
}
