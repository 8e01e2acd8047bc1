package bips_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/bips/meta"
)

// A producer and a consumer, here in one program, usually in two.
func Example() {
	dir, err := os.MkdirTemp("", "bips-example-") // pools go to /dev/shm without this
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	os.Setenv("BIPS_SHM_DIR", dir)
	defer os.Unsetenv("BIPS_SHM_DIR")

	producer, err := bips.NewProducer("camera0", bips.ProducerOptions{SlotSize: 640 * 480})
	if err != nil {
		log.Fatal(err)
	}
	defer producer.Close()
	if err := producer.SetCaps("video/x-raw,format=GRAY8,width=640,height=480,framerate=30/1"); err != nil {
		log.Fatal(err)
	}
	slot, err := producer.Pull(time.Second)
	if err != nil {
		log.Fatal(err)
	}
	copy(slot.Data, "pixels") // a camera would write here
	if err := producer.Push(slot, bips.FrameInfo{Size: 640 * 480, PTS: bips.TimeOf(0)}); err != nil {
		log.Fatal(err)
	}

	consumer, err := bips.NewConsumer("camera0", bips.ConsumerOptions{Mode: bips.Latest})
	if err != nil {
		log.Fatal(err)
	}
	defer consumer.Close()
	frame, err := consumer.Pull(time.Second)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("frame %d: %d bytes of %s: %s...\n", frame.Sequence, len(frame.Data), frame.Caps[:11], frame.Data[:6])
	if err := consumer.Push(frame); err != nil {
		log.Fatal(err)
	}
	// Output:
	// frame 1: 307200 bytes of video/x-raw: pixels...
}

// A producer that detects something in its frames, and a consumer that reads what.
func ExampleFrame_metadata() {
	dir, err := os.MkdirTemp("", "bips-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	os.Setenv("BIPS_SHM_DIR", dir)
	defer os.Unsetenv("BIPS_SHM_DIR")

	producer, err := bips.NewProducer("camera0", bips.ProducerOptions{SlotSize: 640 * 480})
	if err != nil {
		log.Fatal(err)
	}
	defer producer.Close()
	found, err := meta.Append(nil, meta.Region{Parent: meta.NoParent, X: 10, Y: 20, Width: 30, Height: 40, Kind: "face"})
	if err != nil {
		log.Fatal(err)
	}
	slot, err := producer.Pull(time.Second)
	if err != nil {
		log.Fatal(err)
	}
	if err := producer.Push(slot, bips.FrameInfo{Size: 640 * 480, Meta: found}); err != nil {
		log.Fatal(err)
	}

	consumer, err := bips.NewConsumer("camera0", bips.ConsumerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer consumer.Close()
	frame, err := consumer.Pull(time.Second)
	if err != nil {
		log.Fatal(err)
	}
	for record, err := range frame.Meta.All() {
		if err != nil {
			log.Fatal(err)
		}
		if region, ok := record.(meta.Region); ok {
			fmt.Println(region.Kind, "at", region.X, region.Y, "of", region.Width, "x", region.Height)
		}
	}
	if err := consumer.Push(frame); err != nil {
		log.Fatal(err)
	}
	// Output:
	// face at 10 20 of 30 x 40
}

// A consumer that outlives its producer: the errors that Pull ends with, and which
// of them end the loop.
func ExampleConsumer_Pull() {
	consumer, err := bips.NewConsumer("camera0", bips.ConsumerOptions{Mode: bips.Every})
	if err != nil {
		log.Fatal(err)
	}
	defer consumer.Close()
	for {
		frame, err := consumer.Pull(100 * time.Millisecond)
		switch {
		case err == nil:
			fmt.Println(len(frame.Data))
			_ = consumer.Push(frame)
		case errors.Is(err, bips.ErrEndOfStream), errors.Is(err, bips.ErrProducerLost):
			continue // another producer may come
		case errors.Is(err, bips.ErrTimeout):
			fmt.Println("no frame yet")
			return
		default:
			log.Fatal(err)
		}
	}
	// Output:
	// no frame yet
}
