package elements

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAStopwatchCountsOnlyWhileItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w stopwatch
		want := func(total time.Duration, runs bool) {
			t.Helper()
			if got := w.total(); got != total || w.runs() != runs {
				t.Errorf("%v, runs: %v; want %v, %v", got, w.runs(), total, runs)
			}
		}
		time.Sleep(time.Second)
		want(0, false)
		w.start()
		time.Sleep(time.Second)
		w.start()
		time.Sleep(time.Second)
		want(2*time.Second, true)
		w.stop()
		w.stop()
		time.Sleep(time.Second)
		want(2*time.Second, false)
		w.start()
		time.Sleep(time.Second)
		want(3*time.Second, true)
	})
}
