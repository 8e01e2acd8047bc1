package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// A crossing is a frame with all that travels with it. What is not set of caps, tags and latency stays as it was.
type crossing struct {
	name    string
	caps    string
	tags    *string // records, in hexadecimal digits
	latency int64
	size    int
	line.Record
	buffer bool // a GstBuffer can carry it; then it is captured when it is published
}

// Values of which each byte is another one: an order of bytes that is wrong shows.
const (
	pts       = 0x0102030405060708
	dts       = 0x1112131415161718
	duration  = 0x2122232425262728
	capture   = 0x3132333435363738
	offset    = "4142434445464748"
	offsetEnd = "5152535455565758"
	longest   = 1<<63 - 1 // nanoseconds
)

const (
	nv12 = "video/x-raw, format=(string)NV12, width=(int)32, height=(int)16, framerate=(fraction)25/1"
	gray = "video/x-raw, format=(string)GRAY8, width=(int)64, height=(int)48, framerate=(fraction)25/1"
)

// Flags of a GstBuffer which mean the same in another process: LIVE, DISCONT, MARKER, HEADER, GAP, DROPPABLE, DELTA_UNIT, NON_DROPPABLE.
const crossingFlags = 1<<4 | 1<<6 | 1<<8 | 1<<10 | 1<<11 | 1<<12 | 1<<13 | 1<<17

// crossings are frames that a pool with slots of 4096 bytes, and 4096 bytes of metadata, has room for.
func crossings(t *testing.T) []crossing {
	tags, noTags := areaOf(t, "tags"), ""
	largest := strings.Repeat(areaOf(t, "detection"), 4096/104)
	return []crossing{
		{
			name: "all is known", caps: "application/x-conform, part=(int)1", tags: &tags, latency: 0x6162636465666768, size: 100,
			Record: line.Record{
				PTS: pts, DTS: dts, Duration: duration, Capture: capture, Offset: offset, OffsetEnd: offsetEnd, Flags: 0x71727374,
				Strides: []int32{0x01020304, 0x11121314, -1, 7}, Offsets: []uint64{0, 1, 99, 100}, Meta: areaOf(t, "detection"),
			},
		},
		{
			name: "nothing is known", caps: "", tags: &noTags, latency: -1, size: 1,
			Record: line.Record{PTS: -1, DTS: -1, Duration: -1, Capture: -1, Offset: none, OffsetEnd: none},
		},
		{name: "all is zero", caps: "application/x-conform", tags: &noTags, latency: 0, size: 1, Record: line.Record{Offset: "0000000000000000", OffsetEnd: "0000000000000000"}},
		{
			name: "all is as large as can be", caps: "application/x-conform, text=(string)" + strings.Repeat("ü€😀", 1800), tags: &tags, latency: longest, size: 4096,
			Record: line.Record{
				PTS: longest, DTS: longest, Duration: longest, Capture: longest, Offset: "fffffffffffffffe", OffsetEnd: "fffffffffffffffe", Flags: 1<<32 - 1,
				Strides: []int32{1<<31 - 1, -1 << 31}, Offsets: []uint64{4096, 4096}, Meta: largest,
			},
		},
		{name: "an empty frame", caps: "application/x-conform, part=(int)2", tags: &noTags, latency: 1, Record: line.Record{PTS: 1, DTS: 1, Duration: 1, Capture: 1, Offset: "1", OffsetEnd: "2"}},
		{
			name: "a picture with planes of its own", caps: nv12, tags: &noTags, latency: -1, size: 1100, buffer: true,
			Record: line.Record{
				PTS: 40_000_000, DTS: 35_000_000, Duration: 40_000_001, Capture: -1, Offset: offset, OffsetEnd: offsetEnd, Flags: crossingFlags,
				Strides: []int32{40, 48}, Offsets: []uint64{16, 700},
			},
		},
		{
			name: "a picture as its caps say", caps: gray, tags: &noTags, latency: -1, size: 64 * 48, buffer: true,
			Record: line.Record{PTS: 80_000_000, DTS: -1, Duration: -1, Capture: -1, Offset: none, OffsetEnd: none, Flags: 1 << 13},
		},
		{
			name: "anything", caps: "application/x-conform, part=(int)3, text=(string)\"gr\\303\\274n\"", tags: &noTags, latency: -1, size: 77, buffer: true,
			Record: line.Record{PTS: 120_000_000, DTS: 120_000_000, Duration: 40_000_000, Capture: -1, Offset: "0000000000000007", OffsetEnd: "0000000000000008"},
		},
	}
}

