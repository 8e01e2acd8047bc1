// Go is the exchange of producer.c and consumer.c in Go: two processes hand buffers to and fro as fast as they can.
//
//	go run ./go producer POOL SIZE BUFFERS SECONDS [touch]
//	go run ./go consumer POOL SIZE BUFFERS SECONDS [touch]
//
// Each may be at work with one in C.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/bips-ipc/bips/bips"
	"golang.org/x/sys/unix"
)

// words are the arguments.
type words struct {
	side, pool    string
	size, buffers int
	length        time.Duration // of the producer's work
	touch         bool          // every byte is written and read
}

func parse(args []string) (w words, err error) {
	if len(args) < 5 || len(args) > 6 || len(args) == 6 && args[5] != "touch" {
		return w, errors.New("usage: producer|consumer POOL SIZE BUFFERS SECONDS [touch]")
	}
	size, err1 := strconv.Atoi(args[2])
	buffers, err2 := strconv.Atoi(args[3])
	seconds, err3 := strconv.ParseFloat(args[4], 64)
	if err := errors.Join(err1, err2, err3); err != nil {
		return w, err
	}
	if size < 4 {
		return w, errors.New("a buffer has at least 4 bytes, for the stamp")
	}
	return words{args[0], args[1], size, buffers, time.Duration(seconds * float64(time.Second)), len(args) == 6}, nil
}

// patience is how long a side waits for the other.
const patience = 30 * time.Second

func main() {
	w, err := parse(os.Args[1:])
	if err == nil {
		switch w.side {
		case "producer":
			err = produce(w)
		case "consumer":
			err = consume(w)
		default:
			err = fmt.Errorf("there is no side %q: use producer or consumer", w.side)
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "exchange in Go: %v\n", err)
		os.Exit(1)
	}
}

func produce(w words) error {
	producer, err := bips.NewProducer(w.pool, bips.ProducerOptions{SlotSize: w.size, Slots: w.buffers, MetaSize: bips.NoMeta})
	if err != nil {
		return err
	}
	defer producer.Close()
	if err := producer.WaitConsumers(1, patience); err != nil {
		return err
	}
	cycles, start := 0, time.Now()
	for ; time.Since(start) < w.length; cycles++ {
		slot, err := producer.Pull(patience)
		if err != nil {
			return err
		}
		if w.touch {
			fill(slot.Data[:w.size], byte(cycles))
		}
		binary.NativeEndian.PutUint32(slot.Data, now())
		if err := producer.Push(slot, bips.FrameInfo{Size: w.size}); err != nil {
			return err
		}
	}
	length := time.Since(start)
	if err := producer.EndOfStream(); err != nil {
		return err
	}
	fmt.Println(report(w, cycles, length))
	return nil
}

func consume(w words) error {
	// In order, and the producer waits: none is missing.
	consumer, err := bips.NewConsumer(w.pool, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	if err != nil {
		return err
	}
	defer consumer.Close()
	var ages []uint32 // nanoseconds
	var start, end time.Time
	for {
		frame, err := consumer.Pull(patience)
		if errors.Is(err, bips.ErrEndOfStream) {
			break
		}
		if err != nil {
			return err
		}
		if len(frame.Data) != w.size {
			return fmt.Errorf("the producer's buffers have %d bytes", len(frame.Data))
		}
		ages = append(ages, now()-binary.NativeEndian.Uint32(frame.Data))
		end = time.Now()
		if start.IsZero() {
			start = end
		}
		if w.touch {
			kept = sum(frame.Data)
		}
		if err := consumer.Push(frame); err != nil {
			return err
		}
	}
	if len(ages) == 0 {
		return errors.New("no buffer came")
	}
	mean := 0.0
	for _, age := range ages {
		mean += float64(age) / float64(len(ages)) / 1000
	}
	slices.Sort(ages)
	fmt.Printf("%s, latency %.1f us, 99%% below %.1f us\n", report(w, len(ages), end.Sub(start)), mean, float64(ages[len(ages)*99/100])/1000)
	return nil
}

// now is what buffers are stamped with: the low 32 bits of the nanoseconds of CLOCK_MONOTONIC, which all processes share.
func now() uint32 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return uint32(t.Nano())
}

// fill writes every byte: copy is faster than a loop.
func fill(buffer []byte, value byte) {
	buffer[0] = value
	for n := 1; n < len(buffer); n *= 2 {
		copy(buffer[n:], buffer[:n])
	}
}

// kept is where sums go, so that the compiler leaves the reading in.
var kept uint64

// sum reads every byte.
func sum(buffer []byte) (all uint64) {
	for ; len(buffer) >= 8; buffer = buffer[8:] {
		all += binary.NativeEndian.Uint64(buffer)
	}
	for _, b := range buffer {
		all += uint64(b)
	}
	return all
}

// report is a side's cycles: each is a buffer that was pulled and pushed. As in the published figures, its bytes
// count twice, since it goes to the consumer and back.
func report(w words, cycles int, length time.Duration) string {
	seconds := max(length.Seconds(), 1e-9)
	perSecond := float64(cycles) / seconds
	bytes, unit := 2*perSecond*float64(w.size)/1e6, "MB"
	if bytes >= 1000 {
		bytes, unit = bytes/1000, "GB"
	}
	return fmt.Sprintf("%s in Go: %d exchanges of %d bytes with %d buffers in %.2f s: %.0f/s, %.2f %s/s both ways",
		w.side, cycles, w.size, w.buffers, seconds, perSecond, bytes, unit)
}
