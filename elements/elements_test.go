package elements

import (
	"strings"
	"testing"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"
)

const video = "video/x-raw,format=I420,width=64,height=48,framerate=100/1"

func TestEveryFrameIsPublishedInPlaceAndRead(t *testing.T) {
	reader := launch(t, "bipssrc name=src pool=POOL read-mode=every ! fakesink sync=false")
	reader.set(gst.StatePlaying)
	writer := launch(t, "videotestsrc num-buffers=100 ! "+video+" ! bipssink name=sink pool=POOL wait-for-consumers=1 sync=false")
	writer.set(gst.StatePlaying)
	writer.until(gst.MessageEOS)
	reader.until(gst.MessageEOS)
	if in, copied := writer.stat("sink", "in-place"), writer.stat("sink", "copied"); in != 100 || copied != 0 {
		t.Errorf("%d frames in place, %d copied", in, copied)
	}
	if got, lost := reader.stat("src", "received"), reader.stat("src", "lost"); got != 100 || lost != 0 {
		t.Errorf("%d frames read, %d lost", got, lost)
	}
}

func TestStateChangesReturnWhileTheSinkWaitsForReaders(t *testing.T) {
	writer := launch(t, "videotestsrc ! "+video+" ! bipssink name=sink pool=POOL wait-for-consumers=1")
	writer.set(gst.StatePlaying)
	for range 3 {
		time.Sleep(20 * time.Millisecond) // into the wait
		writer.set(gst.StatePaused)
		writer.set(gst.StatePlaying)
	}
	if n := writer.stat("sink", "in-place"); n != 0 {
		t.Errorf("%d frames published to nobody", n)
	}
	// The frame that waited is not lost by all this.
	reader := launch(t, "bipssrc name=src pool=POOL ! fakesink sync=false")
	reader.set(gst.StatePlaying)
	eventually(t, "frames are read", func() bool { return reader.stat("src", "received") > 3 })
}

func TestStateChangesReturnWhileTheSourceHasNoPool(t *testing.T) {
	reader := launch(t, "bipssrc pool=POOL ! fakesink")
	for range 3 {
		reader.set(gst.StatePlaying)
		time.Sleep(20 * time.Millisecond)
		reader.set(gst.StatePaused)
		reader.set(gst.StatePlaying)
		reader.set(gst.StateReady)
	}
}

func TestStateChangesReturnWhileAReaderHoldsTheSinkUp(t *testing.T) {
	// The reader stops reading, but stays seated: its sink waits for its clock for ever.
	reader := launch(t, "bipssrc name=src pool=POOL read-mode=every ! fakesink sync=true ts-offset=3600000000000")
	reader.set(gst.StatePlaying)
	writer := launch(t, "videotestsrc ! "+video+" ! queue ! videoconvert ! video/x-raw,format=RGB ! bipssink name=sink pool=POOL slots=8 sync=false wait-for-consumers=1")
	writer.set(gst.StatePlaying)
	eventually(t, "the pool is full", func() bool {
		n := writer.stat("sink", "in-place")
		time.Sleep(100 * time.Millisecond)
		return n > 0 && n == writer.stat("sink", "in-place")
	})
	writer.set(gst.StatePaused)
	writer.set(gst.StatePlaying)
	writer.set(gst.StateNull)
}

func TestPausedReaderHoldsNobodyUp(t *testing.T) {
	reader := launch(t, "bipssrc name=src pool=POOL read-mode=every ! fakesink sync=false")
	reader.set(gst.StatePlaying)
	writer := launch(t, "videotestsrc ! "+video+" ! bipssink name=sink pool=POOL slots=8 sync=false wait-for-consumers=1")
	writer.set(gst.StatePlaying)
	eventually(t, "frames are read", func() bool { return reader.stat("src", "received") > 0 })
	reader.set(gst.StatePaused)
	before := writer.stat("sink", "in-place")
	eventually(t, "the writer goes on", func() bool { return writer.stat("sink", "in-place") > before+100 })
	reader.set(gst.StatePlaying)
	received := reader.stat("src", "received")
	eventually(t, "reading goes on", func() bool { return reader.stat("src", "received") > received })
}

func TestElementsAreMadeWhileOthersStream(t *testing.T) {
	writer := launch(t, "videotestsrc ! "+video+" ! bipssink name=sink pool=POOL sync=false")
	writer.set(gst.StatePlaying)
	reader := launch(t, "bipssrc name=src pool=POOL ! fakesink sync=false")
	reader.set(gst.StatePlaying)
	for range 200 {
		gst.ElementFactoryMake("bipssrc", "")
		gst.ElementFactoryMake("bipssink", "")
	}
	eventually(t, "frames are read", func() bool { return reader.stat("src", "received") > 10 })
}

