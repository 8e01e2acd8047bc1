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
	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// totals is what was survived.
type totals struct {
	published, delivered              uint64
	consumerKills, producerKills      int
	stops, restarts, closes           int
	demoted, reclaimed, refused, lost uint64
	moves, deletions, gaveWay         int
	nameless                          int // readers that did not find the pool that the producer had moved to
}

// round is one pool's life under the schedule.
type round struct {
	*testing.T
	plan
	random    *rand.Rand
	dir       string // of the logs
	children  int    // started so far
	producer  *child
	consumers []*child
	ended     []*child
	spared    time.Time       // until then the producer is neither killed nor ended
	nameless  map[string]bool // runs whose names were deleted, by their tokens
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
	if err := r.force(os.Getenv("BIPS_STRESS_BACKEND")); err != nil {
		t.Fatal(err)
	}
	defer func() {
		r.killAll()
		if !t.Failed() || os.Getenv("BIPS_MUTANT") != "" {
			_ = os.RemoveAll(dir)
		}
		if t.Failed() {
			t.Logf("seed %d: %v\nlogs in %s", seed, r.plan, dir)
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
	r.awaitNames()
	r.finish()
	r.validate()
}

// path is where the next child's log is.
func (r *round) path(kind string) string {
	r.children++
	return filepath.Join(r.dir, fmt.Sprintf("%04d-%s", r.children, kind))
}

func (r *round) startProducer() { r.producer = r.newProducer(patience) }

// newProducer starts a producer that tries for so long while another one has the name.
func (r *round) newProducer(busy time.Duration) *child {
	backend := pick(r.random, r.plan.producer.Backends...)
	c := start(r.T, drive.Produce, r.path(drive.Produce), r.plan.producer.args(backend, r.random.Uint64(), busy))
	c.backend = backend
	return c
}

func (r *round) startConsumer(i int) {
	p := r.plan.consumers[i]
	r.consumers[i] = start(r.T, drive.Consume, r.path(drive.Consume), p.args(r.random.Uint64()))
	r.consumers[i].every = p.Mode == bips.Every
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
	case n < 93 && time.Now().Before(r.spared):
	case n < 85:
		r.producer.kill()
		r.total.producerKills++
		r.replaceProducer()
	case n < 93:
		r.resumeSome(time.Time{}) // a stopped reader of mode Every would keep it from its end of stream
		r.endProducer()
		r.total.closes++
		r.replaceProducer()
	case n < 97:
		r.stop(r.producer)
	case r.plan.deletes && !r.producer.deleted:
		r.deleteNames(r.random.IntN(3) == 0 && r.plan.producer.stays())
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
		c.read(r.T)
		before[i] = c.frames
	}
	end := time.Now().Add(patience)
	for i, c := range all {
		for c.frames < before[i]+2 && !r.Failed() {
			select {
			case <-c.Exited():
				r.Errorf("P8: %s ended: %s", c, c.Complaints())
			case <-time.After(2 * time.Millisecond):
			}
			if time.Now().After(end) {
				c.Stuck(fmt.Sprintf("got no further than frame %d", before[i]))
			}
			c.read(r.T)
		}
	}
}

// endProducer tells a producer to close its pool, with or without the end of its stream, and
// returns how many slots it could pull before.
func (r *round) endProducer() (slots int) {
	r.producer.resume()
	if r.random.IntN(2) == 0 {
		if answer := r.producer.Ask(line.Order{Do: line.DoEnd}); answer.Error != "" {
			r.Errorf("P11: %s ended its stream with %s: %s", r.producer, answer.Error, answer.Text)
		}
	}
	// A dead reader's slots are promised within 100 ms; the policy Drop does not wait for them.
	held := r.producer.Ask(line.Order{Do: line.DoHold, Timeout: (100 * time.Millisecond).Microseconds()})
	r.producer.leave(r.T)
	return held.Slots
}

// finish ends the consumers, some of them by a kill, and then the producer, which
// then must be able to pull every slot (P10).
func (r *round) finish() {
	if r.Failed() {
		return // whoever is stuck has ended
	}
	for _, c := range r.consumers {
		if r.random.IntN(2) == 0 {
			c.kill()
			r.total.consumerKills++
		} else {
			c.leave(r.T)
		}
	}
	pulled := r.endProducer()
	if slots := r.plan.producer.Slots; pulled != slots-1 && !r.Failed() {
		r.Errorf("P10: %d of %d slots could be pulled at the end", pulled, slots-1)
	}
	r.ended = append(append(r.ended, r.consumers...), r.producer)
}

func (r *round) killAll() {
	for _, c := range append(append([]*child{r.producer}, r.consumers...), r.ended...) {
		if c != nil {
			c.kill()
		}
	}
}
