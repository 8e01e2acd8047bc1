package crash

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
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
	closes    bool   // the producer ends its pool and makes it again, and a reader dies
	rests     bool   // the reader is suspended most of the time
	refused   bool   // there is a reader, the victim if that is one, that wants more than there is room for
	moves     bool   // the producer moves to larger slots again and again
	unnamed   bool   // the pool's names are deleted again and again
	keys      bool   // readers ask for key frames
	memfd     bool   // the producer hands its pool to readers over connections
	crowded   bool   // many connect and say nothing
	starved   bool   // the producer gets no more descriptors
	leavers   bool   // there are readers that leave again and again, and give back what they hold after that
	slow      string // a step after which the victim is slow
}

// closesItsPool reports whether the producer closes its pool now and then, also without an end of its stream, and makes it again: one
// that moves begins small again when its slots have grown enough. Who has joined by then and read nothing yet is told that it is lost.
func (s *scene) closesItsPool() bool { return s.closes || s.moves }

const (
	starting  = "S1 S2 S3 S4a S4b S4c S4d S4e S4f S5"
	attaching = "A1 A2 A3 A4a A4b A4c A5 A6 A7 A8 A9 J3 J4 J5 J6 J7"
	leaving   = "L1 L2 L3 L4a L4b L5 L6"
	resting   = "U1 U2 U3"
	loafing   = "U4a U4b U5" // of who does not want to be waited for, and then does
	reading   = "W1 C1 C2 C3a C3b C4a C4c C4d C5 C6 C7a C7b C8b C8c C9 C10 C11 C12"
	following = "V1 V2 V3 V4 V5"
	remaking  = "M2a M2b M3 M4a M4b M5a M5b M6a M6b"
	moving    = "M0 M1 " + remaking
)