func TestQueueBehindTheSourceCannotStopIt(t *testing.T) {
	reader := launch(t, "bipssrc name=src pool=POOL read-mode=every ! queue min-threshold-buffers=40 max-size-time=0 ! fakesink sync=false")
	reader.set(gst.StatePlaying)
	writer := launch(t, "videotestsrc num-buffers=100 ! "+video+" ! bipssink name=sink pool=POOL slots=8 sync=false wait-for-consumers=1")
	writer.set(gst.StatePlaying)
	reader.until(gst.MessageEOS)
	if n := reader.stat("src", "received"); n != 100 {
		t.Errorf("%d frames read", n)
	}
	if n := reader.stat("src", "quota"); n == 0 {
		t.Error("no frame was copied: the queue held more slots than the quota leaves")
	}
}

func TestQueueBeforeTheSinkGetsOrdinaryMemory(t *testing.T) {
	// A frame takes longer than upstream waits for a slot, so that the queue fills.
	writer := launch(t, "videotestsrc num-buffers=20 ! video/x-raw,width=64,height=48,framerate=20/1 ! queue ! bipssink name=sink pool=POOL slots=4")
	writer.set(gst.StatePlaying)
	writer.until(gst.MessageEOS)
	in, copied := writer.stat("sink", "in-place"), writer.stat("sink", "pool-exhausted")
	if in == 0 || copied == 0 || in+copied != 20 {
		t.Errorf("%d frames in place, %d copied because the pool was exhausted", in, copied)
	}
}

func TestRepeatedFramesAreCopied(t *testing.T) {
	writer := launch(t, "videotestsrc num-buffers=20 ! video/x-raw,format=I420,width=64,height=48,framerate=10/1 ! videorate ! video/x-raw,framerate=30/1 ! bipssink name=sink pool=POOL sync=false")
	writer.set(gst.StatePlaying)
	writer.until(gst.MessageEOS)
	if n := writer.stat("sink", "repeated"); n == 0 {
		t.Error("no frame was found to be repeated")
	}
}

func TestForeignMemoryIsRefusedWithItsConverter(t *testing.T) {
	writer := launch(t, "bipssink name=sink pool=POOL async=false identity")
	writer.set(gst.StatePlaying)
	pad := writer.bin.GetByName("sink").GetStaticPad("sink")
	pad.SendEvent(gst.NewEventStreamStart("test"))
	pad.SendEvent(gst.NewEventCaps(gst.CapsFromString("video/x-raw(memory:NVMM),format=NV12,width=64,height=48,framerate=30/1")))
	if text := writer.failure(); !strings.Contains(text, "memory:NVMM") || !strings.Contains(text, "nvvidconv") {
		t.Errorf("the error says %q", text)
	}
}

func TestContradictingCapsAreBothNamed(t *testing.T) {
	writer := launch(t, "videotestsrc is-live=true ! "+video+" ! bipssink pool=POOL")
	writer.set(gst.StatePlaying)
	reader := launch(t, "bipssrc pool=POOL ! video/x-raw,format=RGB ! fakesink")
	reader.set(gst.StatePlaying)
	if text := reader.failure(); !strings.Contains(text, "I420") || !strings.Contains(text, "RGB") {
		t.Errorf("the error says %q", text)
	}
}

func TestFramesThatOutgrowASlotSizeThatWasSetAreAnErrorWithBothSizes(t *testing.T) {
	writer := launch(t, "concat name=c ! bipssink pool=POOL slot-size=4096 sync=false "+
		"videotestsrc num-buffers=5 ! video/x-raw,format=GRAY8,width=64,height=64 ! c. "+
		"videotestsrc num-buffers=5 ! video/x-raw,format=GRAY8,width=128,height=128 ! c.")
	writer.set(gst.StatePlaying)
	if text := writer.failure(); !strings.Contains(text, "4096") || !strings.Contains(text, "16384") {
		t.Errorf("the error says %q", text)
	}
}

func TestCapsThatStillFitChangeTheStream(t *testing.T) {
	reader := launch(t, "bipssrc name=src pool=POOL read-mode=every ! fakesink sync=false")
	reader.set(gst.StatePlaying)
	writer := launch(t, "concat name=c ! bipssink name=sink pool=POOL sync=false wait-for-consumers=1 "+
		"videotestsrc num-buffers=5 ! video/x-raw,format=GRAY8,width=128,height=128 ! c. "+
		"videotestsrc num-buffers=5 ! video/x-raw,format=GRAY8,width=64,height=64 ! c.")
	writer.set(gst.StatePlaying)
	reader.until(gst.MessageEOS)
	if n, instances := reader.stat("src", "received"), reader.stat("src", "instances"); n != 10 || instances != 1 {
		t.Errorf("%d frames of %d instances", n, instances)
	}
}
