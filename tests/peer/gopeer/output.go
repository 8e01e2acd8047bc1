package gopeer

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"

	"github.com/bips-ipc/bips/tests/peer/line"
)

// output writes lines, each by one system call: what was written survives the process.
type output struct {
	mu   sync.Mutex
	to   io.Writer
	text []byte
}

func (o *output) write(l line.Line) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if short := l; isCount(&short) {
		o.text = append(o.text[:0], `{"event":"`...)
		o.text = append(o.text, l.Event...)
		o.text = append(o.text, `","sequence":`...)
		o.text = strconv.AppendUint(o.text, l.Sequence, 10)
		o.text = append(o.text, "}\n"...)
	} else {
		o.text = append(o.text[:0], l.Encode()...)
	}
	if _, err := o.to.Write(o.text); err != nil {
		fmt.Fprintln(os.Stderr, "peer: nobody reads my lines:", err)
		os.Exit(1)
	}
}

// isCount reports whether a line has an event and a sequence only, as most of them do.
func isCount(l *line.Line) bool {
	rest := *l
	rest.Event, rest.Sequence = "", 0
	return l.Sequence > 0 && rest == (line.Line{})
}

// wrong says that a property does not hold.
func (o *output) wrong(what, format string, args ...any) {
	o.write(line.Line{Event: line.Wrong, What: what, Text: fmt.Sprintf(format, args...)})
}

// wrongCall says that a call failed that must not.
func (o *output) wrongCall(call string, err error) {
	o.write(line.Line{Event: line.Wrong, What: line.WrongCall, Text: fmt.Sprintf("%s: %v", call, err), Error: line.ErrorName(err)})
}
