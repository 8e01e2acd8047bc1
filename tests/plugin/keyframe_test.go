package plugin

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// encoders make a stream whose first frame is its only key frame, unless they are asked for another.
var encoders = []struct {
	name, encode, decode string
	needs                []string
}{
	{"openh264", "openh264enc gop-size=100000 ! h264parse", "h264parse ! openh264dec", []string{"openh264enc", "h264parse", "openh264dec"}},
	{"x264", "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=100000 ! h264parse", "h264parse ! avdec_h264", []string{"x264enc", "h264parse", "avdec_h264"}},
	{"VP8", "vp8enc deadline=1 keyframe-max-dist=100000", "vp8dec", []string{"vp8enc", "vp8dec"}},
}

// encode starts a live producer that makes such a stream, and waits until it is in the middle of it. It returns
// a reader of each of its frames, which has to be read.
func encode(t *testing.T, encoder string) (producer *pipeline, reader *bips.Consumer) {
	t.Helper()
	producer = launch(t, "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=30/1 ! %s ! bipssink name=sink pool=%s", encoder, poolName(t))
	reader = asker(t)
	for range 20 {
		isKey(t, reader)
	}
	return producer, reader
}

// asker is a reader of each frame in this process: peers have no word for requests.
func asker(t *testing.T) *bips.Consumer {
	t.Helper()
	c, err := bips.NewConsumer(poolName(t), bips.ConsumerOptions{Mode: bips.Every})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// isKey takes the next frame, and reports whether it depends on no other.
func isKey(t *testing.T, c *bips.Consumer) bool {
	t.Helper()
	f, err := c.Pull(patience)
	if err != nil {
		t.Fatalf("no frame came: %v", err)
	}
	if err := c.Push(f); err != nil {
		t.Fatal(err)
	}
	return f.Flags&flagDelta == 0
}

// untilKey reads up to the next key frame.
func untilKey(t *testing.T, c *bips.Consumer) {
	t.Helper()
	for end := time.Now().Add(patience); !isKey(t, c); {
		if time.Now().After(end) {
			t.Fatal("no key frame came")
		}
	}
}

var fieldPattern = regexp.MustCompile(`([a-z-]+)=\(guint64\)(\d+)`)

// counters are those of an element that runs.
func (d *driver) counters(element string) counts {
	d.t.Helper()
	return parseCounts(d.t, fieldPattern, regexp.MustCompile(`\\`).ReplaceAllString(d.do("get "+element+" stats"), ""))
}

// Without a request it would wait for ten seconds, and then begin with broken pictures.
func TestARecorderThatJoinsInTheMiddleOfALongGroupOfPicturesHasItsFirstPictureSoon(t *testing.T) {
	for _, e := range encoders {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			needs(t, e.needs...)
			producer, reader := encode(t, e.encode)
			reader.Close()
			d := drive(t, nil)
			const rounds = 5
			var took []time.Duration
			for range rounds {
				d.do("make r bipssrc name=src pool=" + poolName(t) + " ! " + e.decode + " ! fakesink sync=false async=false")
				start := time.Now()
				d.do("set r playing", "frames r 1")
				took = append(took, time.Since(start).Round(time.Millisecond))
				d.counters("r.src").want(t, counts{"lost": 0})
				if got := d.counters("r.src")["key-frame-requests"]; got == 0 { // vp8dec asks, too
					t.Error("it did not ask for a key frame")
				}
				d.do("drop r")
			}
			t.Logf("from PLAYING to the first picture: %v", took)
			for _, each := range took {
				if each > 5*time.Second {
					t.Errorf("the first picture came after %v", each)
				}
			}
			d.quit()
			producer.interrupt()
			if got := producer.stats("sink")["key-frame-events"]; got < rounds {
				t.Errorf("the encoder was asked %d times by %d readers, one after the other", got, rounds)
			}
		})
	}
}

// What an element behind bipssrc asks for, as a muxer or a server does, reaches the encoder: at once, or at the
// running time that it names and not before.
func TestARequestOfDownstreamReachesTheEncoder(t *testing.T) {
	for _, e := range encoders {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			needs(t, e.needs...)
			producer, reader := encode(t, e.encode)
			d := drive(t, nil)
			d.do("make r bipssrc name=src pool=" + poolName(t) + " ! queue ! fakesink sync=false async=false")
			start := time.Now()
			d.do("set r playing")
			untilKey(t, reader) // which it asks for itself
			d.do("key r")
			untilKey(t, reader)
			const later, never = 3 * time.Second, time.Hour
			if time.Since(start) > later-time.Second {
				t.Skipf("the machine is too busy: this took %v", time.Since(start))
			}
			d.do(fmt.Sprintf("key r %d", never), fmt.Sprintf("key r %d", later), fmt.Sprintf("key r %d", later))
			untilKey(t, reader)
			if early := later - time.Since(start); early > 0 {
				t.Errorf("the key frame came %v too early", early)
			}
			for range 15 {
				if isKey(t, reader) {
					t.Error("one more key frame came, which nobody asked for")
				}
			}
			d.counters("r.src").want(t, counts{"key-frame-requests": 3})
			d.do("reach r paused", "set r playing")
			untilKey(t, reader) // it begins anew
			reader.Close()
			d.quit()
			producer.interrupt()
			if got := producer.stats("sink")["key-frame-events"]; got < 4 || got > 5 { // it may have asked in the moment of the pause, too
				t.Errorf("the encoder was asked %d times, want 4", got)
			}
		})
	}
}

