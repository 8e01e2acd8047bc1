package elements

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"
)

// patience is how long a test waits for what must happen. It bounds a hang; nothing is
// measured with it.
const patience = 20 * time.Second

// launched is a pipeline of a test.
type launched struct {
	t   *testing.T
	bin gst.Pipeline
}

// launch makes a pipeline; POOL in its description is a name of the test's own.
func launch(t *testing.T, description string) *launched {
	t.Helper()
	name := strings.NewReplacer("/", "-").Replace(t.Name())
	element, err := gst.ParseLaunch(strings.ReplaceAll(description, "POOL", name))
	if err != nil {
		t.Fatal(err)
	}
	p := &launched{t, element.(gst.Pipeline)}
	t.Cleanup(func() { p.set(gst.StateNull) })
	return p
}

// set changes the state. It must return: nothing may hold it up.
func (p *launched) set(state gst.State) {
	p.t.Helper()
	done := make(chan struct{})
	go func() {
		p.bin.SetState(state)
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(patience):
		panic(fmt.Sprintf("%s: the change of state to %v hangs", p.t.Name(), state))
	}
}

// until waits for a message of one of the types, and returns it.
func (p *launched) until(types gst.MessageType) *gst.Message {
	p.t.Helper()
	m := p.bin.GetBus().TimedPopFiltered(gst.ClockTime(patience), types|gst.MessageError)
	if m == nil {
		p.t.Fatalf("no message of %v", types)
	}
	if m.Type() == gst.MessageError && types&gst.MessageError == 0 {
		details, err := m.ParseError()
		p.t.Fatalf("error: %v (%s)", err, details)
	}
	return m
}

// failure waits for an error and returns its text.
func (p *launched) failure() string {
	p.t.Helper()
	_, err := p.until(gst.MessageError).ParseError()
	return err.Error()
}

// stat returns a counter of the element with a name.
func (p *launched) stat(element, name string) uint64 {
	p.t.Helper()
	stats, ok := p.bin.GetByName(element).ObjectProperty("stats").(*gst.Structure)
	if !ok {
		p.t.Fatalf("%s has no stats", element)
	}
	n, ok := stats.GetValue(name).(uint64)
	if !ok {
		p.t.Fatalf("the stats have no number %q: %v", name, stats)
	}
	return n
}

// eventually waits for something to become so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so: %s", what)
		}
	}
}
