package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/bips-ipc/bips/bench/result"
)

// How long things may take besides the measuring itself. Tests have less patience.
var (
	comeUp   = 10 * time.Second // until the first frame has come everywhere
	overtime = 5 * time.Second  // for the producer to end, after its time
	leave    = 2 * time.Second  // for a process to end when it was told to
	linger   = 300 * time.Millisecond
)

// stalled is an error that says where frames stopped coming.
type stalled string

func (s stalled) Error() string { return string(s) }

func stalledAt(format string, args ...any) error { return stalled(fmt.Sprintf(format, args...)) }

// crew is a producer and its consumers, at work.
type crew struct {
	*job
	producer  *child
	consumers []*child
	latency   result.Histogram
}

// do runs one job and returns what it measured.
func (r *runner) do(ctx context.Context, j *job) (result.Sample, result.Histogram) {
	if need, free := j.pair.memory(j), shmFree(); need > free {
		return result.Sample{Status: result.Skipped, Detail: fmt.Sprintf("it needs %d MB of shared memory, and there is room for %d", need>>20, free>>20)}, result.Histogram{}
	}
	var err error
	if j.dir, err = os.MkdirTemp(r.scratch, "job-"); err != nil {
		return failed(err), result.Histogram{}
	}
	j.id = "bench-" + filepath.Base(j.dir)
	c := &crew{job: j}
	defer c.dismiss()
	err = c.start(ctx, r.env)
	if err == nil {
		err = c.measure(ctx)
	}
	if err != nil {
		c.dismiss() // what a process says last may explain it
		return c.trouble(err), result.Histogram{}
	}
	sample := c.collect()
	return sample, c.latency
}

func failed(err error) result.Sample {
	return result.Sample{Status: result.Failed, Detail: err.Error()}
}

func (c *crew) startFile() string { return c.dir + "/start" }

// start brings all processes up and waits until each consumer has had a frame.
func (c *crew) start(ctx context.Context, env []string) error {
	if c.pair.consumersFirst {
		if err := c.hire(env); err != nil {
			return err
		}
		time.Sleep(linger)
	}
	var err error
	if c.producer, err = launch(env, c.producerLine()); err != nil {
		return err
	}
	if c.pair.socket {
		if err := c.awaitSocket(ctx); err != nil {
			return err
		}
	}
	if !c.pair.consumersFirst {
		if err := c.hire(env); err != nil {
			return err
		}
	}
	return c.awaitFirstFrames(ctx)
}

func (c *crew) producerLine() string {
	return fmt.Sprintf("benchsrc size=%d rate=%g seconds=%g fill=%t caps=%s start=%s ! %s",
		c.size(), c.rate, c.length, c.touch, c.caps(), c.startFile(), c.pair.producer(c.job))
}

func (c *crew) hire(env []string) error {
	for i := range c.job.consumers {
		line := fmt.Sprintf("%s ! benchsink touch=%t", c.pair.consumer(c.job), c.touch)
		if c.slow > 0 && i == c.job.consumers-1 {
			line += fmt.Sprintf(" work-us=%d", c.slow)
		}
		consumer, err := launch(env, line)
		if err != nil {
			return err
		}
		c.consumers = append(c.consumers, consumer)
	}
	return nil
}

func (c *crew) awaitSocket(ctx context.Context) error {
	for end := time.Now().Add(comeUp); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(2 * time.Millisecond) {
		if _, err := os.Stat(c.socket()); err == nil {
			return nil
		}
		if c.producer.ended(0) {
			return fmt.Errorf("the producer ended: %s", c.producer.words())
		}
	}
	return errors.Join(ctx.Err(), errors.New("the producer made no socket"))
}

