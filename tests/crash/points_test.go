package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
)

// scene says who dies where, and in what circumstances the steps before come about.
type scene struct {
	name   string
	victim string // producer, every, latest
	points string
	hits   int // the victim dies at one of the first so many hits

	drops     bool   // the producer drops frames that have no slot
	brief     bool   // the producer ends its pool again and again; the reader leaves and joins
	slowly    bool   // the producer lets its readers fall asleep before each frame
	lazy      bool   // a reader, the victim if that is one, holds the producer up until it is demoted
	relents   bool   // and then reads on
	takesOver bool   // a producer was killed just before, and its readers are still there
	mortals   bool   // there are readers that die
	cramped   bool   // the file system has no room for two pools
	replaced  bool   // the producer is killed and replaced again and again
	rests     bool   // the reader is suspended most of the time
	refused   bool   // the victim wants more than there is room for
	slow      string // a step after which the victim is slow
}

const (
	attaching = "A1 A2 A3a A3b A4a A4b A4c A5 A7 A8 A9 J1 J2 J3 J4 J6"
	leaving   = "L1 L2 L3 L4a L4b L4c L5 L6"
	resting   = "U1 U2 U3"
	loafing   = "U4a U4b U5 C7e" // of who does not want to be waited for, and then does
	reading   = "W1 C0 C1 C2 C3 C4a C4c C4d C5 C6 C7a C7b C8a C8b C8c C9 C10 C11 C12"
)

var scenes = []scene{
	{name: "a producer starts", victim: "producer", points: "S1 S2 S3 S4a S4b S4c S4d S4e S4f S5", hits: 2, brief: true},
	{name: "a producer takes a dead one's name", victim: "producer", points: "S1 S2 S3 S4a S4b S4c S4d S4e S4f S5", hits: 1, takesOver: true},
	{name: "a producer has no room beside a dead one's pool", victim: "producer", points: "S1 S2 S3 S6 S4a S4b S4c S4d S4e S4f S5", hits: 1, takesOver: true, cramped: true},
	{name: "a producer ends", victim: "producer", points: "Q1 Q2 Q3a Q3b Q4", hits: 3, brief: true},
	{name: "a producer publishes", victim: "producer", hits: 400,
		points: "P1a P1b P1c P1e P2a P2b P2c P3a P3b P3c P3d P3e P3f P4a P5a P5b W1"},
	{name: "a producer publishes to sleepers", victim: "producer", points: "P3a P3b P3c P3d P3e P3f", hits: 10, slowly: true},
	{name: "a producer has no slot", victim: "producer", points: "P4b P4e P4f W2", hits: 10},
	{name: "a producer drops frames", victim: "producer", points: "P4d", hits: 20, drops: true},
	{name: "a producer grants quotas", victim: "producer", points: "P1d P1f", hits: 2},
	{name: "a producer demotes a reader", victim: "producer", points: "D1 D2 D3 D4", hits: 1, lazy: true},
	{name: "a producer takes a demotion back", victim: "producer", points: "D6", hits: 1, lazy: true, relents: true},
	{name: "a producer cleans up after the dead", victim: "producer", points: "H1 P4c R1 R2 R3 R4a R4b R5 R6", hits: 2, mortals: true},

	{name: "a reader of every frame comes and goes", victim: "every", points: attaching + " J5 " + leaving + " " + resting + " " + loafing, hits: 5, brief: true},
	{name: "a reader of the latest comes and goes", victim: "latest", points: attaching + " " + leaving + " " + resting, hits: 5, brief: true},
	{name: "a reader of every frame reads", victim: "every", points: reading, hits: 50},
	{name: "a reader of the latest reads", victim: "latest", points: reading, hits: 50},
	{name: "a frame slips away from a reader of the latest", victim: "latest", points: "C7c C7d", hits: 5, slow: "C6"},
	{name: "a reader of every frame is demoted", victim: "every", points: "C7d", hits: 1, lazy: true},
	{name: "a reader wakes the producer", victim: "every", points: "W2", hits: 5},
	{name: "a reader is refused", victim: "latest", points: "A6", hits: 2, refused: true},
	{name: "a reader of every frame moves to the next producer", victim: "every", points: "C4e " + leaving + " " + attaching + " J5", hits: 2, replaced: true},
	{name: "a reader of the latest moves to the next producer", victim: "latest", points: "C4e " + leaving + " " + attaching, hits: 2, replaced: true},
	{name: "a reader of every frame lets go of a dead producer while it rests", victim: "every", points: "U6", hits: 2, replaced: true, rests: true},
	{name: "a reader of the latest lets go of a dead producer while it rests", victim: "latest", points: "U6", hits: 2, replaced: true, rests: true},
}