var scenes = []scene{
	{name: "a producer starts", victim: "producer", points: starting, hits: 2, brief: true},
	{name: "a producer takes a dead one's name", victim: "producer", points: starting, hits: 1, takesOver: true},
	{name: "a producer has no room beside a dead one's pool", victim: "producer", points: "S6 " + starting, hits: 1, takesOver: true, cramped: true},
	{name: "a producer ends", victim: "producer", points: "Q1 Q2 Q3a Q3b Q3c Q4", hits: 3, brief: true},
	{name: "a producer ends while readers are on their way", victim: "producer", points: "Q0 Q1 Q3a Q3c", hits: 2, brief: true, moves: true},
	{name: "a producer publishes", victim: "producer", hits: 400,
		points: "P1a P1b P1c P1d P2a P2b P2c P3a P3b P3c P3d P3e P3f P4a P5a P5b W1"},
	{name: "a producer publishes to sleepers", victim: "producer", points: "P3a P3b P3c P3d P3e P3f", hits: 10, slowly: true},
	{name: "a producer ends its stream", victim: "producer", points: "E1 E2 E3", hits: 10},
	{name: "a producer has no slot", victim: "producer", points: "P4b P4e P4f W2", hits: 10},
	{name: "a producer drops frames", victim: "producer", points: "P4d", hits: 20, drops: true},
	{name: "a producer grants pins", victim: "producer", points: "G1 G2 G4a G4b", hits: 2},
	{name: "a producer refuses a reader", victim: "producer", points: "G1 G2 G3 G4a G4b", hits: 4, refused: true},
	{name: "a producer demotes a reader", victim: "producer", points: "D1 D2 D3 D4", hits: 1, lazy: true},
	{name: "a producer takes a demotion back", victim: "producer", points: "D5", hits: 1, lazy: true, relents: true},
	{name: "a producer cleans up after the dead", victim: "producer", points: "H1 P4c R1 R2 R3 R4 R5 R6", hits: 2, mortals: true},
	{name: "a producer keeps house", victim: "producer", points: "H1 H2 H5", hits: 10},
	{name: "a producer looks after its names", victim: "producer", points: "H4", hits: 1},
	{name: "a producer is asked for key frames", victim: "producer", points: "F3", hits: 3, keys: true},
	{name: "a producer moves", victim: "producer", points: moving + " S4a S4b S4c S4d S4e S4f K1 K3 H3 P1c P3a P3d P5a", hits: 4, moves: true},
	{name: "a producer moves and does not wait for a reader", victim: "producer", points: "K4 K5 D4 " + moving, hits: 1, moves: true, lazy: true},
	{name: "a producer moves while readers die on the way", victim: "producer", points: "K2 R1 R2 R3 R6 " + moving, hits: 3, moves: true, mortals: true},
	{name: "a producer moves and drops frames", victim: "producer", points: "P4d " + moving, hits: 3, moves: true, drops: true},
	{name: "a producer makes its names again", victim: "producer", points: "N1 N2 N3 " + remaking, hits: 1, unnamed: true},

	{name: "a reader of every frame comes and goes", victim: "every", points: "J1 J2 " + attaching + " " + leaving + " " + resting + " " + loafing, hits: 5, brief: true},
	{name: "a reader of the latest comes and goes", victim: "latest", points: attaching + " " + leaving + " " + resting, hits: 5, brief: true},
	{name: "a reader of every frame reads", victim: "every", points: reading, hits: 50},
	{name: "a reader of the latest reads", victim: "latest", points: reading, hits: 50},
	{name: "a reader of every frame holds as many as it may", victim: "every", points: "C0", hits: 10},
	{name: "a reader of the latest holds as many as it may", victim: "latest", points: "C0", hits: 10},
	{name: "a reader of every frame is told of ends", victim: "every", points: "C8a", hits: 3},
	{name: "a reader of the latest is told of ends", victim: "latest", points: "C8a", hits: 3},
	{name: "a frame slips away from a reader of the latest", victim: "latest", points: "C7c", hits: 5, slow: "C6"},
	{name: "frames are gone for a reader of every frame that was not waited for", victim: "every", points: "C7e U5", hits: 5, brief: true, slow: "U4b"},
	{name: "a reader of every frame is demoted", victim: "every", points: "C7d", hits: 1, lazy: true},
	{name: "a reader wakes the producer", victim: "every", points: "W2", hits: 5},
	{name: "a reader is refused", victim: "latest", points: "A10", hits: 2, refused: true},
	{name: "a reader of every frame asks for key frames", victim: "every", points: "F1 F2", hits: 5, keys: true},
	{name: "a reader of every frame goes on to the next producer", victim: "every", points: "C4e J1 J2 " + leaving + " " + attaching, hits: 2, replaced: true},
	{name: "a reader of the latest goes on to the next producer", victim: "latest", points: "C4e " + leaving + " " + attaching, hits: 2, replaced: true},
	{name: "a reader of every frame sees a pool closed", victim: "every", points: "C3d C3c", hits: 3, closes: true},
	{name: "a reader of the latest sees a pool closed", victim: "latest", points: "C3d C3c", hits: 3, closes: true},
	{name: "a reader of every frame lets go of a dead producer while it rests", victim: "every", points: "U6", hits: 2, replaced: true, rests: true},
	{name: "a reader of the latest lets go of a dead producer while it rests", victim: "latest", points: "U6", hits: 2, replaced: true, rests: true},
	{name: "a reader of every frame follows a move", victim: "every", points: following + " L1 L3 L4a L6 C7a C8b C10", hits: 5, moves: true},
	{name: "a reader of the latest follows a move", victim: "latest", points: following + " L1 L3 L4a L6 C7a C8b C10", hits: 5, moves: true},
	{name: "a reader of every frame that comes and goes follows moves", victim: "every", points: "J1 J2 J7 A9 " + following + " " + resting + " " + loafing, hits: 3, moves: true, brief: true},
	{name: "a reader of every frame that rests follows a move", victim: "every", points: "U7 V1 V2 V3 V4 V5", hits: 2, moves: true, rests: true},
	{name: "a reader of the latest that rests follows a move", victim: "latest", points: "U7 V1 V2 V3 V4 V5", hits: 2, moves: true, rests: true},
	{name: "a reader of every frame follows the names that are made again", victim: "every", points: following, hits: 1, unnamed: true},
}

// sources are where the clients that can die at a step name their points: files, and what a point looks like there.
var sources = map[string]*regexp.Regexp{
	"../../bips/*.go":       regexp.MustCompile(`crashpoint\.Hit\("([^"]*)"\)`),
	"../../libbips/src/*.c": regexp.MustCompile(`\bHIT\("([^"]*)"\)`),
}

