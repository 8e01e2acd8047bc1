package plugin

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/bips/meta"
)

// A frame that does not hold what its caps tell of never reaches downstream, which would read
// beyond its end.
func TestAPoolWithFramesThatAreNotWhole(t *testing.T) {
	for _, c := range []struct {
		name, caps string
		size       int
		says       string
	}{
		{"raw video", grey, greySize - 1, "it has 3071 bytes, and its caps call for 3072"},
		{"nothing of raw video", grey, 0, "it has 0 bytes, and its caps call for 3072"},
		{"fields", "video/x-raw(format:Interlaced), format=(string)GRAY8, width=(int)64, height=(int)97, interlace-mode=(string)alternate, framerate=(fraction)30/1", greySize,
			"it has 3072 bytes, and its caps call for 3136"},
		{"Bayer", "video/x-bayer, format=(string)rggb16le, width=(int)32, height=(int)48, framerate=(fraction)30/1", greySize - 1,
			"it has 3071 bytes, and its caps call for 3072"},
		{"tensors", "other/tensors, format=(string)static, num_tensors=(int)2, dimensions=(string)64:48.1, types=(string)uint8.float32, framerate=(fraction)30/1", greySize,
			"it has 3072 bytes, and its caps call for 3076"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := write(t, poolName(t), bips.ProducerOptions{})
			w.caps(c.caps)
			source := launch(t, "bipssrc pool=%s read-mode=every ! identity silent=false ! fakesink", poolName(t))
			w.awaits(1)
			w.publish(c.size, bips.FrameInfo{})
			w.endOfStream()
			source.fail("does not fit the format that its producer announced: "+c.says, "Start the producer anew")
			if n := len(source.buffers()); n != 0 {
				t.Errorf("%d buffers went downstream", n)
			}
		})
	}
}

// Caps that nobody means must not end the process that reads them: of audio without channels, by whose size others are
// divided, and of lists in one another, for which a thread's stack has no room.
func TestAPoolWithCapsThatNobodyMeans(t *testing.T) {
	const audio = "audio/x-raw, format=(string)S16LE, layout=(string)%s, rate=(int)48000, channels=(int)0, channel-mask=(bitmask)0x0"
	layout := records(t, meta.AudioLayout{Samples: 1})
	for _, c := range []struct {
		name, caps string
		meta       meta.Records
		says       []string // nil: it is read all the same
	}{
		{"planar audio without channels", fmt.Sprintf(audio, "non-interleaved"), nil, nil},
		{"audio without channels", fmt.Sprintf(audio, "interleaved"), layout, []string{"metadata of the frame are damaged", "Start the producer anew"}},
		{"a list that does not end", "video/x-h264, a=" + strings.Repeat("<", 16000), nil, []string{"caps that are not valid", "Start its producer anew"}},
		{"lists in one another", "video/x-h264, a=" + strings.Repeat("{", 8000) + "1" + strings.Repeat("}", 8000), nil, []string{"caps that are not valid", "Start its producer anew"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := write(t, poolName(t), bips.ProducerOptions{})
			w.caps(c.caps)
			line := fmt.Sprintf("bipssrc pool=%s read-mode=every ! fakesink", poolName(t))
			source := start(t, nil, line, exec.Command("sh", "-c", "ulimit -s 1024 && exec gst-launch-1.0 --no-fault "+line))
			w.awaits(1)
			w.publish(greySize, bips.FrameInfo{Meta: c.meta})
			w.endOfStream()
			if c.says == nil {
				source.finish()
			} else {
				source.fail(c.says...)
			}
		})
	}
}

// Caps of memory that is not the CPU's never go downstream over plain memory.
func TestAPoolWithCapsThatCannotBeShared(t *testing.T) {
	for caps, says := range map[string][2]string{
		"video/x-raw(memory:DMABuf), format=(string)GRAY8, width=(int)64, height=(int)48, framerate=(fraction)30/1":                                  {"rames in memory:DMABuf cannot be shared", "before bipssink"},
		"video/x-raw(memory:GLMemory), format=(string)RGBA, width=(int)16, height=(int)48, framerate=(fraction)30/1":                                 {"rames in memory:GLMemory cannot be shared", "Put gldownload before bipssink"},
		"video/x-raw, format=(string)GRAY8, width=(int)64, height=(int)48, views=(int)2, multiview-mode=(string)separated, framerate=(fraction)30/1": {"rames in multiview-mode=separated cannot be shared", "Put glviewconvert"},
	} {
		t.Run(says[0], func(t *testing.T) {
			t.Parallel()
			w := write(t, poolName(t), bips.ProducerOptions{})
			w.caps(caps)
			source := launch(t, "bipssrc pool=%s read-mode=every ! fakesink", poolName(t))
			w.awaits(1)
			w.publish(greySize, bips.FrameInfo{})
			w.endOfStream()
			source.fail(says[0], says[1])
		})
	}
}

// The sink refuses the same with the same sentence.
func TestViewsInMemoriesOfTheirOwn(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	launchWith(t, dir.use, "filesrc location=/dev/zero num-buffers=3 blocksize=6144 ! video/x-raw,format=GRAY8,width=64,height=48,views=2,multiview-mode=separated,framerate=30/1 ! bipssink pool=p").
		fail("rames in multiview-mode=separated cannot be shared", "Put glviewconvert")
	dir.isClean(t, "after its end")
}
