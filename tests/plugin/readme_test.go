package plugin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The READMEs of pipelines/ have lines for several terminals. They are run as they are
// written, all at once, until each reader has had frames; then comes Ctrl-C, unless the
// stream has an end. Programs that a README compiles are compiled first, and run beside the pipelines, as those in Python are.
func TestTheCommandsOfTheReadmesWork(t *testing.T) {
	readmes, err := filepath.Glob("../../pipelines/*/README.md")
	if err != nil || len(readmes) == 0 {
		t.Fatalf("no READMEs: %v", err)
	}
	for _, readme := range readmes {
		text, err := os.ReadFile(readme)
		if err != nil {
			t.Fatal(err)
		}
		lines := launchLines(string(text))
		if len(lines) == 0 {
			continue // the demo: make demo does all
		}
		t.Run(filepath.Base(filepath.Dir(readme)), func(t *testing.T) {
			t.Parallel()
			dir := ownDir(t)
			var terminals []*terminal
			recipe := filepath.Dir(readme)
			for _, program := range append(compilePrograms(t, recipe, string(text)), pythonPrograms(t, recipe, string(text))...) {
				term := openTerminal(t, dir, program)
				term.program = true
				terminals = append(terminals, term)
			}
			for _, line := range lines {
				terminals = append(terminals, openTerminal(t, dir, line))
			}
			if ends := strings.Contains(string(text), "num-buffers="); ends {
				for _, term := range terminals {
					term.awaitFrames(1)
				}
			} else {
				for _, term := range terminals {
					term.awaitFrames(someFrames)
				}
				for _, term := range terminals {
					term.interrupt()
				}
			}
			for _, term := range terminals {
				term.isContent()
			}
			dir.isClean(t, "after the commands of "+readme)
		})
	}
}

var (
	codeLine    = regexp.MustCompile(`(?m)^ {4}gst-launch-1\.0 (?:.*\\\n)*.*$`)
	autoSink    = regexp.MustCompile(`auto(video|audio)sink`)
	missing     = regexp.MustCompile(`(?i)no (element "[^"]*"|module named '[^']*')`)
	complaint   = regexp.MustCompile(`(?m)^(ERROR|WARNING: erroneous).*`)
	sinkWorks   = regexp.MustCompile(`<bipssink\d+> pool ".*": \d+ slots`)
	sourceReads = regexp.MustCompile(`<(\w+)> calling create`)
)

const (
	// someFrames are more than there are from one key frame to the next.
	someFrames = 50
	// prerolled are more than a sink waits with for the pipeline to play. Until then gst-launch-1.0 -e may not end after Ctrl-C, with any sink
	// (GStreamer 1.22: it sends the end of the stream to a source that pushes to a sink which waits).
	prerolled = 5
)

// launchLines are the pipelines in a README.
func launchLines(readme string) []string { return codeLine.FindAllString(readme, -1) }

// A terminal is a shell that runs a command.
type terminal struct {
	t              *testing.T
	line           string
	shell          *exec.Cmd
	output, log    string // files
	sinks, readers int
	program        bool // compilePrograms or pythonPrograms made the line
	ended          chan struct{}
}

// openTerminal runs a command, but for the screen and the loudspeaker, which are not there.
func openTerminal(t *testing.T, dir ownDirectory, line string) *terminal {
	t.Helper()
	folder := t.TempDir()
	c := &terminal{
		t: t, line: line, ended: make(chan struct{}),
		output: filepath.Join(folder, "output"), log: filepath.Join(folder, "log"),
		sinks: strings.Count(line, "bipssink "), readers: strings.Count(line, "bipssrc "),
	}
	output, err := os.Create(c.output)
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	// As a shell that people use does, it outlives Ctrl-C, and waits for what it started.
	c.shell = exec.Command("sh", "-c", "trap : INT\n"+autoSink.ReplaceAllString(line, "fakesink"))
	c.shell.Dir = folder
	c.shell.Env = append(env[:len(env):len(env)], "GST_DEBUG=bips:4,basesrc:5", "GST_DEBUG_FILE="+c.log)
	dir.use(c.shell)
	scriptOverBackend(t, c.shell)
	c.shell.Stdout, c.shell.Stderr = output, output
	c.shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.shell.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.shell.Wait() // of a pipe it tells nothing; the output does
		close(c.ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-c.shell.Process.Pid, syscall.SIGKILL)
		<-c.ended
		if t.Failed() {
			t.Logf("%s\n%s", c.line, c.said(c.output))
		}
	})
	return c
}

func (c *terminal) said(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Sprintf("(%v)", err)
	}
	return string(text)
}

// awaitFrames waits until the command's pools are there, frames flow into them, and each reader has had so many. Of programs that are no
// pipelines it waits for the beginning.
func (c *terminal) awaitFrames(wanted int) {
	c.t.Helper()
	watchdog := time.After(patience)
	for {
		log := c.said(c.log)
		reads := map[string]int{}
		for _, m := range sourceReads.FindAllStringSubmatch(log, -1) {
			reads[m[1]]++
		}
		content, flows := 0, c.sinks == 0
		for source, n := range reads { // the last call may still wait
			if strings.HasPrefix(source, "bipssrc") && n > wanted {
				content++
			}
			if n > min(wanted, prerolled) {
				flows = true
			}
		}
		if c.program && isProgram(c.shell.Process.Pid) {
			return
		}
		if !c.program && content >= c.readers && flows && len(sinkWorks.FindAllString(log, -1)) >= c.sinks {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-c.ended:
			if what := missing.FindString(c.said(c.output)); what != "" {
				c.t.Skipf("%s here: %s", what, c.line)
			}
			c.t.Fatalf("ended before frames came: %s", c.line)
		case <-watchdog:
			c.t.Fatalf("no frames come: %s", c.line)
		}
	}
}

func (c *terminal) interrupt() {
	_ = syscall.Kill(-c.shell.Process.Pid, syscall.SIGINT) // or it has ended by itself
}

// isContent waits for the end of a command that was interrupted.
func (c *terminal) isContent() {
	c.t.Helper()
	select {
	case <-c.ended:
	case <-time.After(patience):
		c.t.Fatalf("does not end after Ctrl-C: %s", c.line)
	}
	for _, text := range complaint.FindAllString(c.said(c.output), -1) {
		c.t.Errorf("%s: %s", text, c.line)
	}
}
