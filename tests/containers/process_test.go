package containers

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/testmain"
)

// patience is a watchdog: how long anything may take before it counts as hanging.
const patience = 60 * time.Second

// A process is a program in a container, or on the host, and what it has said so far.
type process struct {
	t       *testing.T
	line    string // the program and its arguments, for messages
	command *exec.Cmd
	pid     func() int        // the program itself, not the runtime that waits for it
	manage  func(verb string) // has the runtime pause or resume the container; nil outside of one

	output testmain.Output
	ended  chan struct{} // closed after the last line, when the program is gone
	err    error         // how it ended
}

// start starts a command, of which line is what runs in it in the end.
func start(t *testing.T, line string, command *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, line: line, command: command, ended: make(chan struct{})}
	p.pid = func() int { return command.Process.Pid }
	// Two pipes: in one, a line of the debug log could come in the middle of another line.
	var reading sync.WaitGroup
	var writers []*os.File
	for _, output := range []*io.Writer{&command.Stdout, &command.Stderr} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		*output = writer
		writers = append(writers, writer)
		reading.Add(1)
		go func() {
			defer reading.Done()
			p.output.Read(reader)
		}()
	}
	err := command.Start()
	for _, writer := range writers {
		writer.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		reading.Wait()
		p.err = command.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		if t.Failed() {
			p.dump()
		}
	})
	return p
}

// lines returns the output so far, and a channel that is closed when there is more.
func (p *process) lines() ([]string, <-chan struct{}) { return p.output.Lines() }

// matches returns the output's lines that fit the pattern.
func (p *process) matches(pattern string) []string { return p.output.Matches(pattern) }

// waitFor waits until n lines fit the pattern.
func (p *process) waitFor(n int, pattern string) {
	p.t.Helper()
	watchdog := time.After(patience)
	for {
		_, more := p.lines()
		if len(p.matches(pattern)) >= n {
			return
		}
		select {
		case <-more:
		case <-p.ended:
			if len(p.matches(pattern)) < n {
				p.t.Fatalf("ended (%v) without %d lines like %q: %s", p.err, n, pattern, p.line)
			}
		case <-watchdog:
			p.t.Fatalf("no %d lines like %q: %s", n, pattern, p.line)
		}
	}
}

// waitForMore waits until n more lines fit the pattern than do now.
func (p *process) waitForMore(n int, pattern string) {
	p.t.Helper()
	p.waitFor(len(p.matches(pattern))+n, pattern)
}

// finish waits for the program, which has to succeed.
func (p *process) finish() {
	p.t.Helper()
	if err := p.wait(); err != nil {
		p.t.Fatalf("%v: %s", err, p.line)
	}
}

// wait waits for the program and returns how it ended.
func (p *process) wait() error {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("does not end: %s", p.line)
	}
	return p.err
}

// interrupt is Ctrl-C, or what a container's manager sends where it is told to (STOPSIGNAL SIGINT).
func (p *process) interrupt() {
	p.t.Helper()
	p.signal(syscall.SIGINT)
	p.finish()
}

// kill is what a crash or the out-of-memory killer does to the program: the manager of its container
// is not asked.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	_ = p.wait()
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := unix.Kill(p.pid(), s); err != nil {
		p.t.Fatalf("%v: %s", err, p.line)
	}
}

// counts are the counters that an element writes to the debug log when it stops.
func (p *process) counts(element string) map[string]uint64 {
	p.t.Helper()
	all := map[string]uint64{}
	for _, line := range p.matches(`<` + element + `>.*closed: \[`) {
		for _, pair := range countPattern.FindAllStringSubmatch(line, -1) {
			n, err := strconv.ParseUint(pair[2], 10, 64)
			if err != nil {
				p.t.Fatal(err)
			}
			all[pair[1]] = n
		}
	}
	if len(all) == 0 {
		p.t.Fatalf("the debug log has no counters of %s: %s", element, p.line)
	}
	return all
}

var countPattern = regexp.MustCompile(`\{([a-z-]+) (\d+)\}`)

// dump logs what the program said.
func (p *process) dump() {
	const last = 60
	lines, _ := p.lines()
	lines = slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return checksumLine.MatchString(line) || strings.Contains(line, ": caps = ")
	})
	lines = lines[max(0, len(lines)-last):]
	p.t.Logf("%s\n  %s\n    %s", strings.Join(p.command.Args, " "), p.line, strings.Join(lines, "\n    "))
}
