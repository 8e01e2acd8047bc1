package plugin

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

// patience is how long anything may take before it counts as hanging. No test asserts
// that something is fast: it waits for it, under this watchdog.
const patience = 60 * time.Second

// impatience is the same for what has to stop at once.
const impatience = 10 * time.Second

// A pipeline is a process with a pipeline in it, gst-launch-1.0 unless said otherwise.
type pipeline struct {
	t       *testing.T
	line    string
	command *exec.Cmd
	debug   string // where the debug log is

	output testmain.Output
	ended  chan struct{} // closed after the last line, when the process is gone
	err    error         // how it ended
}

// launch starts gst-launch-1.0. What is left of it at the end of the test is killed.
func launch(t *testing.T, format string, args ...any) *pipeline {
	t.Helper()
	return launchWith(t, nil, format, args...)
}

// launchWith is launch with a change to the command before it starts. A crash ends the process: GStreamer's fault handler would
// leave a child behind that keeps our pipe open.
func launchWith(t *testing.T, change func(*exec.Cmd), format string, args ...any) *pipeline {
	t.Helper()
	line := overBackend(fmt.Sprintf(format, args...))
	return start(t, change, line, exec.Command("gst-launch-1.0", strings.Fields("-v --no-fault "+line)...))
}

// start starts a command, which line describes.
func start(t *testing.T, change func(*exec.Cmd), line string, command *exec.Cmd) *pipeline {
	t.Helper()
	p := &pipeline{
		t:       t,
		line:    line,
		command: command,
		debug:   filepath.Join(t.TempDir(), "debug.log"),
		ended:   make(chan struct{}),
	}
	p.command.Env = append(env[:len(env):len(env)],
		"GST_DEBUG=bips:4", "GST_DEBUG_FILE="+p.debug, "BIPS_SHM_DIR="+os.Getenv("BIPS_SHM_DIR"))
	if change != nil {
		change(p.command)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.command.Stdout, p.command.Stderr = writer, writer
	err = p.command.Start()
	writer.Close()
	if err != nil {
		reader.Close()
		t.Fatal(err)
	}
	go p.read(reader)
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.ended
		if t.Failed() {
			p.dump()
		}
	})
	return p
}

func (p *pipeline) read(r io.ReadCloser) {
	p.output.Read(r)
	p.err = p.command.Wait()
	close(p.ended)
}

// lines returns the output so far, and a channel that is closed when there is more.
func (p *pipeline) lines() ([]string, <-chan struct{}) { return p.output.Lines() }

// matches returns the output's lines that fit the pattern.
func (p *pipeline) matches(pattern string) []string { return p.output.Matches(pattern) }

// waitFor waits until n lines fit the pattern, and returns the last of them.
func (p *pipeline) waitFor(n int, pattern string) string {
	p.t.Helper()
	watchdog := time.After(patience)
	for {
		_, more := p.lines()
		if found := p.matches(pattern); len(found) >= n {
			return found[n-1]
		}
		select {
		case <-more:
		case <-p.ended:
			if found := p.matches(pattern); len(found) >= n {
				return found[n-1]
			}
			p.t.Fatalf("ended (%v) without %d lines like %q: %s", p.err, n, pattern, p.line)
		case <-watchdog:
			p.hangs(fmt.Sprintf("no %d lines like %q", n, pattern))
		}
	}
}

// finish waits for the process, which has to succeed.
func (p *pipeline) finish() {
	p.t.Helper()
	if err := p.wait(patience); err != nil {
		p.t.Fatalf("%v: %s", err, p.line)
	}
}

// fail waits for the process, which has to fail, and say all of the words.
func (p *pipeline) fail(words ...string) {
	p.t.Helper()
	p.waitFor(1, `^ERROR|^WARNING: erroneous`)
	p.endsAfterAnError()
	err := p.wait(patience)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !exit.Exited() {
		p.t.Fatalf("got %v, want an exit status other than 0: %s", err, p.line)
	}
	said := p.said()
	for _, word := range words {
		if !strings.Contains(said, word) {
			p.t.Errorf("did not say %q: %s", word, p.line)
		}
	}
}

// endsAfterAnError ends gst-launch-1.0 where that does not do it itself: an error that comes before it enters its main loop does
// not end that loop.
func (p *pipeline) endsAfterAnError() {
	select {
	case <-p.ended:
	case <-time.After(3 * time.Second):
		if len(p.matches(`^ERROR|^WARNING: erroneous`)) > 0 {
			_ = p.command.Process.Signal(syscall.SIGINT)
		}
	}
}

// said is the whole output.
func (p *pipeline) said() string {
	lines, _ := p.lines()
	return strings.Join(lines, "\n")
}

// wait waits for the process and returns how it ended.
func (p *pipeline) wait(patience time.Duration) error {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.hangs("does not end")
	}
	return p.err
}

// interrupt is Ctrl-C: the pipeline has to stop, however blocked it is.
func (p *pipeline) interrupt() {
	p.t.Helper()
	p.signal(syscall.SIGINT)
	if err := p.wait(impatience); err != nil {
		p.t.Fatalf("%v after SIGINT: %s", err, p.line)
	}
}

// kill is what a crash or the system's out-of-memory killer does.
func (p *pipeline) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	_ = p.wait(patience)
}

func (p *pipeline) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		p.t.Fatalf("%v: %s", err, p.line)
	}
}

// hangs ends the test, telling where each thread sleeps.
func (p *pipeline) hangs(what string) {
	p.t.Helper()
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", p.command.Process.Pid))
	for _, thread := range threads {
		name, _ := os.ReadFile(thread + "/comm")
		place, _ := os.ReadFile(thread + "/wchan")
		call, _ := os.ReadFile(thread + "/syscall")
		p.t.Logf("thread %s: %s in %s (%s)", filepath.Base(thread),
			strings.TrimSpace(string(name)), place, strings.TrimSpace(string(call)))
	}
	p.t.Fatalf("hangs, %s: %s", what, p.line)
}

// dump logs what the process said.
func (p *pipeline) dump() {
	const last = 40
	lines, _ := p.lines()
	lines = slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return checksumLine.MatchString(line) || strings.Contains(line, ": caps = ")
	})
	if len(lines) > last {
		lines = append([]string{fmt.Sprintf("(%d lines more)", len(lines)-last)}, lines[len(lines)-last:]...)
	}
	p.t.Logf("%s\n    %s", strings.Join(p.command.Args, " "), strings.Join(lines, "\n    "))
	if log, err := os.ReadFile(p.debug); err == nil && len(log) > 0 {
		p.t.Logf("its debug log:\n%s", log)
	}
}
