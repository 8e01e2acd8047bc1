package stress

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// roundLength is how long one pool is under fire.
const roundLength = 1500 * time.Millisecond

func TestNothingIsTornLostOrStuckUnderFire(t *testing.T) {
	seconds := setting(t, "BIPS_STRESS_SECONDS", 22)
	seed := setting(t, "BIPS_STRESS_SEED", uint64(time.Now().UnixNano()))
	t.Logf("BIPS_STRESS_SEED=%d", seed)
	var total totals
	began := time.Now()
	rounds := 0
	for ; time.Since(began) < time.Duration(seconds)*time.Second && !t.Failed(); rounds++ {
		t.Run(fmt.Sprintf("seed %d", seed+uint64(rounds)), func(t *testing.T) {
			runRound(t, seed+uint64(rounds), roundLength, &total)
		})
		if rounds%40 == 39 {
			t.Logf("%v: %v", time.Since(began).Round(time.Second), &total)
		}
	}
	t.Logf("%d rounds in %v from seed %d: %v", rounds, time.Since(began).Round(time.Second), seed, &total)
	t.Logf("run: seeds from %d | rounds %d | frames published %d | delivered %d | consumers killed %d | producers killed %d | stopped %d | restarts %d | moves %d | names deleted %d | gave way %d",
		seed, rounds, total.published, total.delivered, total.consumerKills, total.producerKills, total.stops, total.restarts, total.moves, total.deletions, total.gaveWay)
}

func (n *totals) String() string {
	return fmt.Sprintf("%d frames published, %d delivered, %d consumers and %d producers killed, %d stopped, %d left, %d restarts, "+
		"%d seats reclaimed, %d readers demoted, %d frames lost by the policies and counted, %d times full, "+
		"%d moves, %d times names deleted, %d producers gave way to another, %d readers lost on the way after a move",
		n.published, n.delivered, n.consumerKills, n.producerKills, n.stops, n.closes, n.restarts, n.reclaimed, n.demoted, n.lost, n.refused,
		n.moves, n.deletions, n.gaveWay, n.nameless)
}

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value
}
