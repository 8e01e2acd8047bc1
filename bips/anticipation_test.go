package bips

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const frame30 = time.Second / 30

// paceOf notes frames that are published so far apart.
func paceOf(intervals ...time.Duration) (p pace, last time.Duration) {
	last = time.Hour
	p.note(1, last)
	for i, interval := range intervals {
		last += interval
		p.note(uint64(i)+2, last)
	}
	return p, last
}

func repeat(interval time.Duration, n int) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = interval
	}
	return all
}

func TestSteadyFramesAreAnticipated(t *testing.T) {
	p, last := paceOf(repeat(frame30, 20)...)
	if got, want := p.untilAnticipation(last), frame30-anticipationLead; got != want {
		t.Errorf("wakes after %v, want %v", got, want)
	}
	if got := p.untilAnticipation(last + frame30); got != 0 {
		t.Errorf("wakes %v after the frame was due", got)
	}
}

func TestSkippedFramesDoNotChangeThePace(t *testing.T) {
	p, last := paceOf(repeat(frame30, 20)...)
	p.note(25, last+4*frame30) // 21 is the last one noted
	if got, want := p.untilAnticipation(last+4*frame30), frame30-anticipationLead; got != want {
		t.Errorf("wakes after %v, want %v", got, want)
	}
}

func TestNothingIsAnticipatedWithoutASteadyPace(t *testing.T) {
	uneven := repeat(frame30, 40)
	for i := range uneven {
		uneven[i] += time.Duration(i%2) * 2 * time.Millisecond
	}
	for what, intervals := range map[string][]time.Duration{
		"one frame":              nil,
		"two frames":             repeat(frame30, 1),
		"frames flat out":        repeat(20*time.Microsecond, 40),
		"one every two seconds":  repeat(2*time.Second, 40),
		"a camera that is jerky": uneven,
		"a clock that stands":    repeat(0, 40),
		"a clock that runs back": repeat(-frame30, 40),
	} {
		p, last := paceOf(intervals...)
		if got := p.untilAnticipation(last); got != 0 {
			t.Errorf("%s: wakes after %v", what, got)
		}
	}
}

func TestANewProducerStartsANewPace(t *testing.T) {
	p, last := paceOf(repeat(frame30, 20)...)
	p.note(1, last+frame30)
	if got := p.untilAnticipation(last + frame30); got != 0 {
		t.Errorf("wakes after %v, by the pace of the one before", got)
	}
}

func TestWhateverTimesAPoolClaimsNoSleepGetsLongerThanTheLimitOfAPace(t *testing.T) {
	odd := []uint64{0, 1, 2, 63, 64, 65, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64 - 1, math.MaxUint64}
	random := rand.New(rand.NewPCG(1, 2))
	var p pace
	for range 100_000 {
		p.note(odd[random.IntN(len(odd))], time.Duration(odd[random.IntN(len(odd))]))
		if random.IntN(4) == 0 {
			p.note(p.sequence+1, p.at+time.Duration(random.Int64N(int64(2*maxPace))))
		}
		if got := p.untilAnticipation(p.at); got < 0 || got > maxPace {
			t.Fatalf("%+v: %v", p, got)
		}
	}
}
