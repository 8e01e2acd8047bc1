package crash

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/layout"
)

const (
	stageSlots = 16
	stageSeats = 8
	stageRoom  = stageSlots - 4 // quotas that the pool can grant
	quota      = 2              // of each reader
)

// stage is a pool with a reader of each mode that must outlive all that happens, and,
// where the victims are readers, a producer.
type stage struct {
	*testing.T
	scene
	dir, pool     string
	random        *rand.Rand
	producer      *child // nil where the victim is one
	every, latest *child
}

func newStage(t *testing.T, s scene, pool string) *stage {
	g := &stage{T: t, scene: s, dir: os.Getenv("BIPS_SHM_DIR"), pool: pool, random: newRandom(t)}
	g.every = g.reader(readerPlan{Mode: bips.Every, Demotable: s.lazy})
	g.latest = g.reader(readerPlan{Mode: bips.Latest, Demotable: s.lazy})
	if s.victim != "producer" {
		g.producer = g.writer(crashAt{})
	}
	return g
}

func (g *stage) reader(plan readerPlan) *child { return g.readerThatDies(plan, crashAt{}) }

func (g *stage) readerThatDies(plan readerPlan, at crashAt) *child {
	plan.Pool, plan.Seed = g.pool, g.random.Uint64()
	if plan.MaxHeld == 0 {
		plan.MaxHeld = quota
	}
	return g.start("reader", plan, at)
}

func (g *stage) writer(at crashAt) *child {
	plan := writerPlan{Pool: g.pool, Seed: g.random.Uint64(), Overflow: g.overflow, Slowly: g.slowly, Brief: g.brief && g.victim == "producer"}
	if g.lazy {
		plan.BlockTimeout = 20 * time.Millisecond
	}
	return g.start("writer", plan, at)
}

// start starts a process that ends with the test.
func (g *stage) start(role string, plan any, at crashAt) *child {
	c := startChild(g.T, role, plan, at)
	g.Cleanup(c.kill)
	return c
}

// end lets the survivors leave; nothing but the lock file may remain.
func (g *stage) end() {
	for _, c := range []*child{g.every, g.latest, g.producer} {
		if c != nil {
			c.leave(g.T)
		}
	}
	if left := names(g.dir, g.pool); len(left) > 0 {
		g.Errorf("left behind: %q", left)
	}
}

func (g *stage) survivors() []*child { return []*child{g.every, g.latest} }

func (g *stage) ask(reader *child) (r report) {
	reader.ask(g.T, "report", &r)
	return r
}

// wait waits until a condition has no error any more.
func (g *stage) wait(what string, condition func() error) {
	g.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			g.Fatalf("%s: %v", what, err)
		}
	}
}

// dead is what a producer that died left in its pool.
type dead struct {
	instance, head uint64
	named          bool // its pool still has the name
}

// examine looks at the pool of a producer that just died.
func (g *stage) examine() dead {
	s, err := openSegment(g.dir, g.pool)
	if s == nil {
		if !errors.Is(err, fs.ErrNotExist) {
			g.Fatal(err)
		}
		return dead{}
	}
	if s.header("Magic") != layout.PoolMagic {
		g.Fatalf("a pool without a magic number has the name")
	}
	if err := s.checkEntries(); err != nil {
		g.Fatalf("what the dead producer left: %v", err)
	}
	return dead{s.instance(), s.head(), true}
}

// drained waits until the survivors have left a dead producer's pool, and checks that
// they read all that it had published.
func (g *stage) drained(d dead) {
	if !d.named {
		return
	}
	for _, c := range g.survivors() {
		var r report
		g.wait("a reader keeps a dead producer's pool", func() error {
			if r = g.ask(c); r.Instance == d.instance {
				return fmt.Errorf("%+v", r)
			}
			return nil
		})
		for _, s := range r.Spans {
			// Mode latest may read an entry before it is the head.
			ahead := c == g.latest && s.Last == d.head+1
			before := s.Ended && s.Last < d.head
			if s.Instance == d.instance && s.Last != d.head && !ahead && !before {
				g.Fatalf("a reader left at %+v, the dead producer had published %d", s, d.head)
			}
		}
	}
}

