package plugin

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/bips/meta"
)

// records makes records, for a program without GStreamer.
func records(t *testing.T, all ...meta.Record) (made meta.Records) {
	t.Helper()
	for _, r := range all {
		var err error
		if made, err = meta.Append(made, r); err != nil {
			t.Fatal(err)
		}
	}
	return made
}

// rawRecord makes a record of any bytes.
func rawRecord(kind, flags uint16, payload ...byte) meta.Records {
	r := binary.LittleEndian.AppendUint16(nil, kind)
	r = binary.LittleEndian.AppendUint16(r, flags)
	r = binary.LittleEndian.AppendUint32(r, uint32(len(payload)))
	r = append(r, payload...)
	return append(r, make([]byte, -len(payload)&7)...)
}

// All that bipssink writes is read by package meta.
func TestAProgramWithoutGStreamerReadsTheMetadata(t *testing.T) {
	t.Parallel()
	needs(t, "metas")
	r := read(t, poolName(t), bips.ConsumerOptions{Mode: bips.Every}, nil)
	launch(t, ball+"metas add=split:76800,roi,reference,crop,timecode,caption,affine,protection ! bipssink pool=%s sync=false wait-for-consumers=1", 1, poolName(t)).finish()
	frames := r.all()
	if len(frames) != 1 {
		t.Fatalf("got %d frames", len(frames))
	}
	var kinds []meta.Type
	for record, err := range frames[0].Meta.All() {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, record.Type())
		switch record := record.(type) {
		case meta.Memories:
			if !slices.Equal(record.Sizes, []uint64{76800, 38400}) {
				t.Errorf("memories of %v", record.Sizes)
			}
		case meta.Region:
			detection, _ := record.Param("detection")
			if sure, _ := detection.Float("confidence"); record.Kind == "face" && sure != 0.9 {
				t.Errorf("the face has %+v", detection)
			}
			if extra, found := record.Param("roi/extra"); found && len(extra.Fields) != 16 {
				t.Errorf("%d parameters, want 16: %+v", len(extra.Fields), extra)
			}
		case meta.Crop:
			if (record != meta.Crop{X: 8, Y: 8, Width: 304, Height: 224}) {
				t.Errorf("crop %+v", record)
			}
		}
	}
	want := []meta.Type{meta.TypeMemories, meta.TypeRegion, meta.TypeRegion, meta.TypeReferenceTime, meta.TypeReferenceTime,
		meta.TypeCrop, meta.TypeTimeCode, meta.TypeCaption, meta.TypeAffine, meta.TypeProtection}
	if !slices.Equal(kinds, want) {
		t.Errorf("got %v, want %v", kinds, want)
	}
}

// And bipssrc makes metas of what a program without GStreamer writes.
func TestMetadataOfAProgramWithoutGStreamer(t *testing.T) {
	detection := meta.Structure{Name: "detection", Fields: []meta.Field{{Key: "confidence", Value: meta.Float{Value: 0.5}}}}
	for _, c := range []struct {
		name string
		sent meta.Records
		want []string
		lost string
	}{
		{"a region", records(t, meta.Region{ID: 3, Parent: meta.NoParent, X: 1, Y: 2, Width: 3, Height: 4, Kind: "car", Params: []meta.Structure{detection}}),
			[]string{"meta: roi car 3 of -1 at 1,2 3x4", "meta: roi-param detection, confidence=(double)0.5;"}, ""},
		{"a custom one", records(t, meta.Custom{Name: "GoSays", Structure: detection}),
			[]string{"meta: custom GoSays, 0 tags, none", "meta: custom GoSays, confidence=(double)0.5;"}, ""},
		{"one of a later version", append(rawRecord(999, 0, 1, 2, 3), records(t, meta.Crop{X: 1, Y: 2, Width: 3, Height: 4})...),
			[]string{"meta: crop 1,2 3x4"}, "unknown"},
		{"a damaged one before another", append(rawRecord(8, 0, 1, 2, 3), records(t, meta.Crop{X: 1, Y: 2, Width: 3, Height: 4})...),
			[]string{"meta: crop 1,2 3x4"}, "region/damaged"},
		{"memories that are not the frame's", records(t, meta.Memories{Sizes: []uint64{1, greySize}}), nil, "memories/damaged"},
		{"what GStreamer cannot have", records(t, meta.ReferenceTime{Timestamp: 5, Clock: "a clock"}), nil, "reference-time/fields"},
		{"a second crop", records(t, meta.Crop{Width: 3, Height: 4}, meta.Crop{Width: 5, Height: 6}), []string{"meta: crop 0,0 3x4"}, ""},
		{"one that this GStreamer does not know", records(t, meta.Gst{Name: "NobodyHasThisMeta", Data: []byte{1, 2, 3}}), nil, "NobodyHasThisMeta"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needs(t, "metas")
			if c.name == "a custom one" {
				direct(t, 1, "custom")
			}
			w := write(t, poolName(t), bips.ProducerOptions{})
			source := launchWith(t, strict, "bipssrc name=src pool=%s read-mode=every ! metas tell=true ! fakesink", poolName(t))
			w.awaits(1)
			w.publish(greySize, bips.FrameInfo{Meta: c.sent})
			w.endOfStream()
			source.finish()
			if got, want := source.matches(metaLine), append(c.want, "meta: end of buffer"); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			lost := source.named("src", "metas-dropped")
			if (c.lost == "") != (len(lost) == 0) || c.lost != "" && lost[c.lost] != 1 {
				t.Errorf("lost %v, want %q", lost, c.lost)
			}
		})
	}
}

