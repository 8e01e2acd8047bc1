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

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

const (
	stageSlots = 16
	stageSeats = 8
	stageRoom  = stageSlots - 4 // quotas that the pool can grant
	quota      = 2              // of each reader
	frameSize  = 2048           // of each frame, and of a slot
	// forAnswer is how long a call may take that is to be answered within patience.
	forAnswer = patience / 2
)

// stage is a pool with a reader of each mode that must outlive all that happens, and,
// where the victims are readers, a producer.
type stage struct {
	*testing.T
	scene
	dir, pool     string
	random        *rand.Rand
	producer      *writer // nil where the victim is one
	every, latest *reader
}

func newStage(t *testing.T, s scene, pool string) *stage {
	g := &stage{T: t, scene: s, dir: os.Getenv("BIPS_SHM_DIR"), pool: pool, random: newRandom(t)}
	g.every = g.reader(readerPlan{mode: every, demotable: s.lazy || s.drops, keys: s.keys})
	g.latest = g.reader(readerPlan{mode: latest, demotable: s.lazy || s.drops, keys: s.keys})
	if s.victim != "producer" {
		g.producer = g.writer(crashAt{})
	}
	return g
}

func (g *stage) reader(plan readerPlan) *reader { return g.readerThatDies(plan, crashAt{}) }

// readerThatDies starts a reader that ends with the test.
func (g *stage) readerThatDies(plan readerPlan, at crashAt) *reader {
	if plan.maxHeld == 0 {
		plan.maxHeld = quota
	}
	r := startReader(g.T, g.pool, plan, at)
	g.Cleanup(r.Kill)
	return r
}

// writer starts a producer that ends with the test, and waits until it has its pool unless it dies.
func (g *stage) writer(at crashAt) *writer {
	plan := writerPlan{memfd: g.memfd, cramped: g.cramped, drops: g.drops, slowly: g.slowly, moves: g.moves, starved: g.starved, brief: g.closes || g.brief && g.victim == "producer"}
	if g.lazy {
		plan.blockTimeout = 20 * time.Millisecond
	}
	return g.start(plan, at)
}

// start is writer for another plan.
func (g *stage) start(plan writerPlan, at crashAt) *writer {
	w := startPlanned(g.T, g.pool, plan, at)
	g.Cleanup(w.Kill)
	if at.point == "" {
		w.awaitOpen(g.T)
	}
	return w
}

// other is the backend of a producer before or after the one that the scene is about: where that has connections, either.
func (g *stage) other() (memfd bool) { return g.memfd && g.random.IntN(2) == 0 }

// end lets the survivors leave; nothing but the lock file may remain.
func (g *stage) end() {
	for _, r := range g.survivors() {
		g.leave(r.Peer)
	}
	if g.producer != nil {
		g.leave(g.producer.Peer)
	}
	if left := names(g.dir, g.pool); len(left) > 0 {
		g.Errorf("left behind: %q", left)
	}
}

func (g *stage) leave(p *drive.Peer) {
	g.Helper()
	if answer := p.Leave(); answer.Error != "" {
		g.Errorf("%s closed with %s: %s", p, answer.Error, answer.Text)
	}
}

func (g *stage) survivors() []*reader { return []*reader{g.every, g.latest} }

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

// dead is what a producer that died has left, or what it said before.
type dead struct {
	instance string // "": unknown
	token    string // memfd; "": it had not said that it has a pool
	head     uint64 // its newest frame, or, memfd, the newest one of which it said that it is published
	named    bool   // readers may be attached to its pool
}

// examine looks at the pool of a producer that just died. Memory without a name is gone with it, so what it said is all there is then.
func (g *stage) examine(w *writer) dead {
	if w.plan.memfd {
		said := w.lastWord()
		return dead{token: said.token, head: said.published, named: true}
	}
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
	return dead{instance: line.Hex(s.instance()), head: s.head(), named: true}
}

// kill kills a producer, and looks at its pool.
func (g *stage) kill(w *writer) dead {
	g.Helper()
	instance := ""
	if w.plan.memfd {
		instance = g.instanceOf(w)
	}
	w.Kill()
	d := g.examine(w)
	if instance != "" {
		d.instance = instance
	}
	return d
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
			if r = c.report(); r.instance != "" && (d.instance == "" || r.instance == d.instance) { // "": there is no other producer
				return fmt.Errorf("%+v", r)
			}
			return nil
		})
		for _, s := range r.spans {
			if d.isOf(s) && !g.readAll(s, d, c) {
				g.Fatalf("%s left at %+v, the dead producer had published %d, and what it left is %q", c, s, d.head, names(g.dir, g.pool))
			}
		}
	}
}

