package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
)

// judge prints what was seen, and returns what is not as promised.
func judge(s *settings, want *reference, got *seen) error {
	frames := len(want.sums)
	equal := 0
	for i, sum := range got.everySum {
		if i < frames && sum == want.sums[i] {
			equal++
		}
	}
	known := inOrder(got.latest, want.sums)

	t := table.NewWriter()
	t.SetOutputMirror(os.Stdout)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"process", "frames", "passed by", "copied", "latency p50", "p99", "checksums equal"})
	t.AppendRows([]table.Row{
		{"decodes into the pool (gst-launch-1.0)", got.sink["in-place"] + got.sink["copied"], "", got.sink["copied"], "", "", ""},
		{"reads every frame (Go)", got.every.Received, got.every.Lost, 0, microseconds(got.every.P50), microseconds(got.every.P99), fmt.Sprintf("%d of %d", equal, frames)},
		{"reads the latest, slowly (gst-launch-1.0)", got.source["received"], got.source["skipped"], got.source["copied"], "", "", fmt.Sprintf("%d of %d", known, len(got.latest))},
	})
	t.Render()
	fmt.Printf("\nThe contact sheet that the reader of every frame made: %s\n", s.sheet())

	var faults []error
	expect := func(right bool, format string, args ...any) {
		if !right {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	expect(got.sink["in-place"] == uint64(frames) && got.sink["copied"] == 0, "the decoder copied %d of %d frames into the pool, want none", got.sink["copied"], frames)
	expect(len(got.everySum) == frames && equal == frames, "the reader of every frame saw %d frames, %d of them as decoded, want %d", len(got.everySum), equal, frames)
	expect(got.every.Lost == 0, "the reader of every frame lost %d", got.every.Lost)
	expect(len(got.latest) > 0 && known == len(got.latest), "the slow reader saw %d frames, %d of them as decoded, want all", len(got.latest), known)
	expect(got.source["copied"] == 0, "the slow reader copied %d frames, want none", got.source["copied"])
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	fmt.Println("Every frame crossed to both readers as it was decoded, and none was copied.")
	return nil
}

// inOrder counts how many of the sums are among the frames, each after the one before.
func inOrder(sums, frames []uint64) (n int) {
	for _, sum := range sums {
		at := slices.Index(frames, sum)
		if at < 0 {
			continue
		}
		n++
		frames = frames[at+1:]
	}
	return n
}
