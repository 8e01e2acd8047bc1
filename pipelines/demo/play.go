package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// seen is what the processes tell of themselves.
type seen struct {
	sink     map[string]uint64 // counters of bipssink
	every    report            // the reader of every frame
	everySum []uint64
	source   map[string]uint64 // counters of the slow bipssrc
	latest   []uint64          // checksums of what it saw
}

// slowness of the reader of the latest frame, in microseconds: as long as an inference
// may take.
const slowness = 150_000

// play runs three processes at once.
func play(ctx context.Context, s *settings, want *reference) (*seen, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &seen{}
	screen := newShow(len(want.sums))
	var wg sync.WaitGroup
	failures := make(chan error, 3)
	start := func(c *child, line func(string), frames func(io.Reader) error) {
		wg.Go(func() {
			if err := c.run(line, frames); err != nil {
				failures <- err
				cancel()
			}
		})
	}
	start(launch(ctx, s, "the producer", fmt.Sprintf("%s ! bipssink pool=%s wait-for-consumers=2", decoding(s), s.pool)),
		func(line string) { countersIn(line, &r.sink) }, nil)
	start(newChild(ctx, "the reader of every frame", self, "-reader", s.pool, "-out", s.out),
		func(line string) { r.everyLine(line, screen) }, nil)
	start(launch(ctx, s, "the slow reader", fmt.Sprintf("bipssrc pool=%s ! identity sleep-time=%d ! fdsink fd=3 sync=false", s.pool, slowness)),
		func(line string) { countersIn(line, &r.source) },
		func(frames io.Reader) (err error) {
			r.latest, err = checksums(frames, want.format.size(), func(uint64) { screen.latest() })
			return err
		})
	wg.Wait()
	screen.stop()
	close(failures)
	// The first one to fail is why the others were stopped.
	return r, <-failures
}

// everyLine takes a line of the reader of every frame: a frame, or at the end its report.
func (r *seen) everyLine(line string, screen *show) {
	var message message
	if err := json.Unmarshal([]byte(line), &message); err != nil {
		return // something for people
	}
	if message.Report != nil {
		r.every = *message.Report
		return
	}
	r.everySum = append(r.everySum, message.Sum)
	screen.every(message.P50, message.P99)
}

var counterPattern = regexp.MustCompile(`([a-z-]+)=\(guint64\)(\d+)`)

// countersIn reads the message that elements post at the end of the stream.
func countersIn(line string, into *map[string]uint64) {
	_, text, found := strings.Cut(line, "bips-stats, ")
	if !found {
		return
	}
	counters := map[string]uint64{}
	for _, m := range counterPattern.FindAllStringSubmatch(text, -1) {
		counters[m[1]], _ = strconv.ParseUint(m[2], 10, 64)
	}
	*into = counters
}
