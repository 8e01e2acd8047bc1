package elements

import (
	"runtime"
	"testing"

	"github.com/go-gst/go-gst/pkg/gst"
)

func TestEachElementThatRunsHasProcessorsOfItsOwnAndGivesThemBack(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	for range 3 {
		readers := launch(t, "bipssrc name=one pool=POOL ! fakesink sync=false  bipssrc name=two pool=POOL ! fakesink sync=false")
		readers.set(gst.StatePlaying)
		writer := launch(t, "videotestsrc num-buffers=50 ! "+video+" ! bipssink name=sink pool=POOL wait-for-consumers=2 sync=false")
		writer.set(gst.StatePlaying)
		writer.until(gst.MessageEOS)
		if got, want := runtime.GOMAXPROCS(0), before+2*processorsOfSource+processorsOfSink; got != want {
			t.Errorf("%d processors while three elements run, want %d", got, want)
		}
		writer.set(gst.StateNull)
		readers.set(gst.StateNull)
		if got := runtime.GOMAXPROCS(0); got != before {
			t.Errorf("%d processors after all have stopped, %d before", got, before)
		}
	}
	failing := launch(t, "bipssrc pool=not.a.name ! fakesink")
	failing.set(gst.StatePlaying)
	failing.set(gst.StateNull)
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("%d processors after an element that did not start, %d before", got, before)
	}
}
