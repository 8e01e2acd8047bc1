package hostile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

const (
	poolName = "hostile"
	patience = 10 * time.Second // a watchdog
)

// deed is how long a hostile process does what it does; BIPS_HOSTILE_SECONDS says otherwise.
func deed(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("BIPS_HOSTILE_SECONDS")
	if text == "" {
		return time.Second
	}
	seconds, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(seconds) * time.Second
}

// send starts a hostile process and waits until it is at it.
func send(t *testing.T, deed string, options ...string) *drive.Peer {
	t.Helper()
	ready := make(chan struct{})
	v := drive.Start(t, drive.Misbehave, poolName, drive.Setup{
		Args: append([]string{"--deed=" + deed}, options...),
		Heard: func(l *line.Line) {
			if l.Event == line.Ready {
				close(ready)
			}
		},
	})
	t.Cleanup(v.Kill)
	select {
	case <-ready:
	case <-v.Exited():
		t.Fatalf("%s %v: %s", deed, options, v.Complaints())
	case <-time.After(patience):
		t.Fatalf("%s %v: does not come", deed, options)
	}
	return v
}

// sendReader starts an honest consumer that holds so many frames and does no more.
func sendReader(t *testing.T, mode string, held int) *drive.Peer {
	t.Helper()
	c := drive.Start(t, drive.Consume, poolName, drive.Setup{Args: []string{"--idle", "--payload=any", "--mode=" + mode, fmt.Sprintf("--max-held=%d", held)}})
	t.Cleanup(c.Kill)
	for range held {
		if answer := c.Ask(line.Order{Do: line.DoPull, Timeout: patience.Microseconds()}); answer.Error != "" {
			t.Fatalf("a reader got %s", answer.Text)
		}
	}
	return c
}

// scene is a pool with an honest producer, which publishes numbered frames, and honest
// readers, which check them, all in the test's own process.
type scene struct {
	*testing.T
	dir       string
	pool      *bips.Producer
	published atomic.Uint64
	stop      atomic.Bool
	busy      sync.WaitGroup
	watcher   *bips.Consumer // an honest reader
	pushes    durations      // how long it took to publish each frame
	pause     time.Duration  // between frames; 0: 50 us
}