func TestTheScenesHaveEachPointThatTheCodeHasAndNoOther(t *testing.T) {
	files, err := filepath.Glob("../../bips/*.go")
	if err != nil {
		t.Fatal(err)
	}
	inCode, inScenes := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`crashpoint\.Hit\("([^"]*)"\)`).FindAllSubmatch(text, -1) {
			inCode[string(match[1])] = true
		}
	}
	for _, s := range scenes {
		for _, point := range strings.Fields(s.points) {
			inScenes[point] = true
			if !inCode[point] {
				t.Errorf("%s: the code has no point %s", s.name, point)
			}
		}
	}
	for point := range inCode {
		if !inScenes[point] {
			t.Errorf("no scene has the point %s, which the code has", point)
		}
	}
	t.Logf("%d points", len(inCode))
}

// Each scene has a pool of its own; most of the time it waits.
func TestADeathAtAnyStepHarmsNobodyElse(t *testing.T) {
	if !crashpoint.Enabled {
		t.Skip("this binary has no crash points: build it with -tags bipscrash, as tools/test fire does")
	}
	for i, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			if s.cramped {
				t.Setenv("BIPS_SHM_DIR", crampedFolder(t))
			} else {
				t.Parallel()
			}
			g := newStage(t, s, fmt.Sprintf("stage-%d", i))
			kills := 0
			for range times(t, 1) {
				points := strings.Fields(s.points)
				g.random.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
				for _, point := range points {
					g.die(crashAt{point: point, hit: 1 + g.random.IntN(s.hits), slow: s.slow})
					kills++
				}
			}
			g.end()
			t.Logf("run: %s | deaths %d | steps %d", s.name, kills, len(strings.Fields(s.points)))
		})
	}
}

// die lets a victim die and checks what it leaves.
func (g *stage) die(at crashAt) {
	defer func() {
		if g.Failed() {
			g.Logf("after a death at %s, hit %d", at.point, at.hit)
		}
	}()
	switch {
	case g.victim == "producer":
		g.producerDies(at)
	case g.replaced:
		g.readerMovesAndDies(at)
	default:
		g.readerDies(at)
	}
}

func (g *stage) producerDies(at crashAt) {
	g.leftovers()
	var before dead
	if g.takesOver {
		before = g.producerKilled()
	}
	stop := func() {}
	if g.mortals {
		stop = g.sendMortals()
	}
	defer stop()
	var lazy *reader
	if g.lazy {
		pause := time.Hour
		if g.relents {
			pause = 100 * time.Millisecond
		}
		lazy = g.reader(readerPlan{mode: every, pause: pause, demotable: true})
	}
	g.writer(at).Died()
	stop()
	if lazy != nil {
		lazy.Kill()
	}
	g.drained(before)
	g.checkProducerGone()
}

// producerKilled lets a producer come, be read, and be killed.
func (g *stage) producerKilled() dead {
	p := g.writer(crashAt{})
	g.flows("")
	p.Kill()
	return g.examine()
}

func (g *stage) readerDies(at crashAt) {
	plan := readerPlan{mode: g.victim, restless: g.brief}
	if g.refused {
		plan.maxHeld, plan.refused = stageSlots-1, true
	}
	if g.lazy {
		plan.pause, plan.demotable = 100*time.Millisecond, true
	}
	g.readerThatDies(plan, at).Died()
	g.checkReaderGone()
}

// readerMovesAndDies kills one producer after the other until the victim, which
// follows as the survivors do, dies of its own.
func (g *stage) readerMovesAndDies(at crashAt) {
	victim := g.readerThatDies(readerPlan{mode: g.victim, rests: g.rests}, crashAt{point: at.point, hit: 1 + at.hit})
	for end := time.Now().Add(patience); ; {
		select {
		case <-victim.Exited():
			victim.Died()
			g.checkReaderGone()
			return
		case <-time.After(time.Duration(60+g.random.IntN(60)) * time.Millisecond):
		}
		if time.Now().After(end) {
			victim.Died()
		}
		g.producer.Kill()
		d := g.examine()
		g.producer = g.writer(crashAt{})
		g.drained(d)
	}
}
