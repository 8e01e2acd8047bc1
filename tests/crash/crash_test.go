// Package crash kills processes, at random moments while they do one thing over and
// over, and at each named step of the protocol while others go on (points_test.go,
// connection_test.go). It checks after each kill that those who live have lost nothing and
// the next ones find everything in order. A pool is looked at in its files (segment_test.go),
// or, over connections, in what its producer has open and mapped (memory_test.go).
// BIPS_CRASH_TIMES says how often each thing is interrupted, and how often a process dies
// at each step; BIPS_CRASH_MOST_HITS after how many hits of a point at most.
//
// The processes are peers (tests/peer/README.md), of any language. Those that die at a step
// are to have crash points.
package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

const (
	poolName = "crash"
	slots    = 8
	patience = drive.Patience
)

// Modes of readers, other than as their frames want it.
const (
	latest = "latest"
	every  = "every"
)

var bothModes = []string{latest, every}

func TestMain(m *testing.M) { drive.Role(nil).Run(m) }

// producerArgs are the options of producers that are killed at random moments, and of those after them.
var producerArgs = []string{fmt.Sprintf("--slots=%d", slots), "--slot-size=64", fmt.Sprintf("--busy=%d", patience.Microseconds())}

// Backends, as peers have them.
const (
	shm   = "shm"
	memfd = "memfd"
)

var bothBackends = []string{shm, memfd}

// times is how often each thing is interrupted by a kill, unless BIPS_CRASH_TIMES says otherwise.
func times(t *testing.T, otherwise int) int {
	text := os.Getenv("BIPS_CRASH_TIMES")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// victim is a process that is about to be killed.
type victim struct {
	*drive.Peer
	opened chan struct{}
}

func startVictim(t *testing.T, kind string, args ...string) victim {
	t.Helper()
	v := victim{opened: make(chan struct{})}
	open := sync.OnceFunc(func() { close(v.opened) })
	v.Peer = drive.Start(t, kind, poolName, drive.Setup{Args: args, Heard: func(l *line.Line) {
		switch l.Event {
		case line.Opened:
			open()
		case line.Wrong:
			t.Errorf("a %sr: %s: %s", kind, l.What, l.Text)
		}
	}})
	t.Cleanup(v.Kill)
	return v
}

// killSoon kills the process some moments after it has begun, and waits for the
// kernel. A moment is short; now and then it is long enough for a consumer to look
// for the pool again.
func (v victim) killSoon(t *testing.T, random *rand.Rand) {
	t.Helper()
	select {
	case <-v.opened:
	case <-v.Exited():
		t.Fatalf("%s ended before it began: %s", v, v.Complaints())
	}
	moment := 2 * time.Millisecond
	if random.IntN(4) == 0 {
		moment = 120 * time.Millisecond
	}
	time.Sleep(time.Duration(random.Int64N(int64(moment))))
	v.Kill()
}

func newRandom(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestAConsumerKilledAnywhereLeavesNothingThatTheProducerCannotTakeBack(t *testing.T) {
	for name, option := range map[string]string{"join and leave": "--brief=1", "pull and release": "--restless=4"} {
		for _, backend := range bothBackends {
			t.Run(name+" over "+backend, func(t *testing.T) { killConsumers(t, option, backend) })
		}
	}
}

// killConsumers kills consumers of one producer, two at a time.
func killConsumers(t *testing.T, option, backend string) {
	testmain.Dir(t)
	random := newRandom(t)
	p := startWriter(t, poolName, append([]string{"--quiet", "--backend=" + backend}, producerArgs...), crashAt{})
	defer p.Kill()
	p.awaitOpen(t)
	for range times(t, 60) {
		var victims []victim
		for range 2 {
			victims = append(victims, startVictim(t, drive.Consume, option, "--max-held=2", "--mode="+bothModes[random.IntN(2)]))
		}
		for _, v := range victims {
			v.killSoon(t, random)
		}
		pullAll(t, p)
	}
	stats := p.Ask(line.Order{Do: line.DoStats})
	t.Logf("%d kills, %d frames published, %d seats reclaimed", 2*times(t, 60), stats.Published, stats.Reclaimed)
	p.Leave()
}

// pullAll lets a producer take every slot but the newest entry's; then a new reader's quota fits,
// and when that has left nobody is there.
func pullAll(t *testing.T, p *writer) {
	t.Helper()
	if held := p.Ask(line.Order{Do: line.DoHold, Timeout: forAnswer.Microseconds()}); held.Slots != slots-1 {
		t.Fatalf("it got %d of %d slots: %s", held.Slots, slots-1, held.Text)
	}
	p.Ask(line.Order{Do: line.DoGo})
	c := drive.Start(t, drive.Consume, poolName, drive.Setup{Args: []string{"--idle", fmt.Sprintf("--max-held=%d", slots-4)}})
	defer c.Kill()
	if answer := c.Ask(line.Order{Do: line.DoPull, Timeout: forAnswer.Microseconds()}); answer.Error != "" {
		t.Fatalf("the next reader: %s: %s", answer.Error, answer.Text)
	}
	c.Leave()
	for start := time.Now(); ; time.Sleep(time.Millisecond) { // housekeeping comes
		stats := p.Ask(line.Order{Do: line.DoStats})
		if stats.Consumers == 0 {
			return
		}
		if time.Since(start) > patience {
			t.Fatalf("%+v", *stats)
		}
	}
}

func TestAProducerKilledAnywhereLeavesTheNameToTheNext(t *testing.T) {
	// Whoever comes next may have the other backend.
	for name, options := range map[string][]string{"create and close": {"--brief=1"}, "publish": nil} {
		t.Run(name, func(t *testing.T) {
			dir := testmain.Dir(t)
			random := newRandom(t)
			c := startReader(t, poolName, readerPlan{mode: every, maxHeld: 3}, crashAt{})
			defer c.Kill()
			for round := range times(t, 60) {
				backend := func() string { return "--backend=" + bothBackends[random.IntN(2)] }
				startVictim(t, drive.Produce, append(append([]string{backend()}, options...), producerArgs...)...).killSoon(t, random)
				tokens := make(chan string, 1)
				p := drive.Start(t, drive.Produce, poolName, drive.Setup{
					Args: append([]string{"--quiet", backend()}, producerArgs...),
					Heard: func(l *line.Line) {
						if l.Event == line.Opened {
							tokens <- l.Token
						}
					},
				})
				t.Cleanup(p.Kill)
				readFrom(t, p, tokens, c)
				p.Leave()
				if left := testmain.Names(dir); len(left) > 0 {
					t.Fatalf("round %d: %q", round, left)
				}
			}
			t.Logf("%d kills, %d frames", times(t, 60), c.report().frames)
			c.Leave()
		})
	}
}

// readFrom waits until the consumer, which may have to find out first that the last
// producer is gone, has frames of a new one.
func readFrom(t *testing.T, p *drive.Peer, tokens <-chan string, c *reader) {
	t.Helper()
	var token string
	select {
	case token = <-tokens:
	case <-p.Exited():
		t.Fatalf("the next producer: %s", p.Complaints())
	case <-time.After(patience):
		t.Fatal("the next producer does not come")
	}
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		told := c.report()
		if last := told.spans[len(told.spans)-1]; last.Token == token && last.Last > 1 {
			return
		}
		if time.Since(start) > patience {
			t.Fatalf("the consumer did not find the next producer: %+v", told)
		}
	}
}
