package bips_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestStartOrderDoesNotMatter(t *testing.T) {
	testmain.Dir(t)
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	got := make(chan byte, 1)
	go func() {
		if f, err := c.Pull(patience); err == nil {
			got <- f.Data[0]
			_ = c.Push(f)
		}
		close(got)
	}()
	p := newProducer(t, bips.ProducerOptions{})
	if err := p.WaitConsumers(1, patience); err != nil {
		t.Fatal(err)
	}
	push(t, p, 5)
	if v := <-got; v != 5 {
		t.Errorf("got %d", v)
	}
}

func TestARestartedProducerIsFoundAndTheOldFramesAreReadFirst(t *testing.T) {
	testmain.Dir(t)
	first := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	for v := range byte(3) {
		push(t, first, v)
	}
	held := pull(t, c)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := newProducer(t, bips.ProducerOptions{SlotSize: 5000})
	for want := byte(1); want < 3; want++ {
		if v := pullValue(t, c); v != want {
			t.Fatalf("got %d, want %d of the old instance", v, want)
		}
	}
	_, err := c.Pull(patience)
	wantError(t, err, bips.ErrProducerLost) // closed without an end of stream
	join(t, c)
	push(t, second, 50)
	f := pull(t, c)
	if f.Data[0] != 50 || f.Sequence != 1 || !f.Discontinuity || f.Instance == held.Instance {
		t.Fatalf("got %+v", f)
	}
	if held.Data[0] != 0 {
		t.Error("a frame of the old instance is gone while it is held")
	}
	_, _ = c.Push(f), c.Push(held)
	if s := c.Stats(); s.Instances != 2 || s.Received != 4 {
		t.Errorf("stats %+v", s)
	}
}

func TestClosedAfterAnEndOfStreamIsNoLoss(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	push(t, p, 1)
	if err := p.EndOfStream(); err != nil {
		t.Fatal(err)
	}
	_ = p.Close()
	pullValue(t, c)
	_, err := c.Pull(patience)
	wantError(t, err, bips.ErrEndOfStream)
	_, err = c.Pull(150 * time.Millisecond)
	wantError(t, err, bips.ErrTimeout)
	join2 := newProducer(t, bips.ProducerOptions{})
	join(t, c)
	push(t, join2, 2)
	if v := pullValue(t, c); v != 2 {
		t.Errorf("got %d", v)
	}
}

func TestASecondProducerOnALivePoolIsRefused(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	_, err := bips.NewProducer("camera", bips.ProducerOptions{SlotSize: 64, Backend: theBackend()})
	wantError(t, err, bips.ErrPoolBusy)
	if !strings.Contains(err.Error(), `"camera"`) {
		t.Errorf("the message does not name the pool: %v", err)
	}
	push(t, p, 1) // the first one did not notice
	_ = p.Close()
	newProducer(t, bips.ProducerOptions{})
}

func TestFramesOutliveTheirConsumerAndSlotsTheirProducer(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{})
	push(t, p, 7)
	f := pull(t, c)
	slot, err := p.Pull(0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Close(), p.Close()
	if f.Data[0] != 7 {
		t.Error("the frame is gone")
	}
	slot.Data[0] = 1 // still mapped
	wantError(t, p.Push(slot, bips.FrameInfo{}), bips.ErrClosed)
	if err := p.Return(slot); err != nil {
		t.Fatal(err)
	}
	lease := f.Lease()
	done := make(chan error)
	go func() { done <- lease.Release() }() // from any thread
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wantError(t, lease.Release(), bips.ErrStale)
}

func TestNothingStaysMappedAfterTheLastFrame(t *testing.T) {
	dir := testmain.Dir(t)
	mapped := func() bool {
		maps, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Skip(err)
		}
		return bytes.Contains(maps, []byte(dir)) || bytes.Contains(maps, []byte("/memfd:bips.camera"))
	}
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{})
	push(t, p, 1)
	f := pull(t, c)
	_, _ = p.Close(), c.Close()
	if !mapped() {
		t.Fatal("the held frame is not mapped")
	}
	_ = c.Push(f)
	if mapped() {
		t.Error("the pool is still mapped")
	}
}

