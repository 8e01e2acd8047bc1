package bips_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// patience bounds what must happen at once: it is a watchdog, not a measurement.
const patience = 10 * time.Second

// theBackend is that of the pools that the tests make.
func theBackend() bips.Backend {
	if testmain.Backend() == "memfd" {
		return bips.Memfd
	}
	return bips.Shm
}

func newProducer(t *testing.T, o bips.ProducerOptions) *bips.Producer {
	t.Helper()
	if o.SlotSize == 0 {
		o.SlotSize = 64
	}
	o.Backend = theBackend()
	p, err := bips.NewProducer("camera", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func newConsumer(t *testing.T, o bips.ConsumerOptions) *bips.Consumer {
	t.Helper()
	c, err := bips.NewConsumer("camera", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// join makes the consumer sit down. A frame that it gets by that is given back.
func join(t *testing.T, c *bips.Consumer) {
	t.Helper()
	for start := time.Now(); time.Since(start) < patience; {
		if _, attached := c.Pool(); attached {
			return
		}
		if f, err := c.Pull(0); err == nil {
			_ = c.Push(f)
		} else if !errors.Is(err, bips.ErrTimeout) {
			t.Fatal(err)
		}
	}
	t.Fatal("the consumer did not attach")
}

// push publishes a frame whose first byte is value.
func push(t *testing.T, p *bips.Producer, value byte) {
	t.Helper()
	slot, err := p.Pull(patience)
	if err != nil {
		t.Fatal(err)
	}
	slot.Data[0] = value
	if err := p.Push(slot, bips.FrameInfo{Size: 1}); err != nil {
		t.Fatal(err)
	}
}

func pull(t *testing.T, c *bips.Consumer) bips.Frame {
	t.Helper()
	f, err := c.Pull(patience)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// pullValue pulls a frame, gives it back, and returns its first byte.
func pullValue(t *testing.T, c *bips.Consumer) byte {
	t.Helper()
	f := pull(t, c)
	value := f.Data[0]
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
	return value
}

func wantError(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

// wantEither returns which of several errors it is that was got.
func wantEither(t *testing.T, got error, wanted ...error) error {
	t.Helper()
	for _, want := range wanted {
		if errors.Is(got, want) {
			return want
		}
	}
	t.Fatalf("got error %v, want one of %v", got, wanted)
	return nil
}

// returns runs f and fails the test if it does not come back.
func returns(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s did not return", what)
	}
}

// eventually fails the test if a condition does not come true.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for start := time.Now(); !condition(); time.Sleep(time.Millisecond) {
		if time.Since(start) > patience {
			t.Fatalf("it did not come true: %s", what)
		}
	}
}
