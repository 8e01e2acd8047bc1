package crash

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/crashpoint"
)

// readFirst is a consumer process that answers with the sequences of the first frames it gets.
func readFirst(args []string) error {
	var plan readerPlan
	if err := json.Unmarshal([]byte(args[0]), &plan); err != nil {
		return err
	}
	c, err := bips.NewConsumer(plan.Pool, bips.ConsumerOptions{Mode: plan.Mode})
	if err != nil {
		return err
	}
	defer c.Close()
	var got []uint64
	for len(got) < 3 {
		f, err := c.Pull(patience)
		if err != nil {
			return fmt.Errorf("after %d: %w", got, err)
		}
		got = append(got, f.Sequence)
		if err := c.Push(f); err != nil {
			return err
		}
	}
	return answer(got)
}

// A producer counts a reader as soon as the seat shows that it reads, and publishes at once, while that
// reader is slow to go on: it gets the first frame all the same.
func TestAReaderThatWasWaitedForGetsTheFirstFrame(t *testing.T) {
	if !crashpoint.Enabled {
		t.Skip("this binary has no crash points: build it with -tags bipscrash, as tools/test fire does")
	}
	t.Parallel()
	for _, slow := range []string{"J3", "J4", "J5"} {
		p, err := bips.NewProducer("waited-"+slow, bips.ProducerOptions{Slots: 8, SlotSize: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		c := startChild(t, "first", readerPlan{Pool: p.Name(), Mode: bips.Every}, crashAt{slow: slow})
		t.Cleanup(c.kill)
		for end := time.Now().Add(patience); p.WaitConsumers(1, 0) != nil; { // it rings only when all is done
			if time.Now().After(end) {
				t.Fatal("it does not come")
			}
		}
		for range 3 {
			if err := push(p); err != nil {
				t.Fatal(err)
			}
		}
		var got []uint64
		c.ask(t, "frames", &got)
		if fmt.Sprint(got) != "[1 2 3]" {
			t.Errorf("slow after %s: it got the frames %d", slow, got)
		}
	}
}