func (c *crew) awaitFirstFrames(ctx context.Context) error {
	limit := time.After(comeUp)
	for i, consumer := range c.consumers {
		select {
		case <-consumer.first:
		case <-consumer.over:
			return fmt.Errorf("consumer %d ended before the first frame: %s", i+1, consumer.words())
		case <-c.producer.over:
			return fmt.Errorf("the producer ended before the first frame: %s", c.producer.words())
		case <-limit:
			return stalledAt("no frame came to consumer %d within %v", i+1, comeUp)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// measure lets them work, and waits until all have ended.
func (c *crew) measure(ctx context.Context) error {
	if c.stop {
		c.consumers[len(c.consumers)-1].signal(syscall.SIGSTOP)
	}
	if err := os.WriteFile(c.startFile(), nil, 0o666); err != nil {
		return err
	}
	length := time.Duration(c.length * float64(time.Second))
	var watch <-chan time.Time
	if c.watch != nil {
		watch = time.After(length * 9 / 10)
	}
	limit := time.After(length + overtime)
	for running := true; running; {
		select {
		case <-c.producer.over:
			running = false
		case <-watch:
			c.watch(c)
		case <-limit:
			return stalledAt("the producer did not come to its end")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// Not every pair tells its consumers of the end. What is under way may arrive.
	for end := time.Now().Add(linger); time.Now().Before(end) && !c.allEnded(); {
		time.Sleep(5 * time.Millisecond)
	}
	for i, consumer := range c.consumers {
		if !consumer.end(leave) {
			return stalledAt("consumer %d did not end when it was told to", i+1)
		}
	}
	return nil
}

func (c *crew) allEnded() bool {
	for _, consumer := range c.consumers {
		if !consumer.ended(0) {
			return false
		}
	}
	return true
}

// collect makes a sample of what all reported.
func (c *crew) collect() result.Sample {
	src, ok := c.producer.report()
	if !ok {
		return failed(fmt.Errorf("the producer ended without a report: %s", c.producer.words()))
	}
	values := map[string]float64{
		result.CPU:      src.CPU / float64(max(src.Frames, 1)) * 1e6,
		result.Publish:  src.Publish.Quantile(0.5),
		result.Publish9: src.Publish.Quantile(0.99),
		result.Acquire:  src.Acquire.Quantile(0.5),
		result.Acquire9: src.Acquire.Quantile(0.99),
	}
	slowest, seconds, received := 0.0, 0.0, uint64(0)
	for i, consumer := range c.consumers {
		sink, ok := consumer.report()
		hindered := (c.stop || c.slow > 0) && i == len(c.consumers)-1
		switch {
		case !ok:
			return failed(fmt.Errorf("consumer %d ended without a report: %s", i+1, consumer.words()))
		case sink.Bad > 0:
			return failed(fmt.Errorf("consumer %d got %d damaged frames", i+1, sink.Bad))
		case hindered:
			continue
		case sink.Frames < 2:
			return result.Sample{Status: result.Stalled, Detail: fmt.Sprintf("consumer %d got %d frames", i+1, sink.Frames)}
		}
		c.latency.Merge(sink.Latency)
		values[result.Lost] += float64(sink.Lost)
		seconds, received = seconds+sink.CPU, received+sink.Frames
		if fps := float64(sink.Frames-1) / sink.Elapsed; slowest == 0 || fps < slowest {
			slowest = fps
		}
	}
	values[result.FPS] = slowest
	values[result.ReaderCPU] = seconds / float64(max(received, 1)) * 1e6
	values[result.P50], values[result.P99] = c.latency.Quantile(0.5), c.latency.Quantile(0.99)
	return result.Sample{Status: result.OK, Values: values}
}

// trouble makes a sample of what went wrong.
func (c *crew) trouble(err error) result.Sample {
	status := result.Failed
	if errors.As(err, new(stalled)) {
		status = result.Stalled
	}
	s := result.Sample{Status: status, Detail: err.Error()}
	frames := uint64(0)
	for _, consumer := range c.consumers {
		m, _ := consumer.report()
		frames += m.Frames
	}
	if status == result.Stalled && frames > 0 {
		s.Detail += fmt.Sprintf(" (%d measured frames had come)", frames)
	}
	// Names that no other run has tell a reader nothing.
	s.Detail = strings.NewReplacer(c.dir+"/", "", c.id, "bench").Replace(s.Detail)
	return s
}

// dismiss ends what still runs and removes what it left.
func (c *crew) dismiss() {
	for _, process := range append([]*child{c.producer}, c.consumers...) {
		if process != nil {
			process.end(leave)
		}
	}
	if c.producer != nil {
		// shmsink names its memory by its process; killed, it leaves it.
		left, _ := filepath.Glob(fmt.Sprintf("/dev/shm/shmpipe.%5d.*", c.producer.cmd.Process.Pid))
		for _, path := range left {
			_ = os.Remove(path)
		}
	}
	_ = os.RemoveAll(c.dir)
}

// bare runs the program that measures the floor.
func bare(ctx context.Context, program string, limit time.Duration, args ...string) (message, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c, err := start(exec.Command(program, args...))
	if err != nil {
		return message{}, err
	}
	select {
	case <-c.over:
	case <-ctx.Done():
		c.kill()
		return message{}, stalledAt("it did not end in %v", limit)
	}
	m, ok := c.report()
	if !ok {
		return message{}, fmt.Errorf("it ended without a report: %s (%v)", c.words(), c.failed)
	}
	return m, nil
}