// Each field of each frame is what the producer said, and each byte what it wrote.
func TestAllThatTravelsWithAFrameCrosses(t *testing.T) {
	eachPair(t, all, func(s *session) {
		p := s.produce("--slot-size=4096", "--meta-size=4096")
		c := s.consume("--max-held=2")
		c.looksFor()
		first := true
		for _, frame := range crossings(s.T) {
			if s.elements() && !frame.buffer {
				continue
			}
			if frame.buffer {
				frame.Capture = int64(sys.Monotonic())
			}
			p.must(line.Order{Do: line.DoCaps, Caps: frame.caps})
			if !s.pair.producer.elements {
				p.must(line.Order{Do: line.DoTags, Tags: *frame.tags})
				p.must(line.Order{Do: line.DoLatency, Latency: frame.latency})
			}
			p.awaits(1)
			if !c.pulling {
				c.looksFor()
			}
			before := int64(sys.Monotonic())
			told := p.must(line.Order{Do: line.DoFrame, Size: frame.size, Timeout: patience, Info: &frame.Record})
			came := c.gets()
			s.compares(frame.name, frame.expected(s, first, told, before), came)
			c.releases(came)
			first = false
		}
	})
}

// expected is what a consumer is to tell of a frame.
func (f crossing) expected(s *session, first bool, told *line.Line, before int64) *line.Line {
	record := f.Record
	record.Size, record.Caps, record.Tags, record.Latency, record.SHA256 = f.size, f.caps, *f.tags, f.latency, told.SHA256
	record.Mode, record.Blocking = s.mode, s.mode == "every"
	record.Published = before // or later
	for _, offset := range []*string{&record.Offset, &record.OffsetEnd} {
		*offset = fmt.Sprintf("%016s", *offset)
	}
	return &line.Line{Sequence: told.Sequence, Discont: first, Info: &record}
}

// compares compares all fields of a frame that came, but for those that a GstBuffer gets another value of: these are compared as
// far as they mean something.
func (s *session) compares(name string, want, got *line.Line) {
	s.Helper()
	if got.Info == nil {
		s.Errorf("%s: nothing is told of it: %+v", name, got)
		return
	}
	g, w := *got.Info, *want.Info
	now := int64(sys.Monotonic())
	if !s.pair.consumer.elements && (g.Published < w.Published || g.Published > now) {
		s.Errorf("%s: published at %d, want %d to %d", name, g.Published, w.Published, now)
	}
	g.Published, w.Published = 0, 0
	if s.elements() {
		s.throughABuffer(name, got, want, &g, &w)
	}
	if got.Sequence != want.Sequence || got.Discont != want.Discont || got.Skipped != want.Skipped || got.Lost != want.Lost {
		s.Errorf("%s: got frame %d, discontinuity %v, %d skipped, %d lost, want %d, %v, %d, %d", name,
			got.Sequence, got.Discont, got.Skipped, got.Lost, want.Sequence, want.Discont, want.Skipped, want.Lost)
	}
	if gotText, wantText := text(g), text(w); gotText != wantText {
		s.Errorf("%s: got\n%s\nwant\n%s", name, gotText, wantText)
	}
}

// throughABuffer takes from what is compared what does not come through a GstBuffer as it is.
func (s *session) throughABuffer(name string, got, want *line.Line, g, w *line.Record) {
	s.Helper()
	if s.pair.producer.elements { // bipssink tells when a frame was captured, by its pipeline's clock
		if g.Capture < 0 {
			s.Errorf("%s: it is not told when it was captured", name)
		}
		g.Capture, w.Capture = -1, -1
		g.Latency, w.Latency = -1, -1
	}
	w.Flags &= crossingFlags
	g.Flags &= crossingFlags
	if !s.pair.consumer.elements {
		return
	}
	// bipssrc gives a frame a time of its own pipeline: what stays is how far apart its two times are.
	if (w.DTS < 0) == (g.DTS < 0) && w.DTS >= 0 && w.PTS-w.DTS != g.PTS-g.DTS {
		s.Errorf("%s: it is decoded %d ns before it is shown, want %d", name, g.PTS-g.DTS, w.PTS-w.DTS)
	}
	const live, discont = 1 << 4, 1 << 6
	for _, r := range []*line.Record{g, w} {
		r.PTS, r.DTS = -1, -1
		r.Flags &^= live | discont
		r.Latency, r.Mode, r.Blocking, r.Behind = -1, "", false, 0
	}
	got.Sequence, got.Discont = want.Sequence, want.Discont
}

func text(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err)
	}
	return string(b)
}
