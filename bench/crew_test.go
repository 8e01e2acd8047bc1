package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bench/result"
)

// fakeLaunch stands in for gst-launch-1.0: a producer that reports once it may start,
// consumers that report when they are told to end. FAKE says who misbehaves.
const fakeLaunch = `#!/bin/sh
first='{"bench":"first"}'
histogram='[[128,3],[1024,1]]'
sink='{"bench":"sink","frames":4,"lost":1,"bad":0,"elapsed_s":0.01,"cpu_s":0.0002,"latency":'$histogram'}'
case "$*" in
*benchsrc*)
	[ "$FAKE" = producer-fails ] && { echo "ERROR: no camera" >&2; exit 1; }
	for word; do case $word in start=*) start=${word#start=} ;; esac; done
	while [ ! -e "$start" ]; do sleep 0.01; done
	[ "$FAKE" = producer-hangs ] && sleep 60
	echo '{"bench":"src","frames":4,"elapsed_s":0.01,"cpu_s":0.0004,"acquire":'$histogram',"publish":'$histogram'}' >&2
	;;
*)
	[ "$FAKE" = no-frames ] || echo "$first" >&2
	[ "$FAKE" = damaged ] && sink=$(echo "$sink" | sed 's/"bad":0/"bad":2/')
	trap 'echo "$sink" >&2; exit 0' INT
	[ "$FAKE" = consumer-hangs ] && trap '' INT
	while :; do sleep 0.01; done
	;;
esac
`

func fakeRunner(t *testing.T, fake string) *runner {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gst-launch-1.0"), []byte(fakeLaunch), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	before := []time.Duration{comeUp, overtime, leave}
	comeUp, overtime, leave = 500*time.Millisecond, 500*time.Millisecond, 200*time.Millisecond
	t.Cleanup(func() { comeUp, overtime, leave = before[0], before[1], before[2] })
	return &runner{settings: &settings{}, scratch: dir, env: append(os.Environ(), "FAKE="+fake)}
}

func fakeJob() *job {
	nothing := func(*job) string { return "fakesink" }
	return &job{
		work: &work{format: "NV12", width: 4, height: 4, rate: 300, consumers: 2},
		pair: &pair{producer: nothing, consumer: nothing, memory: func(*job) uint64 { return 1 }},
	}
}

func TestACrewIsMeasured(t *testing.T) {
	r := fakeRunner(t, "")
	sample, latency := r.do(t.Context(), fakeJob())
	if sample.Status != result.OK {
		t.Fatalf("got %+v", sample)
	}
	if latency.Count() != 8 || sample.Values[result.Lost] != 2 || sample.Values[result.FPS] != 300 {
		t.Errorf("%d latencies, %+v", latency.Count(), sample.Values)
	}
	if cpu := sample.Values[result.CPU]; cpu < 99.9 || cpu > 100.1 {
		t.Errorf("CPU per frame is %v us, want 100", cpu)
	}
	if cpu := sample.Values[result.ReaderCPU]; cpu < 49.9 || cpu > 50.1 {
		t.Errorf("a reader's CPU per frame is %v us, want 50", cpu)
	}
	if left, _ := filepath.Glob(r.scratch + "/job-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTroubleIsNamedAndDoesNotHang(t *testing.T) {
	for fake, want := range map[string]struct {
		status result.Status
		detail string
	}{
		"no-frames":      {result.Stalled, "no frame came to consumer 1"},
		"producer-hangs": {result.Stalled, "the producer did not come to its end"},
		"consumer-hangs": {result.Stalled, "consumer 1 did not end"},
		"producer-fails": {result.Failed, "ERROR: no camera"},
		"damaged":        {result.Failed, "2 damaged frames"},
	} {
		t.Run(fake, func(t *testing.T) {
			sample, _ := fakeRunner(t, fake).do(t.Context(), fakeJob())
			if sample.Status != want.status || !strings.Contains(sample.Detail, want.detail) {
				t.Errorf("got %+v, want %s: %s", sample, want.status, want.detail)
			}
		})
	}
}

func TestTooLittleMemoryIsSaid(t *testing.T) {
	j := fakeJob()
	j.pair.memory = func(*job) uint64 { return 1 << 60 }
	sample, _ := fakeRunner(t, "").do(t.Context(), j)
	if sample.Status != result.Skipped || !strings.Contains(sample.Detail, "MB of shared memory") {
		t.Errorf("got %+v", sample)
	}
}

func TestAnInterruptEndsIt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	comeUpLong := fakeRunner(t, "no-frames")
	comeUp = time.Minute
	if sample, _ := comeUpLong.do(ctx, fakeJob()); sample.Status != result.Failed {
		t.Errorf("got %+v", sample)
	}
}

func TestTwoBadRoundsAreEnough(t *testing.T) {
	ok, bad := result.Sample{Status: result.OK}, result.Sample{Status: result.Stalled}
	for _, c := range []struct {
		samples []result.Sample
		want    bool
	}{
		{nil, false}, {[]result.Sample{bad}, false}, {[]result.Sample{bad, ok}, false},
		{[]result.Sample{ok, bad, bad}, true},
	} {
		if got := (contestant{cell: &result.Cell{Samples: c.samples}}).givenUp(); got != c.want {
			t.Errorf("after %v: %t", c.samples, got)
		}
	}
}
