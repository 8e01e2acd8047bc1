package environment

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

const poolName = "environment"

// longName is as long as a pool's name may be.
var longName = strings.Repeat("n", bips.MaxNameLength)

// report is what a process that produced or consumed has to tell at its end.
type report struct {
	Frames  uint64 // published, or received
	Skipped uint64
	Demoted bool
	Signals uint64
}

func (r report) print() error { return json.NewEncoder(os.Stdout).Encode(r) }

func (c *child) report() (r report) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.line()), &r); err != nil {
		c.t.Fatal(err)
	}
	c.t.Logf("%s: %+v", c.role, r)
	return r
}

// countSignals handles SIGUSR1, which else ends the process.
func countSignals() *atomic.Uint64 {
	var count atomic.Uint64
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			count.Add(1)
		}
	}()
	return &count
}

// newProducer makes a pool of the backend that the test is run over.
func newProducer(name string, o bips.ProducerOptions) (*bips.Producer, error) {
	if testmain.Backend() == "memfd" {
		o.Backend = bips.Memfd
	}
	return bips.NewProducer(name, o)
}

// write fills a frame with its number.
func write(p *bips.Producer, number uint64) error {
	slot, err := p.Pull(patience)
	if err != nil {
		return err
	}
	for i := 0; i+8 <= len(slot.Data); i += 8 {
		binary.LittleEndian.PutUint64(slot.Data[i:], number)
	}
	return p.Push(slot, bips.FrameInfo{Size: len(slot.Data)})
}

// check returns the number of a frame that is whole.
func check(f *bips.Frame) (uint64, error) {
	number := binary.LittleEndian.Uint64(f.Data)
	for i := 0; i+8 <= len(f.Data); i += 8 {
		if got := binary.LittleEndian.Uint64(f.Data[i:]); got != number {
			return 0, fmt.Errorf("a torn frame: %d and %d", number, got)
		}
	}
	return number, nil
}

// produce makes a pool when it is told to, waits for its readers, publishes until it is told
// to end, and ends the stream. Arguments: bytes of a slot, block timeout, readers.
func produce(args []string) error {
	size, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	blockTimeout, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	readers, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	signals := countSignals()
	fmt.Println("here")
	isTold()
	p, err := newProducer(poolName, bips.ProducerOptions{SlotSize: size, BlockTimeout: blockTimeout})
	if err != nil {
		return err
	}
	if err := p.WaitConsumers(readers, patience); err != nil {
		return err
	}
	fmt.Println("ready")
	var stop atomic.Bool
	go func() { isTold(); stop.Store(true) }()
	var r report
	for !stop.Load() {
		if err := write(p, r.Frames+1); err != nil {
			return err
		}
		r.Frames++
	}
	if err := p.EndOfStream(); err != nil {
		return err
	}
	r.Demoted, r.Signals = p.Stats().Demoted > 0, signals.Load()
	return errors.Join(p.Close(), r.print())
}

// consume reads to the end of the stream. Arguments: mode, time spent on each frame.
func consume(args []string) error {
	mode, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	pause, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	signals := countSignals()
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Mode(mode)})
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Println("here")
	var r report
	var last uint64
	for {
		f, err := c.Pull(patience)
		if errors.Is(err, bips.ErrEndOfStream) {
			break
		}
		if err != nil {
			return err
		}
		number, err := check(&f)
		if err != nil {
			return err
		}
		if number <= last || bips.Mode(mode) == bips.Every && number != last+1 {
			return fmt.Errorf("frame %d after %d", number, last)
		}
		last = number
		r.Frames++
		time.Sleep(pause)
		if err := c.Push(f); err != nil {
			return err
		}
	}
	stats := c.Stats()
	if stats.Lost > 0 || stats.Instances != 1 {
		return fmt.Errorf("statistics %+v", stats)
	}
	r.Skipped, r.Demoted, r.Signals = stats.Skipped, stats.Demoted > 0, signals.Load()
	return r.print()
}

// A crowd is a producer, a reader of each frame and one of the latest, each a process of its own.
type crowd struct{ producer, every, latest *child }

func (c crowd) all() []*child { return []*child{c.producer, c.every, c.latest} }

// gather starts a crowd. The producer has not made its pool yet.
func gather(t *testing.T, slotSize int, blockTimeout, pause time.Duration) crowd {
	t.Helper()
	c := crowd{
		producer: begin(t, nil, "produce", strconv.Itoa(slotSize), blockTimeout.String(), "2"),
		every:    begin(t, nil, "consume", strconv.Itoa(int(bips.Every)), pause.String()),
		latest:   begin(t, nil, "consume", strconv.Itoa(int(bips.Latest)), pause.String()),
	}
	for _, child := range c.all() {
		child.line()
	}
	return c
}

// disperse ends the stream and checks that nobody missed anything.
func (c crowd) disperse(t *testing.T) (produced report) {
	t.Helper()
	c.producer.tell()
	produced = c.producer.report()
	every, latest := c.every.report(), c.latest.report()
	for _, child := range c.all() {
		child.ends()
	}
	if every.Frames != produced.Frames || every.Skipped != 0 {
		t.Errorf("%d frames were published, the reader of each had %d", produced.Frames, every.Frames)
	}
	if latest.Frames+latest.Skipped != produced.Frames {
		t.Errorf("%d frames were published, the reader of the latest had %d and skipped %d", produced.Frames, latest.Frames, latest.Skipped)
	}
	if produced.Demoted || every.Demoted {
		t.Error("the reader of each frame was demoted")
	}
	return produced
}
