package elements

import (
	"fmt"
	"testing"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/internal/gstglue"
)

// entered is how often Go is entered while a pipeline runs to its end.
func entered(t *testing.T, description string) uint {
	t.Helper()
	before := gstglue.Entered()
	writer := launch(t, description)
	writer.set(gst.StatePlaying)
	writer.until(gst.MessageEOS)
	writer.set(gst.StateNull)
	return gstglue.Entered() - before
}

// To enter the Go runtime costs more than all else that is done for a frame.
func TestFramesOfTheSinkDoNotEnterGo(t *testing.T) {
	for name, source := range map[string]string{
		"in place":           "videotestsrc num-buffers=%d ! " + video,
		"copied":             "fakesrc num-buffers=%d sizetype=fixed sizemax=5000 ! capsfilter caps=application/x-test",
		"smaller than slots": "fakesrc num-buffers=%d sizetype=random sizemin=1 sizemax=5000 ! capsfilter caps=application/x-test",
	} {
		t.Run(name, func(t *testing.T) {
			const few, many = 10, 1010
			pipeline := source + " ! bipssink pool=POOL sync=false"
			with := entered(t, fmt.Sprintf(pipeline, few))
			if more := entered(t, fmt.Sprintf(pipeline, many)); more > with+(many-few)/10 {
				t.Errorf("%d frames enter Go %d times, %d frames %d times", few, with, many, more)
			}
		})
	}
}