// A recorder that begins a new file each second asks for a key frame at the time of each, ahead of it.
func TestARecordingIsSplitWhereItsRecorderAsksForKeyFrames(t *testing.T) {
	t.Parallel()
	needs(t, append([]string{"splitmuxsink", "mp4mux"}, encoders[0].needs...)...)
	producer, reader := encode(t, encoders[0].encode)
	reader.Close()
	dir := t.TempDir()
	recorder := launch(t, "-e bipssrc pool=%s ! h264parse ! splitmuxsink send-keyframe-requests=true max-size-time=1000000000 location=%s/%%02d.mp4", poolName(t), dir)
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if files, _ := filepath.Glob(filepath.Join(dir, "*.mp4")); len(files) >= 4 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the recording is not split")
		}
	}
	recorder.signal(syscall.SIGINT)
	recorder.finish()
	producer.interrupt()
}

// However often readers ask, an encoder is asked at most ten times a second; and who asked last gets
// a key frame, too.
func TestAnEncoderIsNotAskedTooOften(t *testing.T) {
	t.Parallel()
	needs(t, encoders[0].needs...)
	producer, reader := encode(t, encoders[0].encode)
	start := time.Now()
	for range 30 {
		for range 100 {
			if err := reader.RequestKeyFrame(); err != nil {
				t.Fatal(err)
			}
		}
		isKey(t, reader)
	}
	untilKey(t, reader)
	reader.Close()
	producer.interrupt()
	most := uint64(time.Since(start)/(100*time.Millisecond)) + 1
	if got := producer.stats("sink")["key-frame-events"]; got < 1 || got > most {
		t.Errorf("it was asked %d times in %v", got, time.Since(start))
	}
}

// Raw frames stand alone, and what makes them is not asked: here a decoder, which would pass it on to an encoder.
func TestNothingIsAskedOfWhatMakesRawFrames(t *testing.T) {
	t.Parallel()
	needs(t, "openh264enc", "openh264dec")
	p := launch(t, "videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! openh264enc ! openh264dec ! bipssink name=sink pool=%s", poolName(t))
	c := asker(t)
	source := launch(t, "bipssrc name=src pool=%s read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
	source.waitFor(3, passed)
	isKey(t, c)
	if err := c.RequestKeyFrame(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(settle); time.Now().Before(end); {
		isKey(t, c)
	}
	c.Close()
	source.interrupt()
	source.stats("src").want(t, counts{"key-frame-requests": 0})
	p.interrupt()
	p.stats("sink").want(t, counts{"key-frame-requests": 1, "key-frame-events": 0})
}

// An askedProducer publishes H.264 from this process, for the same reason.
type askedProducer struct {
	*bips.Producer
	t *testing.T
}

// publish publishes a frame with some flags, unless no slot is free, and it is dropped.
func (p *askedProducer) publish(flags uint32) {
	p.t.Helper()
	slot, err := p.Pull(patience)
	if errors.Is(err, bips.ErrDropped) {
		return
	}
	if err == nil {
		err = p.Push(slot, bips.FrameInfo{Size: greySize, Flags: flags, CaptureTime: now(), PTS: now()})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// asked waits until a reader has asked for a key frame.
func (p *askedProducer) asked() {
	p.t.Helper()
	select {
	case <-p.KeyFrameRequests():
	case <-time.After(patience):
		p.t.Fatal("no reader asks for a key frame")
	}
}

// notAsked checks that none does.
func (p *askedProducer) notAsked() {
	p.t.Helper()
	select {
	case <-p.KeyFrameRequests():
		p.t.Error("a reader asks for a key frame that it does not need")
	case <-time.After(settle):
	}
}

// Where frames are missing those that follow cannot be decoded.
func TestAReaderThatMissesFramesAsksForAKeyFrame(t *testing.T) {
	t.Parallel()
	producer, err := bips.NewProducer(poolName(t), bips.ProducerOptions{SlotSize: greySize, Caps: h264, Overflow: bips.Drop, Backend: theBackend()})
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	p := &askedProducer{producer, t}
	source := launch(t, "bipssrc name=src pool=%s ! identity silent=false ! fakesink sync=false", poolName(t))
	if err := p.WaitConsumers(1, patience); err != nil {
		t.Fatal(err)
	}
	p.publish(flagDelta)
	p.asked() // to begin
	p.publish(0)
	p.publish(flagDelta)
	source.waitFor(2, passed)
	p.notAsked()
	source.signal(syscall.SIGSTOP)
	for p.Stats().Dropped == 0 {
		p.publish(flagDelta)
	}
	source.signal(syscall.SIGCONT)
	for end := time.Now().Add(patience); len(p.KeyFrameRequests()) == 0; time.Sleep(10 * time.Millisecond) {
		p.publish(flagDelta) // it asks no more than once a second
		if time.Now().After(end) {
			t.Fatal("no reader asks for a key frame")
		}
	}
	p.asked()
	p.publish(0)
	p.publish(flagDelta)
	p.notAsked()
	source.interrupt()
	if lost := source.stats("src")["lost"]; lost == 0 {
		t.Error("nothing was lost")
	}
}
