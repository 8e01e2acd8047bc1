package elements

import (
	"testing"
	"time"
)

func TestAKeyFrameIsAskedForWhereAStreamBeginsAndAgainUntilOneComes(t *testing.T) {
	var n keyFrameNeed
	n.begins()
	at := time.Hour
	for i, c := range []struct {
		later time.Duration
		delta bool
		wants bool
	}{
		{0, true, true},
		{10 * ms, true, false},
		{keyFrameRepeat - 20*ms, true, false},
		{10 * ms, true, true}, // a second is over, and none has come
		{10 * ms, true, false},
		{10 * ms, false, false}, // here it is
		{keyFrameRepeat, true, false},
	} {
		at += c.later
		if got := n.wants(c.delta, at); got != c.wants {
			t.Errorf("frame %d: asks: %v, want %v", i, got, c.wants)
		}
	}
	n.begins() // a pause, or another producer: that has nothing to do with when it asked before
	if !n.wants(true, at) || n.wants(true, at) {
		t.Error("it has to ask once where the next stream begins")
	}
}

// Who loses frames again and again must not have the encoder make nothing but key frames.
func TestAKeyFrameIsAskedForBehindAGapAndAtMostOnceASecond(t *testing.T) {
	var n keyFrameNeed
	asked := 0
	const frame = 10 * ms
	for i := range 1000 { // ten seconds, in which each tenth frame is a key frame
		n.lost()
		if n.wants(i%10 != 0, time.Hour+time.Duration(i)*frame) {
			asked++
		}
	}
	if asked < 8 || asked > 10 {
		t.Errorf("asked %d times in ten seconds, want about once a second", asked)
	}
	n = keyFrameNeed{}
	if n.wants(true, time.Hour) {
		t.Error("it asks without a need")
	}
}

func TestKeyFrameTimesAreDueInTheirOrderAndOnce(t *testing.T) {
	var k keyFrameTimes
	k.reset()
	if k.due(time.Hour) {
		t.Error("due before any was wanted")
	}
	for _, at := range []time.Duration{3 * time.Second, time.Second, 2 * time.Second, time.Second} {
		k.add(at)
	}
	for i, c := range []struct {
		now time.Duration
		due bool
	}{
		{time.Second - 1, false}, {time.Second, true}, {time.Second, false}, {1500 * ms, false},
		{4 * time.Second, true}, // two at a time
		{5 * time.Second, false},
	} {
		if got := k.due(c.now); got != c.due {
			t.Errorf("look %d, at %v: due: %v, want %v", i, c.now, got, c.due)
		}
	}
	for i := range 2 * maxKeyFrameTimes {
		k.add(time.Duration(i) * time.Minute)
	}
	if len(k.times) != maxKeyFrameTimes {
		t.Errorf("it remembers %d times", len(k.times))
	}
	k.reset()
	if k.due(24 * time.Hour) {
		t.Error("due after they were forgotten")
	}
}
