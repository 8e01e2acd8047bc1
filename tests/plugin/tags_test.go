package plugin

import (
	"slices"
	"strings"
	"testing"
)

// tags returns what "metas tell=true" printed of the tags that it was sent.
func (p *pipeline) tags() []string { return p.matches("^tags: ") }

// The stream's tags are those of the other side, also for a reader that joins when they were sent long ago.
func TestTagsArriveAlsoAtALateReader(t *testing.T) {
	t.Parallel()
	needs(t, "metas", "taginject")
	const add = "title=Garden,artist=(string){A,B},track-number=(uint)7,datetime=(datetime)2025-04-03T10:11:12Z,replaygain-track-gain=-3.5,date=(date)2024-02-29,image-orientation=rotate-90"
	early := launchWith(t, strict, "bipssrc pool=%s read-mode=every ! metas tell=true ! fakesink", poolName(t))
	producer := launchWith(t, strict, "videotestsrc is-live=true ! %s ! taginject tags=%s ! metas tell=true ! bipssink name=sink pool=%s sync=false", small, add, poolName(t))
	early.waitFor(20, metaLine)
	late := launchWith(t, strict, "bipssrc pool=%s num-buffers=3 ! metas tell=true ! fakesink", poolName(t))
	late.finish()
	want := producer.tags()
	if len(want) != 1 || !strings.Contains(want[0], "title") || !strings.Contains(want[0], "rotate-90") {
		t.Fatalf("the producer sees %q", want)
	}
	for name, p := range map[string]*pipeline{"the early reader": early, "the late one": late} {
		if got := p.tags(); !slices.Equal(got, want) {
			t.Errorf("%s got %q, want %q", name, got, want)
		}
	}
	producer.interrupt()
	if lost := producer.named("sink", "tags-dropped"); len(lost) != 0 {
		t.Errorf("lost %v", lost)
	}
}

// Tags of several events and both scopes are added up.
func TestTagsOfSeveralEventsAreAddedUp(t *testing.T) {
	t.Parallel()
	needs(t, "metas", "taginject")
	source := launchWith(t, strict, "bipssrc pool=%s read-mode=every ! metas tell=true ! fakesink", poolName(t))
	launchWith(t, strict, "videotestsrc num-buffers=3 ! %s ! taginject tags=title=Old,comment=C ! taginject tags=title=New ! metas add=album ! bipssink pool=%s sync=false wait-for-consumers=1", small, poolName(t)).finish()
	source.finish()
	got := source.tags()
	want := []string{"tags: stream taglist, comment=(string)C, title=(string)New;", "tags: global taglist, album=(string)All;"}
	for i, line := range got { // their order is nothing to count on
		got[i] = strings.Replace(line, "title=(string)New, comment=(string)C", "comment=(string)C, title=(string)New", 1)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The pool for sound is made when the first frame comes, and the tags came before that.
func TestTagsThatComeBeforeThePoolArrive(t *testing.T) {
	t.Parallel()
	needs(t, "metas", "taginject")
	source := launchWith(t, strict, "bipssrc pool=%s read-mode=every ! metas tell=true ! fakesink", poolName(t))
	launch(t, "audiotestsrc num-buffers=3 ! taginject tags=title=Hum ! bipssink pool=%s sync=false wait-for-consumers=1", poolName(t)).finish()
	source.finish()
	if got := source.tags(); len(got) != 1 || !strings.Contains(got[0], "title=(string)Hum") { // audiotestsrc has one of its own
		t.Errorf("got %q", got)
	}
}

// The picture is upright on the other side, without anything done to it before.
func TestATurnedPictureIsTurnedByTheReader(t *testing.T) {
	t.Parallel()
	needs(t, "taginject", "videoflip", "checksumsink")
	const n, turned = 5, "videotestsrc num-buffers=5 pattern=smpte ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! taginject tags=image-orientation=rotate-90 ! "
	const flip = "videoflip video-direction=auto ! "
	want := reference(t, turned+flip+"identity")
	plain := reference(t, strings.ReplaceAll(turned, "rotate-90", "rotate-0")+flip+"identity")
	if slices.Equal(want, plain) {
		t.Fatal("videoflip does not turn it")
	}
	source := launch(t, "bipssrc pool=%s read-mode=every ! %s%s", poolName(t), flip, checksumSink)
	launch(t, turned+"bipssink pool=%s sync=false wait-for-consumers=1", poolName(t)).finish()
	source.finish()
	same(t, "bipssrc", source.checksums(), want)
}

// What was turned is not any more with the next producer.
func TestThePictureOfTheNextProducerIsUpright(t *testing.T) {
	t.Parallel()
	needs(t, "metas", "taginject")
	source := launchWith(t, strict, "bipssrc pool=%s read-mode=every on-eos=wait ! metas tell=true ! fakesink", poolName(t))
	launch(t, "videotestsrc num-buffers=3 ! %s ! taginject tags=image-orientation=rotate-90,title=One ! bipssink pool=%s sync=false wait-for-consumers=1", small, poolName(t)).finish()
	launch(t, "videotestsrc num-buffers=3 ! %s ! bipssink pool=%s sync=false wait-for-consumers=1", small, poolName(t)).finish()
	source.waitFor(2, "^tags: ")
	if got := source.tags()[1]; got != "tags: stream taglist, image-orientation=(string)rotate-0;" {
		t.Errorf("the second producer has none, the reader got %q", got)
	}
	source.interrupt()
}

// Bit rates change all the time, and pictures are large: they are counted. So is what has no room.
func TestTagsThatDoNotCrossAreCountedAndTold(t *testing.T) {
	t.Parallel()
	needs(t, "taginject", "metas")
	long := strings.Repeat("x", 5000)
	p := launch(t, "videotestsrc num-buffers=3 ! %s ! taginject tags=title=Garden,bitrate=5,comment=%s,description=%s ! bipssink name=sink pool=%s sync=false", small, long, long, poolName(t))
	p.finish()
	lost := p.named("sink", "tags-dropped")
	if lost["bitrate"] != 1 || lost["comment/no-room"]+lost["description/no-room"] != 1 || len(lost) != 2 {
		t.Errorf("lost %v, want the bit rate and one of the long ones", lost)
	}
	if told := p.matches(`Readers do not get the stream's tag (comment|description): all tags together have 8192 bytes\.`); len(told) != 1 {
		t.Errorf("the tag without room was told %d times, want once", len(told))
	}
	if told := p.matches(`Readers do not get the stream's tag bitrate`); len(told) != 0 {
		t.Errorf("the bit rate was told")
	}
}