func newScene(t *testing.T, o bips.ProducerOptions) *scene {
	t.Helper()
	s := &scene{T: t, dir: testmain.Dir(t)}
	o.SlotSize = 4096
	pool, err := bips.NewProducer(poolName, o)
	if err != nil {
		t.Fatal(err)
	}
	s.pool = pool
	t.Cleanup(func() {
		s.end()
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *scene) end() {
	s.stop.Store(true)
	s.busy.Wait()
}

// seats is the path of the seat segment.
func (s *scene) seats() string {
	s.Helper()
	found, _ := filepath.Glob(filepath.Join(s.dir, "*.seats"))
	if len(found) != 1 {
		s.Fatal(found)
	}
	return found[0]
}

// publish lets frames flow until the scene ends, or until an error that is allowed.
func (s *scene) publish(allowed ...error) {
	s.goOn(func() bool {
		slot, err := s.pool.Pull(patience)
		if err != nil {
			s.mustBe(err, allowed)
			return false
		}
		number := s.published.Load() + 1
		for i := 0; i < 4096; i += 8 {
			binary.LittleEndian.PutUint64(slot.Data[i:], number)
		}
		began := time.Now()
		if err := s.pool.Push(slot, bips.FrameInfo{Size: 4096}); err != nil {
			s.mustBe(err, allowed)
			_ = s.pool.Return(slot)
			return false
		}
		s.pushes.add(time.Since(began))
		s.published.Add(1)
		time.Sleep(max(s.pause, 50*time.Microsecond))
		return true
	})
}

func (s *scene) mustBe(err error, allowed []error) {
	for _, want := range allowed {
		if errors.Is(err, want) {
			return
		}
	}
	s.Errorf("got %v, allowed are %v", err, allowed)
}

func (s *scene) goOn(step func() bool) {
	s.busy.Add(1)
	go func() {
		defer s.busy.Done()
		for !s.stop.Load() && step() {
		}
	}()
}

// read lets an honest reader check frames, and returns how many it had so far.
func (s *scene) read(mode bips.Mode) *atomic.Uint64 {
	s.Helper()
	c := s.consumer(bips.ConsumerOptions{Mode: mode, MaxHeld: 2})
	s.watcher = c
	var last uint64
	return s.readWith(c, func(f *bips.Frame) bool {
		number := binary.LittleEndian.Uint64(f.Data)
		for i := 0; i < len(f.Data); i += 8 {
			if got := binary.LittleEndian.Uint64(f.Data[i:]); got != number {
				s.Errorf("a torn frame: %d and %d", number, got)
				return false
			}
		}
		if number <= last || (mode == bips.Every && last != 0 && number != last+1) {
			s.Errorf("frame %d after %d", number, last)
		}
		last = number
		return true
	})
}

// readWith lets a consumer read until a frame is not good, and returns how many it had so far. Each call that fails is an error of the test.
func (s *scene) readWith(c *bips.Consumer, good func(*bips.Frame) bool) *atomic.Uint64 {
	s.Helper()
	var count atomic.Uint64
	s.goOn(func() bool {
		f, err := c.Pull(50 * time.Millisecond)
		if errors.Is(err, bips.ErrTimeout) {
			return true
		}
		if err != nil {
			s.Errorf("an honest reader got %v", err)
			return false
		}
		if !good(&f) {
			return false
		}
		count.Add(1)
		if err := c.Push(f); err != nil {
			s.Error(err)
		}
		return true
	})
	s.waitFor("an honest reader's first frames", func() bool { return count.Load() > 2 })
	return &count
}

// readAll lets a reader of every frame read whatever others do to its seat, as long as each call ends, and returns how many frames it had
// so far.
func (s *scene) readAll() *atomic.Uint64 {
	s.Helper()
	c := s.consumer(bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 2})
	var count atomic.Uint64
	s.goOn(func() bool {
		f, err := c.Pull(50 * time.Millisecond)
		if err == nil {
			count.Add(1)
			err = c.Push(f)
		}
		if errors.Is(err, bips.ErrClosed) {
			return false
		}
		return true
	})
	s.waitFor("a reader's first frames", func() bool { return count.Load() > 2 })
	return &count
}

// consumer makes one that is closed when the scene ends.
func (s *scene) consumer(o bips.ConsumerOptions) *bips.Consumer {
	s.Helper()
	c, err := bips.NewConsumer(poolName, o)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		s.end()
		_ = c.Close()
	})
	return c
}

// holdOne lets an honest reader hold a frame. The function that it returns checks that the frame has not changed.
func (s *scene) holdOne() (check func()) {
	s.Helper()
	c := s.consumer(bips.ConsumerOptions{Mode: bips.Latest, MaxHeld: 1})
	f, err := c.Pull(patience)
	if err != nil {
		s.Fatal(err)
	}
	before := slices.Clone(f.Data)
	return func() {
		s.Helper()
		if !bytes.Equal(f.Data, before) {
			s.Errorf("frame %d changed while an honest reader held it", f.Sequence)
		}
		if err := c.Push(f); err != nil {
			s.Error(err)
		}
	}
}

// info is what a reader is told of the pool.
func (s *scene) info() (bips.PoolInfo, bool) { return s.watcher.Pool() }

func (s *scene) waitFor(what string, condition func() bool) {
	s.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if s.Failed() {
			s.FailNow()
		}
		if time.Now().After(end) {
			s.Fatalf("%s: did not come", what)
		}
	}
}

// flows checks that frames flow to each reader.
func (s *scene) flows(readers ...*atomic.Uint64) {
	s.Helper()
	for _, reader := range readers {
		before := reader.Load()
		s.waitFor("frames for an honest reader", func() bool { return reader.Load() > before+10 })
	}
}

// tryJoin attaches one more reader and pulls a frame.
func (s *scene) tryJoin(timeout time.Duration) error {
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{MaxHeld: 1})
	if err != nil {
		return err
	}
	defer c.Close()
	f, err := c.Pull(timeout)
	if err != nil {
		return err
	}
	return c.Push(f)
}

func isFull(err error) bool {
	return errors.Is(err, bips.ErrPoolFull) && strings.Contains(err.Error(), "pool full")
}
