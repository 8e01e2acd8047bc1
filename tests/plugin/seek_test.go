package plugin

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// A recording is sought back to its beginning, which flushes what is before bipssink:
// while it plays, while a reader holds it up, when it has ended, and when it is paused.
// It goes on each time, and a reader gets all frames to the end.
func TestSeekAndFlushUpstream(t *testing.T) {
	t.Parallel()
	needs(t, "rawvideoparse")
	const seeks = 10
	recording := withFixtures(t, "filesrc location=RAW ! rawvideoparse format=i420 width=320 height=240 framerate=300/1")
	whole := reference(t, recording)
	producer := drive(t, nil)
	producer.do("make sink " + recording + " ! bipssink pool=" + poolName(t) + " slots=8 wait-for-consumers=1")
	c := consumer(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 3})
	producer.do("set sink playing")

	// It plays, then waits for the reader, who holds what it may and reads no further.
	for range seeks {
		held := pull(t, c)
		producer.do("seek sink")
		c.giveBack(held)
	}
	for range seeks {
		producer.do("seek sink")
	}
	for range seeks {
		producer.do("set sink paused", "seek sink", "set sink playing")
	}
	// From a seek on, the recording is read to its end, where it is sought back again.
	for range seeks {
		tail := make(chan []string, 1)
		go func() { tail <- toTheEnd(c) }()
		producer.do("eos sink")
		got := <-tail
		same(t, "the end of the recording", got[max(0, len(got)-len(whole)):], whole)
		producer.do("seek sink")
	}
	// The end of the stream itself is flushed away, or published, but never hangs.
	for range seeks {
		producer.do("set sink paused", "seek sink", "set sink playing", "end sink", "seek sink")
	}
	producer.quit()
}

// toTheEnd reads until the stream ends and returns the frames' checksums.
func toTheEnd(c *client) (all []string) {
	for {
		f, err := c.tryPull(patience / 2)
		if err != nil {
			return all
		}
		all = append(all, f.sum)
		c.giveBack(f)
	}
}

// A recording of H.264 is sought into the middle of a group of pictures: what is published after that begins
// with a key frame, which says that it does not follow the frame before.
func TestASeekIntoAGroupOfPicturesGoesOnWithAKeyFrame(t *testing.T) {
	for name, c := range map[string]struct{ mux, demux string }{
		"MP4":           {"qtmux", "qtdemux ! h264parse"},
		"Matroska":      {"matroskamux", "matroskademux ! h264parse"},
		"the bare code": {"video/x-h264,stream-format=byte-stream", "h264parse"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, "x264enc", "h264parse", "qtmux", "qtdemux", "matroskamux", "matroskademux")
			path := filepath.Join(t.TempDir(), "recording")
			launch(t, "videotestsrc num-buffers=300 pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=30/1 ! x264enc key-int-max=60 bframes=0 ! h264parse ! %s ! filesink location=%s", c.mux, path).finish()
			d := drive(t, nil)
			d.do("make sink filesrc location=" + path + " ! " + c.demux + " ! bipssink name=sink wait-for-consumers=2 pool=" + poolName(t))
			source := launch(t, "bipssrc pool=%s ! identity silent=false ! fakesink sync=false", poolName(t))
			reader := consumer(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every})
			d.do("set sink playing")
			for range 3 {
				reader.giveBack(pull(t, reader))
			}
			d.do("seek sink 1.0 5500000000") // half a second before the next key frame
			for {
				f := pull(t, reader)
				reader.giveBack(f)
				if f.Sequence > 1 && f.Flags&discont != 0 {
					if f.Flags&flagDelta != 0 {
						t.Error("after the seek comes a frame that depends on others")
					}
					break
				}
			}
			reader.leave()
			d.do("eos sink")
			source.finish()
			again := 0
			for i, b := range source.buffers() {
				if b.flags&discont != 0 && i > 0 {
					if again++; b.flags&flagDelta != 0 {
						t.Errorf("a decoder that begins anew gets a frame that depends on others: %s", b.line)
					}
				}
			}
			if again != 1 {
				t.Errorf("bipssrc told of %d gaps, want 1", again)
			}
			if stats := strings.ReplaceAll(d.do("get sink.sink stats"), `\`, ""); strings.Contains(stats, "undecodable=(guint64)0,") {
				t.Errorf("no frame was passed by: %s", stats)
			}
			d.quit()
		})
	}
}
