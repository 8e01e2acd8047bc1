package deadlines

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/testmain"
)

// burdens are MiB of memory that a process has of its own when it is killed: the kernel closes
// its files only when it is done with that.
func burdens(t *testing.T) []int {
	if times(t) < 100 {
		return []int{0}
	}
	return []int{0, 1024}
}

// A dead consumer's slots are free again within 100 ms of the kernel closing its files.
func TestSlotsOfADeadConsumerAreFreeAgain(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		for _, megabytes := range burdens(t) {
			testmain.Dir(t)
			p, err := newProducer(bips.ProducerOptions{Slots: 8, SlotSize: 4096})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			var kernel, free distribution
			var memory string
			for range times(t) {
				k, f, m := killHolder(t, p, megabytes)
				kernel.add(k)
				free.add(f)
				memory = m
			}
			kernel.log(t, fmt.Sprintf("killed consumer of %s: 1. the kernel closes its files", memory))
			free.keeps(t, fmt.Sprintf("killed consumer of %s: 2. then its slots are free", memory), 100*time.Millisecond)
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// killHolder kills a reader that holds the producer up.
func killHolder(t *testing.T, p *bips.Producer, megabytes int) (kernel, free time.Duration, memory string) {
	t.Helper()
	victim := beginBeside(t, p, "hold", fmt.Sprint(megabytes))
	for { // until nothing is free
		slot, err := p.Pull(20 * time.Millisecond)
		if errors.Is(err, bips.ErrTimeout) {
			break
		}
		if err == nil {
			err = p.Push(slot, bips.FrameInfo{Size: 1})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	memory = victim.memory()
	type pulled struct {
		slot bips.Slot
		err  error
		at   time.Time
	}
	result := make(chan pulled, 1)
	go func() {
		slot, err := p.Pull(patience)
		result <- pulled{slot, err, time.Now()}
	}()
	killed := victim.kill()
	got, closed := <-result, <-victim.closed
	if got.err != nil {
		t.Fatal(got.err)
	}
	if err := p.Return(got.slot); err != nil {
		t.Fatal(err)
	}
	victim.wait()
	return closed.Sub(killed), got.at.Sub(closed), memory
}

// Consumers see the producer's death within 150 ms of the kernel closing its files, and the next
// one's first frame within 250 ms of its publication.
func TestConsumersSeeTheProducersDeathAndTheNextOnesFirstFrame(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		for _, megabytes := range burdens(t) {
			testmain.Dir(t)
			c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			var kernel, death, first distribution
			var memory string
			producer := begin(t, "produce", fmt.Sprint(megabytes))
			takeFrame(t, c)
			for range times(t) {
				memory = producer.memory()
				lost := make(chan time.Time, 1)
				frame := make(chan time.Duration, 1)
				go func() {
					if _, err := c.Pull(patience); !errors.Is(err, bips.ErrProducerLost) {
						t.Errorf("got %v", err)
					}
					lost <- time.Now()
					frame <- takeFrame(t, c)
				}()
				time.Sleep(20 * time.Millisecond) // it sleeps by now, as it does between two frames
				killed := producer.kill()
				closed := <-producer.closed
				next := begin(t, "produce", fmt.Sprint(megabytes))
				kernel.add(closed.Sub(killed))
				death.add((<-lost).Sub(closed))
				first.add(<-frame)
				producer.wait()
				producer = next
			}
			kernel.log(t, fmt.Sprintf("killed producer of %s: 1. the kernel closes its files", memory))
			death.keeps(t, fmt.Sprintf("killed producer of %s: 2. then a waiting consumer sees it", memory), 150*time.Millisecond)
			first.keeps(t, fmt.Sprintf("killed producer of %s: 3. first frame of the next one", memory), 250*time.Millisecond)
			producer.wait()
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			sweep(t)
		}
	})
}

// takeFrame pulls a frame and returns how long ago it was published.
func takeFrame(t *testing.T, c *bips.Consumer) time.Duration {
	f, err := c.Pull(patience)
	if err != nil {
		t.Errorf("no frame: %v", err)
		return 0
	}
	age := sys.Monotonic() - f.PublishTime
	if err := c.Push(f); err != nil {
		t.Error(err)
	}
	return age
}

// sweep takes away what the last killed producer left.
func sweep(t *testing.T) {
	t.Helper()
	p, err := newProducer(bips.ProducerOptions{SlotSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}
