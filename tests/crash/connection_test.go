package crash

import (
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// Steps of the backend memfd: of its own procedures, and of those that it does in another way.
const (
	making      = "B1 B2 B3 S4e S4f B4"
	opening     = "S1 S2 S3 " + making + " B5 S5"
	offering    = "Y1 O1 O2 O3 O4 O5 O6 O7 O8"
	connecting  = "T1 T2 T3 T4 T5 T6 T7 T8 T9 J3 J4 J5 J6 J7"
	moveOver    = making + " M2a M2b M3 M4a M4b M5a M5b M6a M6b"
	transferred = "X3 X4 V3 V4 V5"
)

// connectionScenes are those in which the producer hands its pool to readers over connections. Its memory has no name: what it had published
// when it died, it has said before; what the living have, /proc shows. Its predecessor and its successor may be of the other backend.
var connectionScenes = []scene{
	{name: "a producer with connections starts", victim: "producer", points: opening + " " + offering, hits: 2, brief: true},
	{name: "a producer with connections takes a dead one's name", victim: "producer", points: opening + " " + offering, hits: 1, takesOver: true},
	{name: "a producer with connections ends", victim: "producer", points: "Q1 Q2 Q3a Q3c Q4 O10", hits: 3, brief: true},
	{name: "a producer with connections ends while readers are on their way", victim: "producer", points: "Q0 Q1 Q3a Q3c", hits: 2, brief: true, moves: true},
	{name: "a producer with connections publishes to sleepers", victim: "producer", points: "P3d P3e P3f", hits: 10, slowly: true},
	{name: "a producer with connections has no slot", victim: "producer", points: "P4a P4b P4e P4f W2", hits: 10},
	{name: "a producer with connections refuses a reader", victim: "producer", points: "Y1 O1 G1 G2 G3 G4a G4b O10", hits: 4, refused: true},
	{name: "a producer with connections loses readers", victim: "producer", points: "O2 O3 O4 O5 O6 O7 O8 O10", hits: 5, mortals: true},
	{name: "a producer with connections is asked for key frames", victim: "producer", points: "O9 F3", hits: 3, keys: true},
	{name: "a producer with connections demotes a reader", victim: "producer", points: "D1 D2 D3 D4", hits: 1, lazy: true},
	{name: "a producer with more connections than it can take", victim: "producer", points: "Y2", hits: 5, crowded: true},
	{name: "a producer with connections has no descriptor left", victim: "producer", points: "Y3", hits: 2, starved: true},
	{name: "a producer with connections moves", victim: "producer", points: moveOver + " X1 X2 X5 O6 O7 O8 K1 K3 H3 P1c P3a P3d P5a", hits: 4, moves: true},
	{name: "a producer with connections moves and does not wait for a reader", victim: "producer", points: "K4 K5 D4 X1 X2 X5 O10 " + moveOver, hits: 1, moves: true, lazy: true},
	{name: "a producer with connections moves while readers die on the way", victim: "producer", points: "X1 X2 X5 O10 " + moveOver, hits: 3, moves: true, mortals: true},
	{name: "a producer with connections moves while readers leave", victim: "producer", points: "K1 K2 X1 X2 X5 X6 O10", hits: 3, moves: true, leavers: true},
	{name: "a producer with connections makes its names again", victim: "producer", points: "N1 N2 N3 B5", hits: 1, unnamed: true},

	{name: "a reader of every frame connects and leaves", victim: "every", points: "J1 J2 U4a U4b U5 " + connecting + " " + leaving + " " + resting, hits: 5, brief: true},
	{name: "a reader of the latest connects and leaves", victim: "latest", points: connecting + " " + leaving + " " + resting, hits: 5, brief: true},
	{name: "a reader that connects is refused", victim: "latest", points: "T1 T4 T5", hits: 5, refused: true},
	{name: "a reader that is connected sleeps and wakes", victim: "every", points: "C4a C4c C4d W1 C10 C12", hits: 20, slowly: true},
	{name: "a reader that is connected wakes the producer", victim: "every", points: "W2", hits: 5},
	{name: "a reader that is connected asks for key frames", victim: "every", points: "F1 F2", hits: 5, keys: true},
	{name: "a reader of every frame connects to the next producer", victim: "every", points: "C4e " + connecting + " " + leaving, hits: 2, replaced: true},
	{name: "a reader of the latest connects to the next producer", victim: "latest", points: "C4e " + connecting + " " + leaving, hits: 2, replaced: true},
	{name: "a reader that is connected sees a pool closed", victim: "latest", points: "C3d C3c", hits: 3, closes: true},
	{name: "a reader that is connected lets go of a dead producer while it rests", victim: "every", points: "U6", hits: 2, replaced: true, rests: true},
	{name: "a reader of every frame follows a move over its connection", victim: "every", points: transferred + " L1 L3 L4a L6 C7a C8b C10", hits: 5, moves: true},
	{name: "a reader of the latest follows a move over its connection", victim: "latest", points: transferred + " L1 L3 L4a L6 C7a C8b C10", hits: 5, moves: true},
	{name: "a reader of every frame that connects and leaves follows moves", victim: "every", points: "J1 J2 J7 T6 T9 U4a U4b U5 " + transferred + " " + resting, hits: 3, moves: true, brief: true},
	{name: "a reader of every frame that rests follows a move over its connection", victim: "every", points: "U7 " + transferred, hits: 2, moves: true, rests: true},
	{name: "a reader of the latest that rests follows a move over its connection", victim: "latest", points: "U7 " + transferred, hits: 2, moves: true, rests: true},
	{name: "a reader connects by a name that is made again", victim: "every", points: "T1 T2 T4 T6 T9", hits: 3, brief: true, unnamed: true},
}

// allScenes are those of both backends.
func allScenes() []scene {
	all := slices.Clone(scenes)
	for _, s := range connectionScenes {
		s.memfd = true
		all = append(all, s)
	}
	return all
}

// crowd is how many connections come at once: more than a producer accepts at once.
const crowd = 100

// sendCrowd lets many connect again and again that say nothing, until stop is called.
func (g *stage) sendCrowd() (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	path := filepath.Join(g.dir, "bips."+g.pool)
	go func() {
		defer close(ended)
		for {
			var connections []raw.Conn
			for range crowd {
				if c, err := raw.Dial(path); err == nil { // else there is no producer, or no room in its backlog
					connections = append(connections, c)
				}
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-end:
			}
			for _, c := range connections {
				c.Close()
			}
			select {
			case <-end:
				return
			default:
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(end)
		<-ended
	})
}
