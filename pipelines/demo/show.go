package main

import (
	"fmt"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
)

// A show tells what goes on while the clip plays: with bars on a terminal, elsewhere with a
// line a second. It is told of frames by several goroutines.
type show struct {
	bars        progress.Writer
	everyBar    *progress.Tracker
	latestBar   *progress.Tracker
	finished    chan struct{} // closed when the bars are drawn for the last time
	quietUntil  time.Time     // without a terminal; for the reader of every frame
	frames      int
	interactive bool
}

func newShow(frames int) *show {
	s := &show{
		everyBar:  &progress.Tracker{Message: "reads every frame (Go)", Total: int64(frames)},
		latestBar: &progress.Tracker{Message: "reads the latest, slowly (bipssrc)", Total: int64(frames)},
		finished:  make(chan struct{}),
		frames:    frames,
	}
	if info, err := os.Stdout.Stat(); err == nil {
		s.interactive = info.Mode()&os.ModeCharDevice != 0
	}
	if !s.interactive {
		close(s.finished)
		return s
	}
	s.bars = progress.NewWriter()
	s.bars.SetStyle(progress.StyleBlocks)
	s.bars.SetMessageLength(60)
	s.bars.SetUpdateFrequency(100 * time.Millisecond)
	s.bars.Style().Visibility.ETA = false
	s.bars.Style().Visibility.Percentage = false
	s.bars.AppendTrackers([]*progress.Tracker{s.everyBar, s.latestBar})
	go func() {
		defer close(s.finished)
		s.bars.Render()
	}()
	return s
}

// every is told of a frame that the reader of every frame got, and of its latency so far.
func (s *show) every(p50, p99 int64) {
	s.everyBar.Increment(1)
	text := fmt.Sprintf("latency p50 %s, p99 %s", microseconds(p50), microseconds(p99))
	s.everyBar.UpdateMessage("reads every frame (Go), " + text)
	if !s.interactive && time.Now().After(s.quietUntil) {
		s.quietUntil = time.Now().Add(time.Second)
		fmt.Printf("%4d of %d frames, %s; the slow reader has %d\n", s.everyBar.Value(), s.frames, text, s.latestBar.Value())
	}
}

// latest is told of a frame that the slow reader got.
func (s *show) latest() { s.latestBar.Increment(1) }

func (s *show) stop() {
	if s.bars != nil {
		s.everyBar.MarkAsDone()
		s.latestBar.MarkAsDone()
		s.bars.Stop()
	}
	<-s.finished
	fmt.Println()
}

func microseconds(ns int64) string { return fmt.Sprintf("%.0f µs", float64(ns)/1e3) }
