package bips_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/sys"
)

// An exchange is a round trip: a frame of 64 bytes there, in one pool, and the answer
// back, in another, between two processes. Each sits on a core of its own, if there
// are two. "bench/run" shows these beside the same with nothing but futexes.
func BenchmarkExchange(b *testing.B) {
	for _, c := range []struct {
		name string
		role role
	}{
		{"sleeping", role{kind: "exchange"}},
		{"spinning", role{kind: "exchange", spin: bips.MaxSpin}},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := useBenchDir(b)
			startEcho(b, dir, c.role)
			link, err := newPoolLink(c.role, "there", "back")
			if err != nil {
				b.Fatal(err)
			}
			defer link.close()
			if err := link.meet(); err != nil {
				b.Fatal(err)
			}
			exchange(b, link)
		})
	}
}

// BenchmarkFutex is what the same costs with nothing around the futexes.
func BenchmarkFutex(b *testing.B) {
	for _, c := range []struct {
		name string
		role role
	}{
		{"sleeping", role{kind: "futex"}},
		{"spinning", role{kind: "futex", spin: time.Hour}},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := useBenchDir(b)
			words := mapWords(b, filepath.Join(dir, "words"), true)
			startEcho(b, dir, c.role)
			exchange(b, &futexLink{role: c.role, mine: &words[0], theirs: &words[1]})
		})
	}
}

// BenchmarkPublish is a producer nobody listens to: the cost of Pull and Push alone.
func BenchmarkPublish(b *testing.B) {
	useBenchDir(b)
	p, err := bips.NewProducer("alone", bips.ProducerOptions{SlotSize: 64, Backend: theBackend()})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	b.ReportAllocs()
	for b.Loop() {
		slot, err := p.Pull(0)
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Push(slot, bips.FrameInfo{Size: 64}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHandOver is both sides' work for a frame, in one goroutine: nobody waits, and
// no cache line goes from one processor to another.
func BenchmarkHandOver(b *testing.B) {
	useBenchDir(b)
	link, err := newPoolLink(role{}, "alone", "alone")
	if err != nil {
		b.Fatal(err)
	}
	defer link.close()
	if _, err := link.consumer.Pull(0); !errors.Is(err, bips.ErrTimeout) {
		b.Fatal(err)
	}
	exchange(b, link)
}

// link is one side's way to hand a number to the other.
type link interface {
	send(value byte) error
	receive() (byte, error)
	close()
}

func exchange(b *testing.B, l link) {
	b.ReportAllocs()
	for n := byte(0); b.Loop(); n++ {
		if err := l.send(n); err != nil {
			b.Fatal(err)
		}
		if got, err := l.receive(); err != nil || got != n {
			b.Fatalf("sent %d, got %d, %v", n, got, err)
		}
	}
}

// role is what both sides of an exchange know. It travels in the environment.
type role struct {
	kind string
	spin time.Duration
}

const (
	echoVariable    = "BIPS_TEST_ECHO"
	echoDirVariable = "BIPS_TEST_ECHO_DIR"
)

func (r role) String() string { return fmt.Sprintf("%s %d", r.kind, r.spin) }

// startEcho starts the other side, which ends with the benchmark.
func startEcho(b *testing.B, dir string, r role) {
	echo := exec.Command("/proc/self/exe", "-test.run=^TestEcho$")
	echo.Env = append(os.Environ(), echoVariable+"="+r.String(), echoDirVariable+"="+dir)
	echo.Stdout, echo.Stderr = os.Stderr, os.Stderr
	life, err := echo.StdinPipe()
	if err == nil {
		err = echo.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = life.Close()
		_ = echo.Wait()
	})
}

// TestEcho is not a test of its own: it is the other side of the benchmarks.
func TestEcho(t *testing.T) {
	var r role
	if n, _ := fmt.Sscan(os.Getenv(echoVariable), &r.kind, &r.spin); n != 2 {
		t.Skip("runs as a child of benchmarks")
	}
	own, dir := os.Getenv("BIPS_SHM_DIR"), os.Getenv(echoDirVariable) // own is TestMain's
	t.Setenv("BIPS_SHM_DIR", dir)
	var l link
	if r.kind == "futex" {
		words := mapWords(t, filepath.Join(dir, "words"), false)
		l = &futexLink{role: r, mine: &words[1], theirs: &words[0]}
	} else {
		var err error
		if l, err = newPoolLink(r, "back", "there"); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1)) // until it is closed
		_ = os.RemoveAll(own)
		os.Exit(0) // the other side removes what is left of dir
	}()
	for {
		value, err := l.receive()
		if err == nil {
			err = l.send(value)
		}
		if err != nil {
			// The other side has gone first; the end comes through stdin.
			time.Sleep(time.Minute)
		}
	}
}

