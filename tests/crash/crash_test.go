// Package crash kills processes, at random moments while they do one thing over and
// over, and at each named step of the protocol while others go on (points_test.go). It
// checks after each kill that those who live have lost nothing and the next ones find
// everything in order. BIPS_CRASH_TIMES says how often each thing is interrupted, and
// how often a process dies at each step.
package crash

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

const (
	poolName = "crash"
	slots    = 8
	patience = 20 * time.Second // a watchdog
)

// bothModes are what a reader may be, other than as its frames want it.
var bothModes = []bips.Mode{bips.Latest, bips.Every}

func TestMain(m *testing.M) {
	testmain.Roles{
		"create and close": forEver(createAndClose),
		"publish":          publish,
		"join and leave":   forEver(joinAndLeave),
		"pull and release": pullAndRelease,
		"reader":           read,
		"first":            readFirst,
		"writer":           write,
	}.Run(m)
}

// forEver is a role that tells its parent that it is there and does one thing again and again.
func forEver(do func() error) func([]string) error {
	return func([]string) error {
		ready()
		for {
			if err := do(); err != nil {
				return err
			}
		}
	}
}

func ready() { fmt.Println("ready") }

func newProducer() (*bips.Producer, error) {
	for start := time.Now(); ; time.Sleep(100 * time.Microsecond) {
		p, err := bips.NewProducer(poolName, bips.ProducerOptions{Slots: slots, SlotSize: 64})
		if !errors.Is(err, bips.ErrPoolBusy) || time.Since(start) > patience {
			return p, err
		}
	}
}

func push(p *bips.Producer) error {
	slot, err := p.Pull(patience)
	if err != nil {
		return err
	}
	return p.Push(slot, bips.FrameInfo{Size: 1})
}

func createAndClose() error {
	p, err := newProducer()
	if err != nil {
		return err
	}
	return errors.Join(push(p), p.EndOfStream(patience), p.Close())
}

func publish([]string) error {
	p, err := newProducer()
	if err != nil {
		return err
	}
	ready()
	for err == nil {
		err = push(p)
	}
	return err
}

func joinAndLeave() error {
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bothModes[rand.IntN(2)], MaxHeld: 2})
	if err != nil {
		return err
	}
	f, err := c.Pull(patience)
	if err != nil {
		return err
	}
	if rand.IntN(2) == 0 {
		return errors.Join(c.Push(f), c.Close())
	}
	return errors.Join(c.Close(), f.Lease().Release())
}

func pullAndRelease([]string) error {
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bothModes[rand.IntN(2)], MaxHeld: 2})
	if err != nil {
		return err
	}
	ready()
	for {
		f, err := c.Pull(patience)
		if err != nil {
			return err
		}
		if rand.IntN(2) == 0 {
			c.Suspend()
			c.Resume()
		}
		if err := c.Push(f); err != nil {
			return err
		}
	}
}

