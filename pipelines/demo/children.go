package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// A child is one of the demo's processes. It may write frames to descriptor 3.
type child struct {
	name   string
	cmd    *exec.Cmd
	silent chan struct{} // closed when it prints no more
}

// launch prepares a gst-launch-1.0 process. -m makes it print the elements' messages.
func launch(ctx context.Context, s *settings, name, pipeline string) *child {
	c := newChild(ctx, name, "gst-launch-1.0", append([]string{"-v", "-m"}, strings.Fields(pipeline)...)...)
	c.cmd.Env = append(os.Environ(),
		"GST_PLUGIN_PATH="+s.plugin+":"+os.Getenv("GST_PLUGIN_PATH"),
		"GST_REGISTRY="+s.out+"/registry.bin")
	return c
}

func newChild(ctx context.Context, name, program string, args ...string) *child {
	c := &child{name: name, cmd: exec.CommandContext(ctx, program, args...), silent: make(chan struct{})}
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(os.Interrupt) }
	return c
}

// run runs the child. line is called with each line that it prints; frames, if not nil,
// reads what it writes to descriptor 3.
func (c *child) run(line func(string), frames func(io.Reader) error) error {
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var complaints strings.Builder
	c.cmd.Stderr = &complaints
	framesDone := make(chan error, 1)
	if frames == nil {
		framesDone <- nil
		err = c.cmd.Start()
	} else {
		reader, writer, failure := os.Pipe()
		if failure != nil {
			return failure
		}
		defer reader.Close()
		c.cmd.ExtraFiles = []*os.File{writer}
		err = c.cmd.Start()
		writer.Close()
		go func() { framesDone <- frames(reader) }()
	}
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line(lines.Text())
	}
	close(c.silent)
	err = errors.Join(<-framesDone, lines.Err(), c.cmd.Wait())
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, err, complaints.String())
	}
	return nil
}
