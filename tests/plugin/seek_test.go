package plugin

import (
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
		if err := c.Push(held); err != nil {
			t.Fatal(err)
		}
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
		go func() { tail <- toTheEnd(t, c) }()
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
func toTheEnd(t *testing.T, c *bips.Consumer) (all []string) {
	for {
		f, err := c.Pull(patience)
		if err != nil {
			return all
		}
		all = append(all, checksum(f.Data))
		if err := c.Push(f); err != nil {
			t.Error(err)
		}
	}
}
