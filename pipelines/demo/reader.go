package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/cespare/xxhash/v2"
	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
)

// A message is a line that the reader of every frame prints.
type message struct {
	Sum      uint64  `json:"sum,omitempty"`
	P50, P99 int64   // latency so far, in nanoseconds
	Report   *report `json:"report,omitempty"` // at the end, instead
}

// A report is what the reader tells at the end.
type report struct {
	Received, Lost uint64
	P50, P99, Max  int64 // latency from Push in the producer to Pull here, in nanoseconds
}

// readEvery is the reader of every frame: a process of its own.
func readEvery(ctx context.Context, s *settings) error {
	consumer, err := bips.NewConsumer(s.pool, bips.ConsumerOptions{Mode: bips.Every})
	if err != nil {
		return err
	}
	defer consumer.Close()
	defer context.AfterFunc(ctx, func() { consumer.SetFlushing(true) })()

	latency := hdrhistogram.New(1, int64(time.Minute), 3)
	sheet := &contactSheet{}
	out := json.NewEncoder(os.Stdout)
	for {
		frame, err := consumer.Pull(bips.Forever)
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if err := latency.RecordValue(int64(monotonic() - frame.PublishTime)); err != nil {
			return err
		}
		if err := sheet.look(&frame); err != nil {
			return err
		}
		err = out.Encode(message{
			Sum: xxhash.Sum64(frame.Data),
			P50: latency.ValueAtPercentile(50), P99: latency.ValueAtPercentile(99),
		})
		if err := errors.Join(err, consumer.Push(frame)); err != nil {
			return err
		}
	}
	if err := sheet.save(s.sheet()); err != nil {
		return fmt.Errorf("contact sheet: %w", err)
	}
	stats := consumer.Stats()
	return out.Encode(message{Report: &report{
		Received: stats.Received, Lost: stats.Lost,
		P50: latency.ValueAtPercentile(50), P99: latency.ValueAtPercentile(99), Max: latency.Max(),
	}})
}

// monotonic is the clock that frame.PublishTime is on.
func monotonic() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
