// Analyse-in-go watches a camera through package bips: it tells when something moves, when
// all is still, and when it is dark, and keeps a picture of each movement. README.md tells
// what to see.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kovidgoyal/imaging"

	"github.com/bips-ipc/bips/bips"
)

func main() {
	pool := flag.String("pool", "camera0", "the pool to read")
	out := flag.String("out", ".", "the folder for the pictures of movements")
	every := flag.Bool("every", false, "look at every frame; the camera waits when this program is slow")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *pool, *out, *every); err != nil {
		fmt.Fprintln(os.Stderr, "analyse-in-go:", err)
		os.Exit(1)
	}
}

// run looks at frames until it is interrupted. Cameras may come and go.
func run(ctx context.Context, pool, out string, every bool) error {
	options := bips.ConsumerOptions{Mode: bips.Latest}
	if every {
		options.Mode = bips.Every
	}
	consumer, err := bips.NewConsumer(pool, options)
	if err != nil {
		return err
	}
	defer consumer.Close()
	defer context.AfterFunc(ctx, func() { consumer.SetFlushing(true) })()

	a := analysis{out: out}
	for {
		frame, err := consumer.Pull(bips.Forever)
		switch {
		case errors.Is(err, bips.ErrFlushing):
			a.summarise(consumer.Stats())
			return nil
		case errors.Is(err, bips.ErrEndOfStream), errors.Is(err, bips.ErrProducerLost):
			fmt.Println("the camera is gone; waiting for the next one")
			a.watch = watch{}
			continue
		case err != nil:
			return err
		}
		err = a.look(&frame)
		if err := errors.Join(err, consumer.Push(frame)); err != nil {
			return err
		}
	}
}

// An analysis is what is known of the frames so far.
type analysis struct {
	out      string
	caps     string // of the frame before
	format   format
	watch    watch
	pictures int
	looking  time.Duration // time spent on frames
}

// look looks at a frame. When it is done, nothing refers to the frame any more.
func (a *analysis) look(frame *bips.Frame) error {
	start := time.Now()
	if frame.Caps != a.caps {
		format, err := formatOf(frame.Caps)
		if err != nil {
			return err
		}
		a.caps, a.format = frame.Caps, format
		fmt.Printf("pictures of %d by %d, %s\n", format.width, format.height, format.name)
	}
	view, err := a.format.see(frame)
	if err != nil {
		return err
	}
	found := a.watch.look(view.light)
	a.looking += time.Since(start)
	if !found.new {
		return nil
	}
	at, _ := frame.PTS.Duration()
	fmt.Printf("%8.2f s  %-6s  brightness %3.0f, %.1f %% changed\n", at.Seconds(), found.state, found.brightness, 100*found.changed)
	if found.state != moving {
		return nil
	}
	a.pictures++
	path := filepath.Join(a.out, fmt.Sprintf("moving-%03d.jpg", a.pictures))
	return imaging.Save(imaging.AdjustFunc(view.colour, a.format.toFullRange), path)
}

func (a *analysis) summarise(stats bips.ConsumerStats) {
	if stats.Received == 0 {
		fmt.Println("no frames came")
		return
	}
	fmt.Printf("looked at %d frames, passed by %d, lost %d; %.1f ms each\n", stats.Received, stats.Skipped, stats.Lost,
		float64(a.looking.Microseconds())/1e3/float64(stats.Received))
}
