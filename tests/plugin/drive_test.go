package plugin

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// driveProgram is the program of testdata/drive, or "".
var driveProgram string

// A driver is a process that runs pipelines on command, several in one process: what
// gst-launch-1.0 cannot do. Its commands are those of testdata/drive.
type driver struct {
	*pipeline
	commands io.WriteCloser
	asked    int
}

// drive starts a driver.
func drive(t *testing.T, change func(*exec.Cmd)) *driver {
	t.Helper()
	if driveProgram == "" {
		t.Skip("needs the program of testdata/drive, and a C compiler and GStreamer's headers to build it")
	}
	command := exec.Command(driveProgram)
	reader, commands, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stdin = reader
	t.Cleanup(func() { _, _ = reader.Close(), commands.Close() }) // also if change skips the test
	return &driver{pipeline: start(t, change, "drive", command), commands: commands}
}

var answer = regexp.MustCompile(`^(ok|failed)\b`)

// try gives a command and waits for its answer; failed is what went wrong.
func (d *driver) try(format string, args ...any) (ok, failed string) {
	d.t.Helper()
	d.line = overBackend(fmt.Sprintf(format, args...)) // what a watchdog tells
	if _, err := fmt.Fprintln(d.commands, d.line); err != nil {
		d.t.Fatalf("%s: %v", d.line, err)
	}
	d.asked++
	said := d.waitFor(d.asked, answer.String())
	if rest, failed := strings.CutPrefix(said, "failed"); failed {
		return "", strings.TrimPrefix(rest, ": ")
	}
	return strings.TrimPrefix(strings.TrimPrefix(said, "ok"), " "), ""
}

// do gives commands, each of which has to succeed, and returns the last answer.
func (d *driver) do(commands ...string) (ok string) {
	d.t.Helper()
	for _, command := range commands {
		var failed string
		if ok, failed = d.try("%s", command); failed != "" {
			d.t.Fatalf("%s: %s", command, failed)
		}
	}
	return ok
}

// forEach gives the same command for several pipelines, in turn.
func (d *driver) forEach(format string, pipelines []string) {
	d.t.Helper()
	for _, name := range pipelines {
		d.do(fmt.Sprintf(format, name))
	}
}

// numbers gives a command that is answered with numbers by name.
func (d *driver) numbers(command string) map[string]int {
	d.t.Helper()
	numbers := map[string]int{}
	for _, field := range strings.Fields(d.do(command)) {
		name, text, _ := strings.Cut(field, "=")
		n, err := strconv.Atoi(text)
		if err != nil {
			d.t.Fatalf("%s: not understood: %q", command, field)
		}
		numbers[name] = n
	}
	return numbers
}

// comes waits until n buffers in all have come to a pipeline's sinks.
func (d *driver) comes(name string, n int) {
	d.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		came, err := strconv.Atoi(d.do("count " + name))
		if err != nil {
			d.t.Fatal(err)
		}
		if came >= n {
			return
		}
		if time.Now().After(end) {
			d.hangs(fmt.Sprintf("%d of %d buffers came", came, n))
		}
	}
}

// holds waits until a source's counters say that n slots are held.
func (d *driver) holds(source string, n int) {
	d.t.Helper()
	wanted := fmt.Sprintf("held=(guint64)%d,", n)
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		stats := strings.ReplaceAll(d.do("get "+source+" stats"), `\`, "")
		if strings.Contains(stats, wanted) {
			return
		}
		if time.Now().After(end) {
			d.hangs("the counters say " + stats)
		}
	}
}

// quit ends the process, which has to succeed.
func (d *driver) quit() {
	d.t.Helper()
	d.commands.Close()
	d.finish()
}