// isOf reports whether frames are those of the dead producer's last pool.
func (d dead) isOf(s drive.Span) bool {
	if d.token != "" {
		return s.Token == d.token
	}
	return d.instance != "" && s.Instance == d.instance
}

// readAll reports whether what was read of a dead producer's pool is all that it had published.
func (g *stage) readAll(s drive.Span, d dead, c *reader) bool {
	switch latest := c == g.latest; {
	// Who reads the latest may read a frame before it is the head. Who dies may have published one frame and not said so yet.
	case s.Last == d.head, (latest || d.token != "") && s.Last == d.head+1:
		return true
	default:
		// A producer that moves again waits for nobody of mode latest, nor for who was demoted, and when it is dead by the time
		// they ask for a seat they do not see the rest.
		return g.moves && (latest || g.lazy) && s.Last < d.head
	}
}

// hasNothing waits until the survivors, which have no producer, have nothing of one that handed memory to them.
func (g *stage) hasNothing() {
	g.Helper()
	for _, c := range g.survivors() {
		g.wait("a reader keeps what a producer that is gone had given to it", func() error {
			p, err := possessionsOf(c.PID())
			if err == nil && !p.none() {
				err = fmt.Errorf("%+v", p)
			}
			return err
		})
	}
}

// flows checks that frames come to the survivors: of one instance, unless that is "".
func (g *stage) flows(instance string) {
	g.Helper()
	for _, c := range g.survivors() {
		before := c.report()
		g.wait("a reader gets no more frames", func() error {
			now := c.report()
			if now.frames > before.frames+2 && (instance == "" || now.spans[len(now.spans)-1].Instance == instance) {
				return nil
			}
			return fmt.Errorf("%+v, after %+v", now, before)
		})
	}
}

// pool is what can be seen of one that a producer has.
type pool interface {
	instance() uint64
	checkQuiet(readers int, verdicts bool) error
}

// look looks at the pool of a producer that lives.
func (g *stage) look(w *writer) (pool, error) {
	if w.plan.memfd {
		m, err := openMemory(w.PID())
		return m, err
	}
	s, err := openSegment(g.dir, g.pool)
	return s, err
}

// instanceOf is the instance of a producer that lives.
func (g *stage) instanceOf(w *writer) (instance string) {
	g.Helper()
	g.wait("the producer's pool", func() error {
		found, err := g.look(w) // somebody may just leave
		if err == nil {
			instance = line.Hex(found.instance())
		}
		return err
	})
	return instance
}

// quiet checks the whole pool while its producer holds all that it can get.
func (g *stage) quiet(w *writer) {
	g.Helper()
	g.wait("the pool", func() error {
		found, err := g.look(w)
		if err != nil {
			return err
		}
		return found.checkQuiet(len(g.survivors()), g.lazy)
	})
}

// newcomer checks that the room of the dead is free again: a reader that wants all
// that the others leave is admitted and gets a frame.
func (g *stage) newcomer() {
	g.Helper()
	g.newcomerOf(bothModes[g.random.IntN(2)])
}

func (g *stage) newcomerOf(mode string) {
	g.Helper()
	c := drive.Start(g.T, drive.Consume, g.pool, drive.Setup{Args: []string{
		"--idle", "--mode=" + mode, fmt.Sprintf("--max-held=%d", stageRoom-quota*len(g.survivors())),
	}})
	defer c.Kill()
	pull := line.Order{Do: line.DoPull, Timeout: forAnswer.Microseconds()}
	answer := c.Ask(pull)
	for answer.Error == "end-of-stream" || g.closesItsPool() && answer.Error == "producer-lost" {
		answer = c.Ask(pull)
	}
	if answer.Error != "" {
		g.Fatalf("the next reader of mode %s: %s: %s", mode, answer.Error, answer.Text)
	}
	if answer := c.Ask(line.Order{Do: line.DoRelease, Hold: answer.Hold}); answer.Error != "" {
		g.Fatalf("the next reader of mode %s gave its frame back: %s", mode, answer.Text)
	}
	g.leave(c)
}

// hold makes a producer take all slots but the newest entry's.
func (g *stage) hold(w *writer) {
	g.Helper()
	if held := w.Ask(line.Order{Do: line.DoHold, Timeout: forAnswer.Microseconds()}); held.Slots != stageSlots-1 {
		g.Fatalf("%s got %d of %d slots: %s", w, held.Slots, stageSlots-1, held.Text)
	}
}