func TestTheScenesHaveEachPointThatTheCodeHasAndNoOther(t *testing.T) {
	for pattern, point := range sources {
		t.Run(filepath.Dir(pattern), func(t *testing.T) { compareWithScenes(t, pattern, point) })
	}
}

func compareWithScenes(t *testing.T, pattern string, point *regexp.Regexp) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	inCode, inScenes := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range point.FindAllSubmatch(text, -1) {
			inCode[string(match[1])] = true
		}
	}
	for _, s := range allScenes() {
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

// mostHits is after how many hits of a point a victim dies at most, unless BIPS_CRASH_MOST_HITS says fewer: for peers that take long to get that far.
func mostHits(t *testing.T) int {
	most, err := strconv.Atoi(cmp.Or(os.Getenv("BIPS_CRASH_MOST_HITS"), "1000"))
	if err != nil || most < 1 {
		t.Fatalf("BIPS_CRASH_MOST_HITS is %q, and has to be a number from 1 on", os.Getenv("BIPS_CRASH_MOST_HITS"))
	}
	return most
}

// Each scene has a pool of its own; most of the time it waits.
func TestADeathAtAnyStepHarmsNobodyElse(t *testing.T) {
	if !crashpoint.Enabled {
		t.Skip("this binary has no crash points: build it with -tags bipscrash, as tools/test fire does")
	}
	for i, s := range allScenes() {
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
					g.die(crashAt{point: point, hit: 1 + g.random.IntN(min(s.hits, mostHits(t))), slow: s.slow})
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
	var before dead
	if g.takesOver {
		before = g.producerKilled()
	}
	g.leftovers()
	stop := g.surround()
	defer stop()
	w := g.writer(at)
	late := func() {}
	if g.starved {
		w.starve(g.T)
		late = g.reader(readerPlan{mode: latest}).Kill
	}
	w.Died()
	late()
	stop()
	g.drained(before)
	g.checkProducerGone(w)
}

// surround lets what a producer has to cope with begin, and returns what ends it.
func (g *stage) surround() (stop func()) {
	var stops []func()
	if g.mortals {
		stops = append(stops, g.sendMortals())
	}
	if g.unnamed {
		stops = append(stops, g.deleteNames())
	}
	if g.leavers {
		for _, mode := range bothModes {
			stops = append(stops, g.reader(readerPlan{mode: mode, maxHeld: 1, lingers: true}).Kill)
		}
	}
	if g.crowded {
		stops = append(stops, g.sendCrowd())
	}
	if g.refused {
		stops = append(stops, g.reader(readerPlan{mode: latest, maxHeld: stageSlots - 1, refused: true}).Kill)
	}
	switch {
	case g.lazy && g.moves: // whether one is demoted before a move or on the way is a matter of luck
		stops = append(stops, g.sendLazy())
	case g.lazy && g.relents:
		stops = append(stops, g.reader(readerPlan{mode: every, pause: 100 * time.Millisecond, demotable: true}).Kill)
	case g.lazy:
		stops = append(stops, g.reader(readerPlan{mode: every, pause: time.Hour, demotable: true}).Kill)
	}
	return func() {
		for _, s := range stops {
			s()
		}
	}
}

// producerKilled lets a producer come, be read, and be killed.
func (g *stage) producerKilled() dead {
	p := g.start(writerPlan{memfd: g.other(), cramped: g.cramped}, crashAt{})
	g.flows("")
	return g.kill(p)
}

func (g *stage) readerDies(at crashAt) {
	plan := readerPlan{mode: g.victim, restless: g.brief, rests: g.rests, keys: g.keys}
	stop := func() {}
	if g.unnamed {
		stop = g.deleteNames()
	}
	defer stop()
	if g.refused {
		plan.maxHeld, plan.refused = stageSlots-1, true
	}
	if g.lazy {
		plan.pause, plan.demotable = 100*time.Millisecond, true
	}
	g.readerThatDies(plan, at).Died()
	stop()
	if g.unnamed {
		g.named()
	}
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
		d := g.kill(g.producer)
		g.producer = g.writer(crashAt{})
		g.drained(d)
	}
}