// times is how often each thing is interrupted by a kill, unless BIPS_CRASH_TIMES says otherwise.
func times(t *testing.T, otherwise int) int {
	text := os.Getenv("BIPS_CRASH_TIMES")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// victim is a process that is about to be killed.
type victim struct {
	command *exec.Cmd
	output  io.Reader
}

func start(t *testing.T, role string) victim {
	t.Helper()
	command := testmain.Child(t, role)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return victim{command, output}
}

// killSoon kills the process some moments after it has begun, and waits for the
// kernel. A moment is short; now and then it is long enough for a consumer to look
// for the pool again.
func (v victim) killSoon(random *rand.Rand) {
	_, _ = v.output.Read(make([]byte, 8)) // "ready", or its end
	moment := 2 * time.Millisecond
	if random.IntN(4) == 0 {
		moment = 120 * time.Millisecond
	}
	time.Sleep(time.Duration(random.Int64N(int64(moment))))
	_ = v.command.Process.Kill()
	_ = v.command.Wait()
}

func newRandom(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestAConsumerKilledAnywhereLeavesNothingThatTheProducerCannotTakeBack(t *testing.T) {
	for _, role := range []string{"join and leave", "pull and release"} {
		t.Run(role, func(t *testing.T) {
			testmain.Dir(t)
			random := newRandom(t)
			p, err := newProducer()
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			for round := range times(t, 60) {
				victims := []victim{start(t, role), start(t, role)}
				stop, stopped := make(chan bool), make(chan error)
				go func() { stopped <- pushUntil(p, stop) }()
				for _, v := range victims {
					v.killSoon(random)
				}
				close(stop)
				if err := <-stopped; err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				pullAll(t, p)
				for start := time.Now(); p.Stats().Consumers > 0; time.Sleep(time.Millisecond) { // housekeeping comes
					if time.Since(start) > patience {
						t.Fatalf("round %d: %+v", round, p.Stats())
					}
				}
				if stats := p.Stats(); stats.Banned != 0 || stats.Lent != 0 {
					t.Fatalf("round %d: %+v", round, stats)
				}
			}
			t.Logf("%d kills, %+v", 2*times(t, 60), p.Stats())
		})
	}
}

func pushUntil(p *bips.Producer, stop <-chan bool) error {
	for {
		select {
		case <-stop:
			return nil
		default:
			if err := push(p); err != nil {
				return err
			}
		}
	}
}

// pullAll takes every slot but the newest entry's, and a new reader's quota fits.
func pullAll(t *testing.T, p *bips.Producer) {
	t.Helper()
	var pulled []bips.Slot
	for range slots - 1 {
		slot, err := p.Pull(patience)
		if err != nil {
			t.Fatalf("after %d slots: %v", len(pulled), err)
		}
		pulled = append(pulled, slot)
	}
	for _, slot := range pulled {
		if err := p.Return(slot); err != nil {
			t.Fatal(err)
		}
	}
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{MaxHeld: slots - 4})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f, err := c.Pull(patience)
	if err != nil {
		t.Fatalf("the next reader: %v", err)
	}
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
}

func TestAProducerKilledAnywhereLeavesTheNameToTheNext(t *testing.T) {
	for _, role := range []string{"create and close", "publish"} {
		t.Run(role, func(t *testing.T) {
			dir := testmain.Dir(t)
			random := newRandom(t)
			c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Every})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for round := range times(t, 60) {
				v := start(t, role)
				stop, stopped := make(chan bool), make(chan error)
				go func() { stopped <- readUntil(c, stop) }()
				v.killSoon(random)
				close(stop)
				if err := <-stopped; err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				p, err := newProducer()
				if err != nil {
					t.Fatalf("round %d: the next producer: %v", round, err)
				}
				readFrom(t, p, c)
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
				if left := testmain.Names(dir); len(left) > 0 {
					t.Fatalf("round %d: %q", round, left)
				}
			}
			t.Logf("%d kills, %+v", times(t, 60), c.Stats())
		})
	}
}

// readUntil reads what comes, in order within each instance.
func readUntil(c *bips.Consumer, stop <-chan bool) error {
	var instance, last uint64
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		f, err := c.Pull(10 * time.Millisecond)
		switch {
		case err == nil:
			if f.Instance == instance && f.Sequence != last+1 {
				return fmt.Errorf("frame %d after %d", f.Sequence, last)
			}
			instance, last = f.Instance, f.Sequence
			if err := c.Push(f); err != nil {
				return err
			}
		case errors.Is(err, bips.ErrEndOfStream):
			last++
		case errors.Is(err, bips.ErrTimeout), errors.Is(err, bips.ErrProducerLost):
		default:
			return err
		}
	}
}

// readFrom publishes until the consumer, which may have to find out first that the
// last producer is gone, has had a frame.
func readFrom(t *testing.T, p *bips.Producer, c *bips.Consumer) {
	t.Helper()
	start := time.Now()
	if err := push(p); err != nil {
		t.Fatal(err)
	}
	for before := c.Stats().Instances; ; {
		info, attached := c.Pool()
		f, err := c.Pull(0)
		if err == nil {
			_ = c.Push(f)
		}
		if attached && info.ProducerPID == os.Getpid() && c.Stats().Instances >= before {
			break
		}
		if time.Since(start) > patience {
			t.Fatalf("the consumer did not find the next producer: %v", err)
		}
	}
	if err := push(p); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := c.Pull(patience)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Push(f)
		if info, _ := c.Pool(); f.Instance == info.Instance {
			return
		}
	}
}
