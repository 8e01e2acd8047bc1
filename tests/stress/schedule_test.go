package stress

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// totals is what was survived.
type totals struct {
	published, delivered              uint64
	consumerKills, producerKills      int
	stops, restarts, closes           int
	demoted, reclaimed, refused, lost uint64
}

// round is one pool's life under the schedule.
type round struct {
	*testing.T
	plan
	random    *rand.Rand
	dir       string // of the histories
	children  int    // started so far
	producer  *child
	consumers []*child
	ended     []*child
	total     *totals
}

// runRound lets one schedule happen and checks what everybody saw.
func runRound(t *testing.T, seed uint64, length time.Duration, total *totals) {
	pools := testmain.Dir(t)
	dir, err := os.MkdirTemp(filepath.Dir(pools), "bipsstress-")
	if err != nil {
		t.Fatal(err)
	}
	random := newRandom(seed)
	r := &round{T: t, plan: makePlan(random), random: random, dir: dir, total: total}
	defer func() {
		r.killAll()
		if !t.Failed() || os.Getenv("BIPS_MUTANT") != "" {
			_ = os.RemoveAll(dir)
		}
		if t.Failed() {
			t.Logf("seed %d: %v\nhistories in %s", seed, r.plan, dir)
		}
	}()
	r.startProducer()
	r.consumers = make([]*child, len(r.plan.consumers))
	for i := range r.consumers {
		r.startConsumer(i)
	}
	for end := time.Now().Add(length); time.Now().Before(end) && !t.Failed(); {
		time.Sleep(upTo(random, r.tempo))
		r.resumeSome(time.Now())
		r.act()
	}
	r.resumeSome(time.Time{})
	r.waitProgress()
	r.finish()
	r.validate()
}

// path is where the next child keeps its history. It makes the file, so that it is
// there however early the child is killed.
func (r *round) path(role string) string {
	path := filepath.Join(r.dir, fmt.Sprintf("%04d-%s", r.children, role))
	r.children++
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		r.Fatal(err)
	}
	return path
}

func (r *round) startProducer() {
	p := r.plan.producer
	p.History, p.Seed, p.EndOfStream = r.path("producer"), r.random.Uint64(), r.random.IntN(2) == 0
	r.producer = start(r.T, "producer", p.History, encode(p))
}

func (r *round) startConsumer(i int) {
	p := r.plan.consumers[i]
	p.History, p.Seed = r.path("consumer"), r.random.Uint64()
	r.consumers[i] = start(r.T, "consumer", p.History, encode(p))
	if p.Mode == bips.Every {
		r.consumers[i].mode = "every"
	}
}

// act does one thing to one process.
func (r *round) act() {
	i := r.random.IntN(len(r.consumers))
	c := r.consumers[i]
	switch n := r.random.IntN(100); {
	case n < 45:
		c.kill()
		r.total.consumerKills++
		r.replaceConsumer(i)
	case n < 55:
		c.leave(r.T)
		r.total.closes++
		r.replaceConsumer(i)
	case n < 75:
		r.stop(c)
	case n < 85:
		r.producer.kill()
		r.total.producerKills++
		r.replaceProducer()
	case n < 93:
		r.resumeSome(time.Time{}) // a stopped reader of mode Every would keep it from its end of stream
		r.producer.leave(r.T)
		r.total.closes++
		r.replaceProducer()
	case n < 97:
		r.stop(r.producer)
	}
}

func (r *round) stop(c *child) {
	c.stop(time.Now().Add(upTo(r.random, 60*time.Millisecond)))
	r.total.stops++
}

func (r *round) replaceConsumer(i int) {
	r.ended = append(r.ended, r.consumers[i])
	r.total.restarts++
	r.startConsumer(i)
}

func (r *round) replaceProducer() {
	r.ended = append(r.ended, r.producer)
	r.total.restarts++
	r.startProducer()
}

// resumeSome lets those go on whose time is over at now; the zero time means all.
func (r *round) resumeSome(now time.Time) {
	for _, c := range append([]*child{r.producer}, r.consumers...) {
		if now.IsZero() || c.stopped.Before(now) {
			c.resume()
		}
	}
}

// waitProgress is P8: with no more faults each process has more frames than before.
func (r *round) waitProgress() {
	all := append([]*child{r.producer}, r.consumers...)
	before := make([]uint64, len(all))
	for i, c := range all {
		before[i] = c.frames()
	}
	end := time.Now().Add(patience)
	for i, c := range all {
		for c.frames() < before[i]+2 {
			if time.Now().After(end) {
				c.stuck(r.T, fmt.Sprintf("got no further than frame %d", before[i]))
				break
			}
			select {
			case <-c.exited: // its history is full, or it complained
				before[i] = 0
				if c.frames() < 2 {
					r.Errorf("P8: a %s ended: %s", c.role, c.output.Bytes())
					before[i] = ^uint64(0) - 2
				}
			case <-time.After(2 * time.Millisecond):
			}
			if before[i] == 0 || before[i] > 1<<60 {
				break
			}
		}
	}
}

// finish ends the consumers, some of them by a kill, and then the producer, which
// then must be able to pull every slot (P10).
func (r *round) finish() {
	for _, c := range r.consumers {
		if r.random.IntN(2) == 0 {
			c.kill()
			r.total.consumerKills++
		} else {
			c.leave(r.T)
		}
	}
	r.producer.leave(r.T)
	r.ended = append(append(r.ended, r.consumers...), r.producer)
	drained := peek(r.producer.history, wordDrained)
	if slots := uint64(r.plan.producer.Slots); drained != 1+slots-1 && !r.Failed() {
		r.Errorf("P10: %d of %d slots could be pulled at the end (%s)", int(drained)-1, slots-1, r.producer.output.Bytes())
	}
}

func (r *round) killAll() {
	for _, c := range append([]*child{r.producer}, r.consumers...) {
		if c != nil {
			c.kill()
		}
	}
}
