package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/bips-ipc/bips/bench/result"
	"github.com/bips-ipc/bips/bips"
	"golang.org/x/sys/unix"
)

// alone is "bench alone": works of bench/alone/README.md with package bips. The exchange is a benchmark of
// the package itself (exchange.go of its tests).
func alone(words []string) error {
	number := func(i int) float64 {
		n, err := strconv.ParseFloat(words[i], 64)
		if err != nil {
			return -1
		}
		return n
	}
	switch {
	case len(words) == 3 && words[0] == "flow" && number(1) > 0 && int(number(1))%flowBlock == 0 && number(2) > 0:
		return flow(int(number(1)), seconds(number(2)))
	case len(words) == 5 && words[0] == "latency" && number(1) >= 1 && number(2) >= 0 && number(3) > 0 && number(4) > 0:
		return wakeUps(int(number(1)), words[2], number(3), seconds(number(4)))
	case len(words) == 2 && words[0] == "read-flow":
		return readFlow(words[1])
	case len(words) == 3 && words[0] == "read-latency":
		return readLatency(words[1], time.Duration(number(2))*time.Microsecond)
	}
	return errors.New("usage: bench alone flow SIZE SECONDS | latency CONSUMERS SPIN_US RATE SECONDS")
}

const (
	flowBlock     = 4096
	latencySize   = 64
	alonePatience = 10 * time.Second
)

// poolName has the parent's process id in it, so that no two runs meet.
func poolName() string { return fmt.Sprint("bench-alone-", os.Getpid()) }

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// now is CLOCK_MONOTONIC, which all processes share, in nanoseconds.
func now() uint64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return uint64(t.Nano())
}

// readers are this program in the part of readers.
func readers(count int, part ...string) (all []*child, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	for range count {
		c, err := start(exec.Command(program, append([]string{"alone"}, part...)...))
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// told waits for the end of a reader, and returns what it said.
func told(reader *child) (message, error) {
	if !reader.ended(alonePatience) {
		reader.kill()
		return message{}, errors.New("a reader did not end")
	}
	m, ok := reader.report()
	if !ok {
		return message{}, fmt.Errorf("a reader ended without a report: %s (%v)", reader.words(), reader.failed)
	}
	return m, nil
}

func say(m map[string]any) error { return json.NewEncoder(os.Stdout).Encode(m) }

func flow(size int, length time.Duration) error {
	producer, err := bips.NewProducer(poolName(), bips.ProducerOptions{SlotSize: size})
	if err != nil {
		return err
	}
	defer producer.Close()
	all, err := readers(1, "read-flow", poolName())
	if err == nil {
		err = producer.WaitConsumers(1, alonePatience)
	}
	if err != nil {
		return err
	}
	pattern, frames, sum := make([]byte, flowBlock), uint64(0), uint64(0)
	for start := time.Now(); time.Since(start) < length; frames++ {
		slot, err := producer.Pull(alonePatience)
		if err != nil {
			return err
		}
		binary.NativeEndian.PutUint64(pattern, frames)
		for at := 0; at < size; at += flowBlock {
			copy(slot.Data[at:], pattern)
		}
		sum += frames * uint64(size/flowBlock)
		if err := producer.Push(slot, bips.FrameInfo{Size: size}); err != nil {
			return err
		}
	}
	if err := producer.EndOfStream(); err != nil {
		return err
	}
	m, err := told(all[0])
	if err == nil && (m.Frames != frames || m.Sum != sum) {
		err = fmt.Errorf("%d frames were sent and %d came, or some were damaged", frames, m.Frames)
	}
	if err != nil {
		return err
	}
	return say(map[string]any{"bench": "flow", "frames": frames, "elapsed_s": m.Elapsed})
}

func readFlow(pool string) error {
	consumer, err := bips.NewConsumer(pool, bips.ConsumerOptions{Mode: bips.Every})
	if err != nil {
		return err
	}
	defer consumer.Close()
	frames, sum, begin, end := uint64(0), uint64(0), time.Time{}, time.Time{}
	for {
		frame, err := consumer.Pull(alonePatience)
		if errors.Is(err, bips.ErrEndOfStream) {
			break
		}
		if err != nil {
			return err
		}
		for data := frame.Data; len(data) >= 8; data = data[8:] {
			sum += binary.NativeEndian.Uint64(data)
		}
		if err := consumer.Push(frame); err != nil {
			return err
		}
		if end = time.Now(); frames == 0 {
			begin = end
		}
		frames++
	}
	return say(map[string]any{"bench": "flow", "frames": frames, "elapsed_s": end.Sub(begin).Seconds(), "sum": sum})
}

func wakeUps(consumers int, spin string, rate float64, length time.Duration) error {
	producer, err := bips.NewProducer(poolName(), bips.ProducerOptions{SlotSize: latencySize})
	if err != nil {
		return err
	}
	defer producer.Close()
	all, err := readers(consumers, "read-latency", poolName(), spin)
	if err == nil {
		err = producer.WaitConsumers(consumers, alonePatience)
	}
	if err != nil {
		return err
	}
	start := time.Now()
	for i := 1; i <= int(rate*length.Seconds()); i++ {
		time.Sleep(time.Until(start.Add(seconds(float64(i) / rate))))
		stamp := now()
		slot, err := producer.Pull(alonePatience)
		if err != nil {
			return err
		}
		binary.NativeEndian.PutUint64(slot.Data, stamp)
		if err := producer.Push(slot, bips.FrameInfo{Size: latencySize}); err != nil {
			return err
		}
	}
	time.Sleep(20 * time.Millisecond) // else the last frame is the end of the stream's
	if err := producer.EndOfStream(); err != nil {
		return err
	}
	var ages result.Histogram
	for _, reader := range all {
		m, err := told(reader)
		if err != nil {
			return err
		}
		ages.Merge(m.Latency)
	}
	return say(map[string]any{"bench": "latency", "latency": ages})
}

func readLatency(pool string, spin time.Duration) error {
	consumer, err := bips.NewConsumer(pool, bips.ConsumerOptions{Mode: bips.Latest, Spin: spin})
	if err != nil {
		return err
	}
	defer consumer.Close()
	var ages result.Histogram
	for {
		frame, err := consumer.Pull(alonePatience)
		if errors.Is(err, bips.ErrEndOfStream) {
			break
		}
		if err != nil {
			return err
		}
		ages.Record(now() - binary.NativeEndian.Uint64(frame.Data))
		if err := consumer.Push(frame); err != nil {
			return err
		}
	}
	return say(map[string]any{"bench": "latency", "latency": ages})
}
