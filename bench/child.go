package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bips-ipc/bips/bench/result"
)

// message is a line of JSON from benchsrc, benchsink, the floor or the programs of bench/alone.
type message struct {
	Bench      string           `json:"bench"`
	Frames     uint64           `json:"frames"`
	Lost       uint64           `json:"lost"`
	Bad        uint64           `json:"bad"`
	Elapsed    float64          `json:"elapsed_s"`
	CPU        float64          `json:"cpu_s"`
	RoundTrips uint64           `json:"round_trips"`
	Sum        uint64           `json:"sum"`
	Latency    result.Histogram `json:"latency"`
	Acquire    result.Histogram `json:"acquire"`
	Publish    result.Histogram `json:"publish"`
}

// parseMessage reads a line; ok is false when it is something else.
func parseMessage(line []byte) (m message, ok bool) {
	if !bytes.HasPrefix(line, []byte(`{"bench":`)) {
		return m, false
	}
	err := json.Unmarshal(line, &m)
	return m, err == nil
}

// child is a process whose output is watched.
type child struct {
	cmd   *exec.Cmd
	first chan struct{} // closed by the first frame
	said  chan message  // its report, if it gave one
	over  chan struct{} // closed when it has ended

	mu     sync.Mutex
	others []string // the last lines that were no messages
	failed error    // how it ended; read it when over
}

// keepLines is how many lines of a child's own words are kept.
const keepLines = 6

// start runs a command. Its messages may be on stdout or stderr.
func start(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, first: make(chan struct{}), said: make(chan message, 1), over: make(chan struct{})}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = writer, writer
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := cmd.Start(); err != nil {
		_, _ = reader.Close(), writer.Close()
		return nil, err
	}
	_ = writer.Close()
	go c.listen(reader)
	return c, nil
}

// launch runs a pipeline.
func launch(env []string, line string) (*child, error) {
	cmd := exec.Command("gst-launch-1.0", append([]string{"-q"}, strings.Fields(line)...)...)
	cmd.Env = env
	return start(cmd)
}

func (c *child) listen(from io.ReadCloser) {
	lines := bufio.NewReader(from)
	greeted := false
	for {
		line, err := lines.ReadBytes('\n')
		m, ok := parseMessage(line)
		switch {
		case ok && m.Bench == "first":
			if !greeted {
				greeted = true
				close(c.first)
			}
		case ok:
			select {
			case c.said <- m:
			default: // one is enough
			}
		default:
			c.keep(strings.TrimSpace(string(line)))
		}
		if err != nil {
			break
		}
	}
	_ = from.Close()
	c.failed = c.cmd.Wait()
	close(c.over)
}

func (c *child) keep(line string) {
	if line == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.others) == keepLines {
		c.others = c.others[1:]
	}
	c.others = append(c.others, line)
}

// words are what the process said last, on one line.
func (c *child) words() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.others, " / ")
}

// ended waits for the end, at most so long.
func (c *child) ended(limit time.Duration) bool {
	select {
	case <-c.over:
		return true
	case <-time.After(limit):
		return false
	}
}

// end makes the process stop: politely first. It reports whether that was enough.
func (c *child) end(patience time.Duration) bool {
	if c.ended(0) {
		return true
	}
	c.signal(syscall.SIGCONT)
	c.signal(syscall.SIGINT)
	if c.ended(patience) {
		return true
	}
	c.kill()
	return false
}

// kill ends the process and all that it started: they have a group of their own.
func (c *child) kill() {
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	<-c.over
}

func (c *child) signal(s syscall.Signal) { _ = c.cmd.Process.Signal(s) }

// report returns what the process reported, if it did.
func (c *child) report() (m message, ok bool) {
	select {
	case m = <-c.said:
		return m, true
	default:
		return m, false
	}
}
