package elements

import (
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

func TestLatencyAnswers(t *testing.T) {
	const frame = 10 * ms
	for _, c := range []struct {
		name            string
		mode            bips.Mode
		room            int
		deadline        time.Duration
		upstream        bips.Time
		way             time.Duration
		least, greatest time.Duration
	}{
		{"latest, whatever the producer's latency is", bips.Latest, 12, 5 * ms, bips.TimeOf(2 * time.Second), 3 * ms, 5 * ms, 125 * ms},
		{"every, of a camera", bips.Every, 12, 5 * ms, bips.TimeOf(33 * ms), 34 * ms, 38 * ms, 154 * ms},
		{"every, more than the pool can keep", bips.Every, 12, 0, bips.TimeOf(2 * time.Second), 20 * ms, 2 * time.Second, 140 * ms},
		{"every, not live", bips.Every, 12, 20 * ms, bips.Time{}, 0, 20 * ms, unlimited},
		{"few slots", bips.Latest, 1, 0, bips.Time{}, 0, 0, frame},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l sourceLatency
			l.reset(c.deadline)
			if least, greatest := l.query(); least != c.deadline || greatest != unlimited {
				t.Errorf("before there is a pool: %v to %v", least, greatest)
			}
			l.attached(c.room)
			f := framed(0, c.way)
			f.Mode, f.Latency = c.mode, c.upstream
			if !l.note(f, frame) {
				t.Error("the first frame changed nothing")
			}
			if least, greatest := l.query(); least != c.least || greatest != c.greatest {
				t.Errorf("%v to %v, want %v to %v", least, greatest, c.least, c.greatest)
			}
			f.PublishTime += ms
			if l.note(f, frame) {
				t.Error("the same frame again changed the answer")
			}
		})
	}
}

func TestLatencyFollowsTheProducersOwn(t *testing.T) {
	var l sourceLatency
	l.reset(0)
	l.attached(12)
	f := encoded(framed(0, 20*ms), 0, 0, 20*ms)
	f.Mode = bips.Every
	l.note(f, usualFrame)
	f.Latency = bips.TimeOf(500 * ms)
	if !l.note(f, usualFrame) {
		t.Error("another latency of the producer changed nothing")
	}
	if least, _ := l.query(); least != 500*ms {
		t.Errorf("least latency %v", least)
	}
}

func TestLatencyIsTooLongWhereThePoolKeepsFramesForLess(t *testing.T) {
	var l sourceLatency
	l.reset(0)
	l.attached(12)
	f := encoded(framed(0, 20*ms), 0, 0, 2*time.Second)
	f.Mode = bips.Every
	l.note(f, 10*ms) // the pool keeps 140 ms
	l.configure(2 * time.Second)
	if !l.isTooLong() {
		t.Error("2 s are more than the pool keeps")
	}
	if l.fills(10) || !l.fills(11) {
		t.Error("11 frames behind are as many as fit")
	}
	l.configure(100 * ms)
	if l.isTooLong() {
		t.Error("100 ms are less than the pool keeps")
	}
}

// Caps without a frame rate, as behind an RTP depayloader, and frames that do not say how long
// they last.
func TestLatencyGuessesADurationThatNobodyTells(t *testing.T) {
	var l sourceLatency
	l.reset(0)
	l.attached(12)
	told := 0
	for i := range 100 {
		f := &bips.Frame{Mode: bips.Latest, PublishTime: time.Hour + time.Duration(i)*20*ms}
		if l.wantsGuess(f.PublishTime) {
			l.guess(20*ms + time.Duration(i%5)*ms)
		}
		if l.note(f, 0) {
			told++
		}
	}
	if _, greatest := l.query(); greatest != 12*20*ms || told != 1 {
		t.Errorf("greatest latency %v, told %d times, want 240ms, once", greatest, told)
	}
	f := framed(0, 0)
	f.Mode = bips.Latest
	if l.note(f, 0); l.wantsGuess(2 * time.Hour) {
		t.Error("a frame that tells its duration leaves something to be guessed")
	}
}

// Whatever a pool says of its times, the answers are times: the least is not negative, and not more than years.
func TestLatencyAnswersAreTimesWhateverAPoolSays(t *testing.T) {
	strange := []uint64{0, 1, 1 << 62, 1<<63 - 1, 1 << 63, 1<<64 - 2, 1<<64 - 1}
	for _, mode := range []bips.Mode{bips.Latest, bips.Every} {
		for _, upstream := range strange {
			for _, published := range strange {
				for _, duration := range strange {
					var l sourceLatency
					l.reset(limited(upstream))
					l.attached(bips.MaxSlots)
					f := &bips.Frame{Mode: mode, PublishTime: time.Duration(published), Latency: bips.TimeFromNanoseconds(upstream)}
					f.Duration, f.CaptureTime = bips.TimeFromNanoseconds(duration), bips.TimeFromNanoseconds(upstream)
					l.note(f, limited(duration))
					least, greatest := l.query()
					if least < 0 || least > 3*longest || greatest < unlimited || greatest > (bips.MaxSlots+2)*longest {
						t.Fatalf("mode %v, latency %#x, published %#x, duration %#x: %v to %v", mode, upstream, published, duration, least, greatest)
					}
				}
			}
		}
	}
}
