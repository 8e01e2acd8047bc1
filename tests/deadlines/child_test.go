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
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/testmain"
)

// A child is a process that will be killed or stopped.
type child struct {
	t       *testing.T
	command *exec.Cmd
}

// begin starts a child and waits until it says that it is ready.
func begin(t *testing.T, role string, args ...string) *child {
	t.Helper()
	c := &child{t, testmain.Child(t, role, args...)}
	c.command.Stderr = os.Stderr
	if _, err := c.command.StdinPipe(); err != nil { // it ends with us
		t.Fatal(err)
	}
	output, err := c.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.wait() })
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil {
		t.Fatalf("%s: %q, %v", role, line, err)
	}
	return c
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

// watch returns a channel that gets the time at which the kernel drops the lock on a byte of
// a file, which it does when it closes the files of the dead holder.
func watch(t *testing.T, path string, offset int64) <-chan time.Time {
	t.Helper()
	probe, err := sys.OpenLockFile(path, os.O_RDONLY, nil)
	if err != nil {
		t.Fatal(err)
	}
	dropped := make(chan time.Time, 1)
	go func() {
		defer probe.Close()
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Microsecond) {
			if locked, err := probe.IsLocked(offset); err != nil || !locked {
				break
			}
		}
		dropped <- time.Now()
	}()
	return dropped
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
	p, err := bips.NewProducer(poolName, bips.ProducerOptions{SlotSize: 4096})
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
