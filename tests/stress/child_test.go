package stress

import (
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

const (
	poolName = "stress"
	patience = drive.Patience
)

// child is a producer or consumer process.
type child struct {
	*drive.Peer
	log     string // a file
	every   bool   // mode
	backend string // a producer's
	lines   []*line.Line
	frames  uint64    // published or delivered, as far as the log was read
	stopped time.Time // until when; zero: it runs
	killed  bool
	opened  bool // a producer: it told of a pool
	gone    bool // it told that another producer took its name
	deleted bool // names of its pool were deleted while it lived
	rivaled bool // and then another producer was started
}

func start(t *testing.T, kind, log string, args []string) *child {
	t.Helper()
	return &child{Peer: drive.Start(t, kind, poolName, drive.Setup{Args: args, Log: log}), log: log}
}

// kill ends the process wherever it is.
func (c *child) kill() {
	c.killed = true
	c.Kill()
}

func (c *child) stop(until time.Time) {
	c.stopped = until
	c.Signal(syscall.SIGSTOP)
}

func (c *child) resume() {
	if !c.stopped.IsZero() {
		c.stopped = time.Time{}
		c.Signal(syscall.SIGCONT)
	}
}

// leave tells the process to end and waits until it has.
func (c *child) leave(t *testing.T) {
	t.Helper()
	c.resume()
	if answer := c.Leave(); answer.Error != "" {
		t.Errorf("P11: %s closed with %s: %s", c, answer.Error, answer.Text)
	}
}

// read reads what is new in the log.
func (c *child) read(t *testing.T) {
	t.Helper()
	lines, err := c.Read()
	if err != nil {
		t.Errorf("%s: %v", c.log, err)
	}
	c.lines = append(c.lines, lines...)
	for _, l := range lines {
		switch l.Event {
		case line.Frame, line.Published:
			c.frames++
		case line.Opened:
			c.opened = true
		case line.GaveWay:
			c.gone = true
		}
	}
}