func TestBlockedCallsReturnAtOnceWhenFlushedOrClosed(t *testing.T) {
	for name, wait := range map[string]func(*testing.T, *bips.Producer, *bips.Consumer) error{
		"Producer.Pull": func(t *testing.T, p *bips.Producer, c *bips.Consumer) error {
			_, err := p.Pull(bips.Forever)
			return err
		},
		"Producer.Lend": func(t *testing.T, p *bips.Producer, c *bips.Consumer) error {
			_, err := p.Lend(bips.Forever)
			return err
		},
		"Producer.WaitLendable":  func(t *testing.T, p *bips.Producer, c *bips.Consumer) error { return p.WaitLendable(bips.Forever) },
		"Producer.WaitConsumers": func(t *testing.T, p *bips.Producer, c *bips.Consumer) error { return p.WaitConsumers(2, bips.Forever) },
	} {
		for how, stop := range map[string]struct {
			call func(*bips.Producer)
			want error
		}{
			"flushing": {func(p *bips.Producer) { p.SetFlushing(true) }, bips.ErrFlushing},
			"closed":   {func(p *bips.Producer) { _ = p.Close() }, bips.ErrClosed},
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				testmain.Dir(t)
				p := newProducer(t, bips.ProducerOptions{Slots: 8})
				c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
				join(t, c)
				fill(t, p)
				got := make(chan error)
				go func() { got <- wait(t, p, c) }()
				select {
				case err := <-got:
					t.Fatalf("it did not block: %v", err)
				case <-time.After(30 * time.Millisecond):
				}
				stop.call(p)
				select {
				case err := <-got:
					wantError(t, err, stop.want)
				case <-time.After(patience):
					t.Fatal("still blocked")
				}
			})
		}
	}
}

func TestABlockedConsumerPullReturnsAtOnceWhenFlushedOrClosed(t *testing.T) {
	for name, withPool := range map[string]bool{"no producer yet": false, "no frame yet": true} {
		for how, stop := range map[string]struct {
			call func(*bips.Consumer)
			want error
		}{
			"flushing": {func(c *bips.Consumer) { c.SetFlushing(true) }, bips.ErrFlushing},
			"closed":   {func(c *bips.Consumer) { _ = c.Close() }, bips.ErrClosed},
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				testmain.Dir(t)
				if withPool {
					newProducer(t, bips.ProducerOptions{})
				}
				c := newConsumer(t, bips.ConsumerOptions{})
				got := make(chan error)
				go func() { _, err := c.Pull(bips.Forever); got <- err }()
				select {
				case err := <-got:
					t.Fatalf("it did not block: %v", err)
				case <-time.After(30 * time.Millisecond):
				}
				stop.call(c)
				select {
				case err := <-got:
					wantError(t, err, stop.want)
				case <-time.After(patience):
					t.Fatal("still blocked")
				}
				c.SetFlushing(false)
				if how == "flushing" {
					_, err := c.Pull(0)
					wantError(t, err, bips.ErrTimeout)
				}
			})
		}
	}
}

func TestAPullEndsInTimeWhileAnotherGoroutinePulls(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	got := make(chan error)
	go func() {
		f, err := c.Pull(bips.Forever)
		if err == nil {
			err = c.Push(f)
		}
		got <- err
	}()
	for {
		_, err := c.Pull(0)
		wantError(t, err, bips.ErrTimeout)
		if strings.Contains(err.Error(), "another goroutine pulls") {
			break
		}
	}
	_, err := c.Pull(time.Millisecond)
	wantError(t, err, bips.ErrTimeout)
	if err := p.WaitConsumers(1, patience); err != nil {
		t.Fatal(err)
	}
	push(t, p, 1)
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	push(t, p, 2) // its turn comes
	f, err := c.Pull(patience)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
}

func TestNothingStaysAfterACleanEnd(t *testing.T) {
	dir := testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	push(t, p, 1)
	_ = p.Close()
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestWhatADeadProducerLeftIsSweptAndOthersPoolsAreNot(t *testing.T) {
	dir := testmain.Dir(t)
	for _, name := range []string{"bips.camera", "bips.camera.0123.seats", "bips.camera.0123.new", "bips.camera2.0123.seats", "bips.camera2"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := newProducer(t, bips.ProducerOptions{})
	for name, want := range map[string]bool{"bips.camera.0123.seats": false, "bips.camera.0123.new": false, "bips.camera2": true, "bips.camera2.0123.seats": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: there is %v, want %v", name, err == nil, want)
		}
		_ = os.Remove(filepath.Join(dir, name))
	}
	push(t, p, 1)
	if v := pullValue(t, newConsumer(t, bips.ConsumerOptions{})); v != 1 {
		t.Errorf("got %d", v)
	}
}