// A frame that would be misread is none.
func TestMetadataThatMakeAFrameUnreadable(t *testing.T) {
	for _, c := range []struct {
		name string
		sent meta.Records
		says string
	}{
		{"needed, and of a later version", rawRecord(999, 1, 1), "without a metadata record of type 999, which is of a later version of BIPS"},
		{"a crop beyond the picture", records(t, meta.Crop{X: 60, Y: 2, Width: 30, Height: 4}), "a record of type 3"},
		{"a protection that is none", rawRecord(10, 1, 1, 2, 3), "a record of type 10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := write(t, poolName(t), bips.ProducerOptions{})
			source := launchWith(t, strict, "bipssrc pool=%s read-mode=every ! fakesink", poolName(t))
			w.awaits(1)
			w.publish(greySize, bips.FrameInfo{Meta: c.sent})
			source.fail(c.says)
		})
	}
}

// No producer of ours publishes what is no records. Whoever may write to the pool can make them that, while the reader is stopped.
func TestMetadataThatAreNoRecords(t *testing.T) {
	t.Parallel()
	if backend == "memfd" {
		t.Skip("nobody but its producer can write to a pool of memfd")
	}
	w := write(t, poolName(t), bips.ProducerOptions{})
	source := launchWith(t, strict, "bipssrc pool=%s read-mode=every ! fakesink", poolName(t))
	w.awaits(1)
	source.signal(syscall.SIGSTOP)
	sent := rawRecord(999, 0, []byte("a record of a type that nobody knows")...)
	w.publish(greySize, bips.FrameInfo{Meta: sent})
	pool, err := os.OpenFile(filepath.Join(os.Getenv("BIPS_SHM_DIR"), "bips."+poolName(t)), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	content, err := io.ReadAll(pool)
	if err != nil {
		t.Fatal(err)
	}
	length := bytes.Index(content, sent) + 4
	if length < 4 {
		t.Fatal("the record is not in the pool")
	}
	if _, err := pool.WriteAt([]byte{255}, int64(length)); err != nil {
		t.Fatal(err)
	}
	source.signal(syscall.SIGCONT)
	source.fail("The metadata of the frame are damaged")
}

// Planes of audio may lie anywhere in the frame.
func TestPlanesOfAudioLieWhereTheRecordSays(t *testing.T) {
	t.Parallel()
	needs(t, "audioconvert", "metas")
	const n = 100 // samples of each channel
	for _, c := range []struct {
		name    string
		offsets []uint64
		good    bool
	}{
		{"last first, with a gap", []uint64{1000, 8}, true},
		{"over one another", []uint64{0, 396}, false},
		{"beyond the frame", []uint64{0, 2000}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := write(t, poolName(t), bips.ProducerOptions{SlotSize: 4096})
			w.caps("audio/x-raw, format=(string)F32LE, layout=(string)non-interleaved, rate=(int)48000, channels=(int)2, channel-mask=(bitmask)0x3")
			source := launchWith(t, strict, "bipssrc pool=%s read-mode=every ! metas tell=true ! audioconvert ! audio/x-raw,layout=interleaved ! fakesink", poolName(t))
			w.awaits(1)
			w.publish(2000, bips.FrameInfo{Meta: records(t, meta.AudioLayout{Samples: n, Planar: true, Offsets: c.offsets})})
			w.endOfStream()
			if !c.good {
				source.fail("a record of type 2")
				return
			}
			source.finish()
			if got := source.matches("^meta: audio"); !slices.Equal(got, []string{fmt.Sprintf("meta: audio %d samples", n)}) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// meta-size gives room for more.
func TestMoreMetadataThanUsual(t *testing.T) {
	t.Parallel()
	s := send(t, 2, "rois:1300,reference", "meta-size=65536")
	s.tell(t, direct(t, 2, "rois:1300,reference"))
	launch(t, "videotestsrc num-buffers=1 ! %s ! bipssink pool=%s-2 meta-size=4095", small, poolName(t)).fail("meta-size=4095", "4096 to 65536")
	r := read(t, poolName(t)+"-3", bips.ConsumerOptions{Mode: bips.Every}, nil)
	launch(t, ball+"metas add=rois:100 ! bipssink pool=%s-3 meta-size=5001 sync=false wait-for-consumers=1", 1, poolName(t)).finish()
	if got := len(r.all()[0].Meta); got != 100*48 {
		t.Errorf("%d bytes of metadata, want those of 100 regions", got)
	}
}

// Names that never end do not fill the memory of the reader: GStreamer forgets none.
func TestNamesWithoutEndAreNotKept(t *testing.T) {
	t.Parallel()
	needs(t, "metas")
	w := write(t, poolName(t), bips.ProducerOptions{})
	source := launchWith(t, strict, "bipssrc name=src pool=%s read-mode=every ! metas tell=true ! fakesink", poolName(t))
	w.awaits(1)
	long := strings.Repeat("x", 1500)
	const n = 400 // of two regions each: more than a MiB of names
	for i := range n {
		w.publish(greySize, bips.FrameInfo{Meta: records(t, meta.Region{Kind: fmt.Sprintf("a%d%s", i, long)}, meta.Region{Kind: fmt.Sprintf("b%d%s", i, long)})})
	}
	w.endOfStream()
	source.finish()
	unknown := len(source.matches("^meta: roi unknown "))
	if lost := source.named("src", "metas-dropped")["region/fields"]; unknown == 0 || uint64(unknown) != lost || len(source.matches("^meta: roi ")) != 2*n {
		t.Errorf("%d of %d regions lost their name, %d are counted", unknown, 2*n, lost)
	}
}
