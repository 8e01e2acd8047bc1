package plugin

import (
	"os/exec"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// Two pipelines whose clocks count from different moments, and one of them jumps when
// the time of day is set: a frame's time downstream is its capture in the reader's running
// time all the same.
func TestPipelinesOnDifferentClocksAgreeOnWhenAFrameWasCaptured(t *testing.T) {
	t.Parallel()
	if exec.Command("gst-inspect-1.0", "--exists", "clockselect").Run() != nil {
		t.Skip("there is no clockselect")
	}
	const n, apart, line = 20, 40 * time.Millisecond, "clockselect. ( clock-id=%s %s )"
	for _, pair := range [][2]string{{"realtime", "monotonic"}, {"monotonic", "realtime"}, {"tai", "realtime"}} {
		t.Run(pair[0]+" to "+pair[1], func(t *testing.T) {
			t.Parallel()
			source := launch(t, line, pair[1], "bipssrc name=src pool="+poolName(t)+" read-mode=every ! identity silent=false ! fakesink sync=true")
			r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
			launch(t, line, pair[0], "videotestsrc num-buffers=20 ! video/x-raw,format=GRAY8,width=64,height=48,framerate=25/1 ! bipssink wait-for-consumers=2 pool="+poolName(t)).finish()
			frames := r.all()
			source.finish()
			buffers := source.buffers()
			if len(frames) != n || len(buffers) != n {
				t.Fatalf("%d frames, %d buffers, want %d", len(frames), len(buffers), n)
			}
			for i, b := range buffers {
				if b.pts < 0 || b.pts > patience { // since the reader started, and not since 1970
					t.Errorf("buffer %d: PTS %v", i, b.pts)
				}
				if i == 0 {
					continue
				}
				now, _ := frames[i].CaptureTime.Duration()
				first, _ := frames[0].CaptureTime.Duration()
				if got := b.pts - buffers[0].pts; buffers[0].pts > 0 && !about(got, now-first) {
					t.Errorf("buffer %d is %v after the first, was captured %v after it", i, got, now-first)
				}
				if !about(now-first, time.Duration(i)*apart) {
					t.Errorf("frame %d was captured %v after the first, want %v", i, now-first, time.Duration(i)*apart)
				}
			}
		})
	}
}
