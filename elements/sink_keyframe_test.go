package elements

import (
	"sync/atomic"
	"testing"
	"time"
)

// newPasser makes a passer whose requests go to sent, and a way to ask it.
func newPasser(t *testing.T, hasKeys bool) (p *keyFramePasser, ask func(), sent chan time.Time) {
	t.Helper()
	asked := make(chan struct{}, 1)
	sent = make(chan time.Time, 100)
	p = &keyFramePasser{
		asked: asked, hasKeys: new(atomic.Bool), counts: &keyFrameCounts{},
		send: func() bool { sent <- time.Now(); return true },
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	p.hasKeys.Store(hasKeys)
	go func() { defer close(p.stopped); p.run() }()
	t.Cleanup(func() {
		select {
		case <-p.stopped:
		default:
			p.close()
		}
	})
	ask = func() {
		select {
		case asked <- struct{}{}:
		default:
		}
	}
	return p, ask, sent
}

func TestKeyFrameRequestsArePassedOnAtMostTenTimesASecondAndTheLastOneToo(t *testing.T) {
	p, ask, sent := newPasser(t, true)
	ask()
	before := <-sent // the first one at once
	const flood = 5 * keyFrameInterval
	for start := time.Now(); time.Since(start) < flood; time.Sleep(time.Millisecond) {
		ask()
	}
	ask()
	last := time.Now()
	for n := 1; ; n++ {
		at := <-sent
		// The passer's own clock begins a moment before it sends.
		if at.Sub(before) < keyFrameInterval*9/10 {
			t.Errorf("two requests were passed on within %v", at.Sub(before))
		}
		before = at
		if at.After(last) {
			if most := int(time.Since(last.Add(-flood))/keyFrameInterval) + 2; n > most {
				t.Errorf("%d requests were passed on, want %d at most", n, most)
			}
			break
		}
	}
	if got, want := p.counts.events.Load(), p.counts.requests.Load(); got > want {
		t.Errorf("%d events for %d requests", got, want)
	}
}

func TestKeyFrameRequestsAreNotPassedOnToWhatMakesRawFrames(t *testing.T) {
	p, ask, sent := newPasser(t, false)
	for end := time.Now().Add(patience); p.counts.requests.Load() < 3; ask() {
		if time.Now().After(end) {
			t.Fatal("the requests are not heard")
		}
	}
	if len(sent) > 0 || p.counts.events.Load() > 0 {
		t.Error("one was passed on")
	}
}

// Also while it waits until it may pass the next one on.
func TestKeyFrameRequestsEndWithThePool(t *testing.T) {
	for n := range 3 {
		p, ask, _ := newPasser(t, true)
		for i := range n {
			ask()
			for end := time.Now().Add(patience); p.counts.requests.Load() <= uint64(i); {
				if time.Now().After(end) {
					t.Fatal("the requests are not heard")
				}
			}
		}
		ended := make(chan struct{})
		go func() { p.close(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Fatal("it does not end")
		}
	}
}

func TestKeyFramesAreAskedForWhereThereAreSomeAndItDoesNoHarm(t *testing.T) {
	for caps, want := range map[string]bool{
		"video/x-h264, stream-format=(string)byte-stream": true,
		"video/x-vp8":                      true,
		"video/mpegts, a=(int)1":           true,
		"video/x-matroska":                 true,
		"video/ogg":                        false,
		"application/ogg, a=(int)1":        false,
		"video/x-raw, format=(string)I420": false,
		"image/jpeg":                       false,
	} {
		if got := hasKeyFrames(caps); got != want {
			t.Errorf("%s: %v, want %v", caps, got, want)
		}
	}
}