// poolLink is a pool to send in and one to receive from.
type poolLink struct {
	producer *bips.Producer
	consumer *bips.Consumer
}

func newPoolLink(r role, mine, theirs string) (*poolLink, error) {
	p, err := bips.NewProducer(mine, bips.ProducerOptions{SlotSize: 64, Backend: theBackend()})
	if err != nil {
		return nil, err
	}
	c, err := bips.NewConsumer(theirs, bips.ConsumerOptions{Mode: bips.Every, Spin: r.spin})
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return &poolLink{p, c}, nil
}

// meet waits until both sides have their seats. It is for the side that sends first.
func (l *poolLink) meet() error {
	if err := l.producer.WaitConsumers(1, patience); err != nil {
		return err
	}
	for {
		if _, attached := l.consumer.Pool(); attached {
			return nil
		}
		if _, err := l.consumer.Pull(time.Millisecond); !errors.Is(err, bips.ErrTimeout) {
			return err
		}
	}
}

func (l *poolLink) send(value byte) error {
	slot, err := l.producer.Pull(bips.Forever)
	if err != nil {
		return err
	}
	slot.Data[0] = value
	return l.producer.Push(slot, bips.FrameInfo{Size: 64})
}

func (l *poolLink) receive() (byte, error) {
	f, err := l.consumer.Pull(bips.Forever)
	if err != nil {
		return 0, err
	}
	value := f.Data[0]
	return value, l.consumer.Push(f)
}

func (l *poolLink) close() { _, _ = l.consumer.Close(), l.producer.Close() }

// word is a futex on its own cache lines, and the number that it announces.
type word struct {
	bell    atomic.Uint32
	value   atomic.Uint32
	_       [56]byte
	waiting atomic.Uint32 // set by the side that listens
	_       [60]byte
}

type futexLink struct {
	role         role
	mine, theirs *word
	heard        uint32
}

func (l *futexLink) send(value byte) error {
	l.mine.value.Store(uint32(value))
	l.mine.bell.Add(1)
	if l.mine.waiting.Load() != 0 {
		sys.FutexWakeAll(&l.mine.bell)
	}
	return nil
}

func (l *futexLink) receive() (byte, error) {
	for l.theirs.bell.Load() == l.heard {
		if l.role.spin > 0 {
			continue
		}
		l.theirs.waiting.Store(1)
		if l.theirs.bell.Load() == l.heard {
			sys.FutexWait(&l.theirs.bell, l.heard, 100*time.Millisecond)
		}
		l.theirs.waiting.Store(0)
	}
	l.heard = l.theirs.bell.Load()
	return byte(l.theirs.value.Load()), nil
}

func (l *futexLink) close() {}

// mapWords maps the two words of a futexLink.
func mapWords(tb testing.TB, path string, fresh bool) []word {
	const size = 4096
	if fresh {
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	mapping, err := sys.Map(file, size, sys.ReadWrite)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = mapping.Unmap() })
	// SAFETY: a page holds two words; the mapping ends with the test.
	return unsafe.Slice((*word)(unsafe.Pointer(&mapping.Bytes[0])), 2)
}

// useBenchDir gives the benchmark a folder of its own for pools. What a child leaves
// in it goes with it.
func useBenchDir(b *testing.B) string {
	dir, err := os.MkdirTemp("/dev/shm", "bips-bench-")
	if err != nil {
		dir = b.TempDir()
	}
	b.Setenv("BIPS_SHM_DIR", dir)
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