// flows checks that frames come to the survivors: of one instance, unless that is 0.
func (g *stage) flows(instance uint64, push func() error) {
	g.Helper()
	for _, c := range g.survivors() {
		before := g.ask(c)
		g.wait("a reader gets no more frames", func() error {
			now := g.ask(c)
			if now.Frames > before.Frames+2 && (instance == 0 || now.Spans[len(now.Spans)-1].Instance == instance) {
				return nil
			}
			return errors.Join(fmt.Errorf("%+v, after %+v", now, before), push())
		})
	}
}

// quiet checks the whole pool while its producer holds all that it can get.
func (g *stage) quiet() {
	g.Helper()
	g.wait("the pool", func() error {
		s, err := openSegment(g.dir, g.pool)
		if err != nil {
			return err
		}
		return s.checkQuiet(len(g.survivors()), g.lazy)
	})
}

// newcomer checks that the room of the dead is free again: a reader that wants all
// that the others leave is admitted and gets a frame.
func (g *stage) newcomer() {
	g.Helper()
	mode := bothModes[g.random.IntN(2)]
	c, err := bips.NewConsumer(g.pool, bips.ConsumerOptions{Mode: mode, MaxHeld: stageRoom - quota*len(g.survivors())})
	if err != nil {
		g.Fatal(err)
	}
	defer c.Close()
	for {
		f, err := c.Pull(patience)
		if errors.Is(err, bips.ErrEndOfStream) {
			continue
		}
		if err != nil {
			g.Fatalf("the next reader of mode %d: %v", mode, err)
		}
		if _, err := readPayload(&f); err != nil {
			g.Fatalf("the next reader: %v", err)
		}
		if err := c.Push(f); err != nil {
			g.Fatal(err)
		}
		return
	}
}

// checkReaderGone is what must hold after a reader's death: its producer gets all slots
// back, the seat, the quota and the lock are free, the others go on.
func (g *stage) checkReaderGone() {
	var said string
	g.producer.ask(g.T, "hold", &said)
	g.quiet()
	g.producer.ask(g.T, "go", &said)
	g.newcomer()
	g.flows(0, func() error { return nil })
}

// checkProducerGone is what must hold after a producer's death: the survivors read all
// of it, and the next producer finds them and everything in order.
func (g *stage) checkProducerGone() {
	g.drained(g.examine())
	w := newWriter(writerPlan{Pool: g.pool, Seed: g.random.Uint64()})
	if err := w.open(); err != nil {
		g.Fatalf("the next producer: %v", err)
	}
	defer w.pool.Close()
	s, err := openSegment(g.dir, g.pool)
	if err != nil {
		g.Fatal(err)
	}
	if found := names(g.dir, g.pool); len(found) != 2 {
		g.Fatalf("the next producer lives with %q", found)
	}
	g.flows(s.instance(), w.publish)
	pulled, err := w.take()
	if err != nil {
		g.Fatalf("the next producer got %v", err)
	}
	g.quiet()
	if err := errors.Join(w.putBack(pulled), w.close()); err != nil {
		g.Fatal(err)
	}
	if left := names(g.dir, g.pool); len(left) > 0 {
		g.Fatalf("the next producer left %q", left)
	}
}

// leftovers puts there what a producer leaves that died before its pool had the name.
func (g *stage) leftovers() {
	for _, name := range []string{".0123456789abcdef.seats", ".0123456789abcdef.new"} {
		if err := os.WriteFile(filepath.Join(g.dir, "bips."+g.pool+name), nil, 0o600); err != nil {
			g.Fatal(err)
		}
	}
}

// sendMortals lets readers come that die with a frame in their hands, until stop is called.
func (g *stage) sendMortals() (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		random := rand.New(rand.NewPCG(g.random.Uint64(), 4))
		for {
			plan := readerPlan{Pool: g.pool, Seed: random.Uint64(), Mode: bothModes[random.IntN(2)], MaxHeld: 1}
			c := startChild(g.T, "reader", plan, crashAt{point: []string{"J4", "C7a", "C8c"}[random.IntN(3)], hit: 1})
			select {
			case <-c.exited:
			case <-end:
				c.kill()
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(end)
		<-ended
	})
}
