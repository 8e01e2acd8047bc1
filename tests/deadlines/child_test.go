package deadlines

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// A child is a process that will be killed or stopped.
type child struct {
	t       *testing.T
	command *exec.Cmd
	closed  chan time.Time // gets the time at which the kernel closes its files, which it does when it is done with its memory
}

// begin starts a child and waits until it says that it is ready.
func begin(t *testing.T, role string, args ...string) *child {
	t.Helper()
	c := &child{t, testmain.Child(t, role, args...), make(chan time.Time, 1)}
	c.command.Stderr = os.Stderr
	if _, err := c.command.StdinPipe(); err != nil { // it ends with us
		t.Fatal(err)
	}
	pipe, itsEnd, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.command.Stdout = itsEnd
	err = c.command.Start()
	itsEnd.Close()
	if err != nil {
		pipe.Close()
		t.Fatal(err)
	}
	watched := make(chan struct{})
	t.Cleanup(func() {
		c.wait()
		<-watched
	})
	ready := make(chan error, 1)
	go func() {
		defer close(watched)
		defer pipe.Close()
		output := bufio.NewReader(pipe)
		line, err := output.ReadString('\n')
		if err != nil {
			err = fmt.Errorf("%s: %q, %w", role, line, err)
		}
		ready <- err
		_, _ = io.Copy(io.Discard, output) // until the kernel closes its standard output, with all else
		c.closed <- time.Now()
	}()
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	return c
}

// newProducer makes a pool of the backend that the test is run over.
func newProducer(o bips.ProducerOptions) (*bips.Producer, error) {
	if testmain.Backend() == "memfd" {
		o.Backend = bips.Memfd
	}
	return bips.NewProducer(poolName, o)
}

// beginBeside starts a child that needs frames to get ready, and publishes them.
func beginBeside(t *testing.T, p *bips.Producer, role string, args ...string) *child {
	t.Helper()
	started := make(chan *child, 1)
	go func() {
		defer close(started) // also when it fails
		started <- begin(t, role, args...)
	}()
	for {
		select {
		case c := <-started:
			if c == nil {
				t.FailNow()
			}
			return c
		case <-time.After(time.Millisecond):
		}
		slot, err := p.Pull(10 * time.Millisecond)
		if err == nil {
			err = p.Push(slot, bips.FrameInfo{Size: len(slot.Data)})
		}
		if err != nil && !errors.Is(err, bips.ErrTimeout) {
			t.Fatal(err)
		}
	}
}

// wait kills the child, if that was not done, and waits for its end.
func (c *child) wait() {
	if c.command.ProcessState == nil {
		_ = c.command.Process.Kill()
		_ = c.command.Wait()
	}
}

// kill kills the child with SIGKILL, and returns when that was.
func (c *child) kill() time.Time {
	c.t.Helper()
	now := time.Now()
	if err := c.command.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	return now
}

// memory is how much of the child lies in memory.
func (c *child) memory() string {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.command.Process.Pid))
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kilobytes, _ := strconv.Atoi(strings.Fields(rest + " 0")[0])
	return fmt.Sprintf("%d MiB", kilobytes>>10)
}

// burden makes this process as heavy as a text in MiB says.
func burden(text string) ([]byte, error) {
	megabytes, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	heavy := make([]byte, megabytes<<20)
	for i := 0; i < len(heavy); i += 4096 {
		heavy[i] = 1
	}
	return heavy, nil
}

func ready(heavy []byte) {
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = heavy[:0]
}

// produce publishes one frame and stays. Argument: MiB.
func produce(args []string) error {
	heavy, err := burden(args[0])
	if err != nil {
		return err
	}
	p, err := newProducer(bips.ProducerOptions{SlotSize: 4096})
	if err != nil {
		return err
	}
	if err := publish(p); err != nil {
		return err
	}
	ready(heavy)
	return nil
}

func publish(p *bips.Producer) error {
	slot, err := p.Pull(patience)
	if err != nil {
		return err
	}
	return p.Push(slot, bips.FrameInfo{Size: len(slot.Data)})
}

// hold joins as a reader of each frame, and pulls two, which it keeps. Argument: MiB.
func hold(args []string) error {
	heavy, err := burden(args[0])
	if err != nil {
		return err
	}
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 2})
	if err != nil {
		return err
	}
	for range 2 {
		if _, err := c.Pull(patience); err != nil {
			return err
		}
	}
	ready(heavy)
	return nil
}

// consume reads the latest frame, again and again. Argument: how long it looks at each.
func consume(args []string) error {
	pause, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
	if err != nil {
		return err
	}
	for first := true; ; first = false {
		f, err := c.Pull(patience)
		if err != nil {
			return err
		}
		if first {
			fmt.Println("ready")
		}
		time.Sleep(pause)
		if err := c.Push(f); err != nil {
			return err
		}
	}
}
