package bips

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/testmain"
)

// aLongTime is what the waits of these tests last if nobody ends them, watchdog how long they
// may, and settled how long a thread gets to begin to wait.
const (
	aLongTime = time.Hour
	watchdog  = 20 * time.Second
	settled   = 30 * time.Millisecond
)

// lengthen makes a wait last.
func lengthen(t *testing.T, wait *time.Duration) {
	t.Helper()
	before := *wait
	*wait = aLongTime
	t.Cleanup(func() { *wait = before })
}

// holdByte locks a byte of the only file that fits the pattern, as another process would.
func holdByte(t *testing.T, pattern string, offset int64) (release func()) {
	t.Helper()
	paths, _ := filepath.Glob(pattern)
	if len(paths) != 1 {
		t.Fatalf("%s: %d files", pattern, len(paths))
	}
	lock, err := sys.OpenLockFile(paths[0], os.O_RDWR, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := lock.TryLock(offset); err != nil || !ours {
		t.Fatalf("byte %d of %s: %v, %v", offset, paths[0], ours, err)
	}
	return func() { _ = lock.Close() }
}

// blocks starts f and sees that it does not return at once.
func blocks(t *testing.T, f func() error) (result <-chan error) {
	t.Helper()
	got := make(chan error, 1)
	go func() { got <- f() }()
	select {
	case err := <-got:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(settled):
	}
	return got
}

// inTime waits for what blocks returned.
func inTime(t *testing.T, result <-chan error) error {
	t.Helper()
	select {
	case err := <-result:
		return err
	case <-time.After(watchdog):
		t.Fatal("it still waits")
		return nil
	}
}

// filesOf are the files of a pool.
func filesOf(o *ownPool) *ownFiles { return o.backing.(*ownFiles) }

// testBackend is that of the pools that the tests make.
func testBackend() Backend {
	if testmain.Backend() == "memfd" {
		return Memfd
	}
	return Shm
}

func newTestProducer(t *testing.T) *Producer {
	t.Helper()
	p, err := NewProducer("camera", ProducerOptions{Slots: 8, SlotSize: 1, Backend: testBackend()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func newTestConsumer(t *testing.T) *Consumer {
	t.Helper()
	c, err := NewConsumer("camera", ConsumerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestAConsumerThatWaitsForItsGrantStopsWhenTold(t *testing.T) {
	for name, test := range map[string]struct {
		tell func(*Consumer)
		want error
	}{
		"flushed":   {func(c *Consumer) { c.SetFlushing(true) }, ErrFlushing},
		"closed":    {func(c *Consumer) { _ = c.Close() }, ErrClosed},
		"suspended": {func(c *Consumer) { c.Suspend(); c.SetFlushing(true) }, ErrFlushing},
	} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p := newTestProducer(t)
			p.mu.Lock() // it answers nobody
			defer p.mu.Unlock()
			c := newTestConsumer(t)
			pulled := blocks(t, func() error { _, err := c.Pull(Forever); return err })
			told := make(chan error, 1)
			go func() { test.tell(c); told <- nil }()
			_ = inTime(t, told)
			if err := inTime(t, pulled); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestAConsumerThatWaitsForItsGrantKeepsItsTimeout(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	p.mu.Lock() // it answers nobody
	defer p.mu.Unlock()
	c := newTestConsumer(t)
	pulled := make(chan error, 1)
	go func() { _, err := c.Pull(settled); pulled <- err }()
	if err := inTime(t, pulled); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v, want %v", err, ErrTimeout)
	}
}

func TestAConsumerIsGrantedASeatAfterASuspensionThatInterruptedIt(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	p.mu.Lock() // it answers nobody
	c := newTestConsumer(t)
	pulled := blocks(t, func() error { _, err := c.Pull(Forever); return err })
	c.Suspend()
	p.mu.Unlock()
	c.Resume()
	for end := time.Now().Add(watchdog); ; {
		if _, attached := c.Pool(); attached {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it has no seat")
		}
		time.Sleep(time.Millisecond)
	}
	c.SetFlushing(true)
	if err := inTime(t, pulled); !errors.Is(err, ErrFlushing) {
		t.Errorf("got %v, want %v", err, ErrFlushing)
	}
}

func TestAProducerThatWaitsForItsNameStopsWhenItsContextEnds(t *testing.T) {
	dir := testmain.Dir(t)
	lengthen(t, &busyGrace)
	newTestProducer(t)
	reason := errors.New("not wanted any more")
	ctx, cancel := context.WithCancelCause(context.Background())
	made := blocks(t, func() error {
		_, err := NewProducerContext(ctx, "camera", ProducerOptions{SlotSize: 1, Backend: testBackend()})
		return err
	})
	cancel(reason)
	if err := inTime(t, made); !errors.Is(err, reason) {
		t.Errorf("got %v, want %v", err, reason)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != testmain.NamesOfAPool() {
		t.Errorf("there is more than the other producer's files: %v", left)
	}
}

func TestAWaitForTheNextInTurnEndsWhenItIsPassed(t *testing.T) {
	lengthen(t, &batonLimit)
	for range 100 {
		var b baton
		tried, free := make(chan struct{}, 2), make(chan struct{})
		done := make(chan error, 1)
		go func() {
			b.await(func() bool {
				tried <- struct{}{}
				select {
				case <-free:
					return true
				default:
					return false
				}
			})
			done <- nil
		}()
		<-tried
		close(free) // before it sleeps, or while
		b.pass()
		_ = inTime(t, done)
	}
}

// A thread that gives a frame back may lose its processor half-way, for as long as a container's
// limit of processor time lasts: it has let go of the frame, and the pin is still there.
func TestASlotThatIsJustBeingGivenBackIsWaitedFor(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Auto)
	slot, err := p.Pull(0)
	if err != nil {
		t.Fatal(err)
	}
	c.attachment.seat.Pins.Store(1 << slot.Index())
	if err := p.Push(slot, FrameInfo{Size: 1}); err != nil {
		t.Fatal(err)
	}
	pulled := make(chan error, 1)
	go func() {
		f, err := c.Pull(Forever)
		if err == nil {
			err = c.Push(f)
		}
		pulled <- err
	}()
	select {
	case err := <-pulled:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	c.attachment.seat.Pins.Store(0)
	if err := inTime(t, pulled); err != nil {
		t.Error(err)
	}
}

func TestAPinThatNobodyHoldsIsReportedAndNotWaitedForForEver(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	c := attached(t, p, Auto)
	slot, err := p.Pull(0)
	if err != nil {
		t.Fatal(err)
	}
	c.attachment.seat.Pins.Store(1 << slot.Index())
	if err := p.Push(slot, FrameInfo{Size: 1}); err != nil {
		t.Fatal(err)
	}
	pulled := make(chan error, 1)
	go func() { _, err := c.Pull(Forever); pulled <- err }()
	if err := inTime(t, pulled); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want %v", err, ErrDamaged)
	}
}