// checkReaderGone is what must hold after a reader's death: its producer gets all slots
// back, the seat, the quota and the lock are free, the others go on.
func (g *stage) checkReaderGone() {
	g.hold(g.producer)
	g.quiet(g.producer)
	g.producer.Ask(line.Order{Do: line.DoGo})
	g.newcomer()
	g.flows("")
}

// checkProducerGone is what must hold after a producer's death: the survivors read all
// of it, and the next producer finds them and everything in order.
func (g *stage) checkProducerGone(died *writer) {
	g.drained(g.examine(died))
	if g.memfd {
		g.hasNothing()
	}
	w := startPlanned(g.T, g.pool, writerPlan{memfd: g.other(), cramped: g.cramped}, crashAt{})
	defer w.Kill()
	w.awaitOpen(g.T)
	instance := g.instanceOf(w)
	files := 2 // of the pool and of the seats
	if w.plan.memfd {
		files = 1 // the socket
	}
	if found := names(g.dir, g.pool); len(found) != files {
		g.Fatalf("the next producer lives with %q", found)
	}
	g.flows(instance)
	g.hold(w)
	g.quiet(w)
	w.Ask(line.Order{Do: line.DoGo})
	if answer := w.Ask(line.Order{Do: line.DoEnd}); answer.Error != "" {
		g.Errorf("%s ended its stream with %s: %s", w, answer.Error, answer.Text)
	}
	g.leave(w.Peer)
	if left := names(g.dir, g.pool); len(left) > 0 {
		g.Fatalf("the next producer left %q", left)
	}
	for _, c := range g.survivors() {
		g.wait("a reader keeps a closed pool", func() error {
			pool, stats := c.Ask(line.Order{Do: line.DoPool}), c.Ask(line.Order{Do: line.DoStats})
			if pool.Instance != "" || stats.Held > 0 {
				return fmt.Errorf("it is attached to %q and holds %d frames", pool.Instance, stats.Held)
			}
			return nil
		})
	}
}

// leftovers puts there what a producer leaves that died before its pool had the name.
func (g *stage) leftovers() {
	prefix := "bips." + g.pool
	for _, name := range []string{prefix + ".0123456789abcdef.0.seats", prefix + ".0123456789abcdef.0.new", prefix + ".0123456789abcdef.7.seats", newSocket(g.pool)} {
		if err := os.WriteFile(filepath.Join(g.dir, name), nil, 0o600); err != nil {
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
		points := []string{"J4", "C7a", "C8c"}
		switch {
		case g.moves && g.memfd:
			points = append(points, "X3", "X4", "V3")
		case g.moves:
			points = append(points, "V1", "V2", "V3")
		case g.memfd:
			points = append(points, "T4", "T8", "T9")
		}
		for {
			plan := readerPlan{mode: bothModes[random.IntN(2)], maxHeld: 1, demotable: true}
			c := startReader(g.T, g.pool, plan, crashAt{point: points[random.IntN(len(points))], hit: 1})
			select {
			case <-c.Exited():
			case <-end:
				c.Kill()
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(end)
		<-ended
	})
}

// sendLazy lets readers of every frame come that do not read, one after the other, until stop is called.
func (g *stage) sendLazy() (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c := startReader(g.T, g.pool, readerPlan{mode: every, maxHeld: 1, pause: time.Hour, demotable: true}, crashAt{})
			select {
			case <-time.After(150 * time.Millisecond):
				c.Kill()
			case <-end:
				c.Kill()
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(end)
		<-ended
	})
}

// deleteNames deletes names of the pool every now and then, until stop is called.
func (g *stage) deleteNames() (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	random := rand.New(rand.NewPCG(g.random.Uint64(), 5))
	go func() {
		defer close(ended)
		for {
			select {
			case <-time.After(time.Duration(200+random.IntN(1500)) * time.Millisecond):
				drive.DeleteNames(g.T, g.pool, []string{drive.AllNames, drive.PoolName, drive.SeatsName, drive.LockName}[random.IntN(4)])
			case <-end:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(end)
		<-ended
	})
}

// named waits until the producer has its names again.
func (g *stage) named() {
	g.Helper()
	g.wait("the producer does not make its names again", func() error {
		if _, err := os.Lstat(filepath.Join(g.dir, "bips."+g.pool)); err != nil {
			return err
		}
		if _, err := g.look(g.producer); err != nil {
			return err
		}
		_, err := os.Stat(filepath.Join(g.dir, "bips."+g.pool+".lock"))
		return err
	})
}
