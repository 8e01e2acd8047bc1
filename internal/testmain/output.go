package testmain

import (
	"bufio"
	"io"
	"regexp"
	"sync"
)

// Output is what a process has said so far, in lines. The zero Output is empty. Several goroutines may use it at once.
type Output struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed and renewed with each line; nil: nobody has asked for it
}

// Read adds the lines that come from r, which it closes in the end.
func (o *Output) Read(r io.ReadCloser) {
	defer r.Close()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		o.add(lines.Text())
	}
}

func (o *Output) add(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, line)
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
}

// Lines returns the lines so far, and a channel that is closed when there is more.
func (o *Output) Lines() ([]string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more == nil {
		o.more = make(chan struct{})
	}
	return o.lines, o.more
}

// Matches returns the lines that fit the pattern.
func (o *Output) Matches(pattern string) (found []string) {
	re := regexp.MustCompile(pattern)
	lines, _ := o.Lines()
	for _, line := range lines {
		if re.MatchString(line) {
			found = append(found, line)
		}
	}
	return found
}
