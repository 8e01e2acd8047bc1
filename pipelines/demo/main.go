// Demo decodes a real H.264 clip in one process, into a pool, and reads it in two others
// at once: one gets every frame (this program once more, with package bips), one the
// latest, slowly (gst-launch-1.0 with bipssrc). At the end it compares what they saw with
// a decode without BIPS, and fails if anything is not as promised. README.md tells what
// to see.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

// A run of the demo is over long before that.
const patience = 2 * time.Minute

// settings say what to run on.
type settings struct {
	clip   string
	plugin string // the folder of libgstbips.so
	out    string // the folder for what is left
	pool   string
}

// sheet is where the contact sheet goes.
func (s *settings) sheet() string { return filepath.Join(s.out, "contact-sheet.png") }

func main() {
	s := settings{}
	flag.StringVar(&s.clip, "clip", "", "the H.264 clip to play, in an MP4 file")
	flag.StringVar(&s.plugin, "plugin", "build/plugin", "the folder of the GStreamer plugin")
	flag.StringVar(&s.out, "out", ".", "the folder for the contact sheet")
	reader := flag.String("reader", "", "be the reader of every frame of this pool (the demo starts itself so)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, patience)
	var err error
	if *reader != "" {
		s.pool = *reader
		err = readEvery(ctx, &s)
	} else {
		s.pool = "bips-demo"
		err = demonstrate(ctx, &s)
	}
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demonstrate runs the processes and judges what they saw.
func demonstrate(ctx context.Context, s *settings) error {
	fmt.Println("Decoding the clip once without BIPS, to compare with ...")
	if _, err := os.Stat(s.clip); err != nil {
		return err
	}
	want, err := decodeAlone(ctx, s)
	if err != nil {
		return fmt.Errorf("decode without BIPS: %w", err)
	}
	fmt.Printf("%d frames of %d by %d, %.1f MB each.\n\n", len(want.sums), want.format.width, want.format.height, float64(want.format.size())/1e6)
	seen, err := play(ctx, s, want)
	if ctx.Err() != nil {
		return fmt.Errorf("stopped: %w", ctx.Err())
	}
	if err != nil {
		return err
	}
	return judge(s, want, seen)
}
