package conformance

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/tests/golden"
	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// rewritable reports whether a writer makes the very bytes of an area: not where there is something damaged, or that a reader
// passes over.
func rewritable(area golden.Area) bool {
	for _, record := range area.Records {
		if record["error"] != nil {
			return false
		}
	}
	switch area.Name {
	case "unknown", "origins", "values passed over":
		return false
	}
	return area.Error == ""
}

// Each golden record, as the producer's writer writes it, says to the consumer's reader what its JSON says.
func TestRecordsOfEachTypeCross(t *testing.T) {
	eachPair(t, both(programs, ofMode("every")), func(s *session) {
		p := s.produce("--meta-size=8192")
		c := s.consume("--max-held=1")
		c.looksFor()
		p.awaits(1)
		for _, area := range golden.Areas() {
			if area.Name == "tags" {
				continue
			}
			sent := area.Bytes
			if rewritable(area) {
				sent = p.must(line.Order{Do: line.DoRecords, Meta: area.Bytes}).Meta
				s.check(sent == area.Bytes, "%s: written as\n%s\nwant\n%s", area.Name, sent, area.Bytes)
			}
			if !c.pulling {
				c.looksFor()
			}
			info := plain()
			info.Meta = sent
			order := line.Order{Do: line.DoFrame, Size: 64, Timeout: patience, Info: info}
			if area.Error == "damaged" { // no reader could use it: it is not published
				p.fails(order, "option")
				continue
			}
			p.must(order)
			came := c.gets()
			s.check(came.Info.Meta == sent, "%s: came as\n%s\nwant\n%s", area.Name, came.Info.Meta, sent)
			s.says(area, c.Ask(line.Order{Do: line.DoRecords, Hold: came.Hold}))
			c.releases(came)
		}
	})
}

// says compares what was read of metadata with what the golden area says.
func (s *session) says(area golden.Area, read *line.Line) {
	s.Helper()
	if read.Error != area.Error {
		s.Errorf("%s: read with the error %q (%s), want %q", area.Name, read.Error, read.Text, area.Error)
		return
	}
	if area.Error != "" {
		return
	}
	if read.Records == nil {
		s.Errorf("%s: nothing is told of it: %+v", area.Name, *read)
		return
	}
	if got, want := normal(s.T, *read.Records), normal(s.T, encoded(s.T, area.Records)); got != want {
		s.Errorf("%s: read as\n%s\nwant\n%s", area.Name, got, want)
	}
	if rewritable(area) && read.Meta != area.Bytes {
		s.Errorf("%s: written again as\n%s\nwant\n%s", area.Name, read.Meta, area.Bytes)
	}
}

func encoded(t *testing.T, records []golden.Object) []byte {
	t.Helper()
	if records == nil {
		records = []golden.Object{}
	}
	text, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// normal is JSON with its fields in order, and numbers as they are.
func normal(t *testing.T, text []byte) string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var all []map[string]any
	if err := decoder.Decode(&all); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	again, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(again)
}

// Tags of both scopes say to the consumer's reader what the producer's writer wrote, and those of a later frame replace them.
func TestTagsCross(t *testing.T) {
	eachPair(t, both(programs, ofMode("latest")), func(s *session) {
		p := s.produce()
		c := s.consume("--max-held=1")
		c.looksFor()
		p.awaits(1)
		for _, area := range golden.Areas() {
			if area.Name != "tags" {
				continue
			}
			sent := p.must(line.Order{Do: line.DoRecords, Meta: area.Bytes}).Meta
			for _, tags := range []string{sent, "", sent} {
				if !c.pulling {
					c.looksFor()
				}
				p.must(line.Order{Do: line.DoTags, Tags: tags})
				p.publishes(64)
				came := c.gets()
				s.check(came.Info.Tags == tags, "the tags came as %q, want %q", came.Info.Tags, tags)
				if tags != "" {
					s.says(area, c.Ask(line.Order{Do: line.DoRecords, Hold: came.Hold, Of: line.OfTags}))
				}
				c.releases(came)
			}
		}
		p.fails(line.Order{Do: line.DoTags, Tags: areaOf(s.T, "detection")}, "option") // no tags
		p.fails(line.Order{Do: line.DoTags, Tags: "0c00000008000000"}, "option")       // cut short
	})
}

// relayed are metadata areas that GStreamer has a meta for, or a tag: bipssrc makes it of the record, and bipssink the record
// of it. Each has the caps and the size of the frame that it fits to. They are golden areas, or in own.
var relayed = []struct {
	area string
	caps string
	size int
}{
	{"detection", picture, 1280 * 720},
	{"reference times", picture, 1280 * 720},
	{"time codes", picture, 1280 * 720},
	{"caption", picture, 1280 * 720},
	{"affine", picture, 1280 * 720},
	{"protection", picture, 1280 * 720},
	{"a custom one", picture, 1280 * 720},
	{"memories", "application/x-conform", 100},
	{"none", picture, 1280 * 720},
	{"planar audio", "audio/x-raw, format=(string)F32LE, layout=(string)non-interleaved, rate=(int)48000, channels=(int)2, channel-mask=(bitmask)0x0000000000000003", 4096},
}

// own are areas that are not golden ones: GStreamer has no place for the name of a custom meta's structure, and none for no value in an array.
var own = map[string]meta.Record{
	"memories": meta.Memories{Sizes: []uint64{60, 30, 10}},
	"a custom one": meta.Custom{Name: "ConformMeta", Tags: []string{"video"}, Structure: meta.Structure{Name: "ConformMeta", Fields: []meta.Field{
		{Key: "none", Value: meta.None{}},
		{Key: "yes", Value: meta.Bool(true)},
		{Key: "least", Value: meta.Int{Value: math.MinInt64, Origin: meta.Origin64}},
		{Key: "small", Value: meta.Int{Value: -5, Origin: meta.Origin8}},
		{Key: "most", Value: meta.Uint{Value: math.MaxUint64, Origin: meta.OriginLong}},
		{Key: "real", Value: meta.Float{Value: 0.1, Origin: meta.Origin64}},
		{Key: "half", Value: meta.Float{Value: 0.5, Origin: meta.Origin32}},
		{Key: "text", Value: meta.Text("Grüße; \"quoted\"")},
		{Key: "buffer", Value: meta.Bytes{Data: []byte{0, 1, 255}}},
		{Key: "bytes", Value: meta.Bytes{Data: []byte{7}, Origin: meta.OriginBytes}},
		{Key: "rate", Value: meta.Fraction{Numerator: -30000, Denominator: 1001}},
		{Key: "array", Value: meta.Array{meta.Int{Value: 1, Origin: meta.Origin32}, meta.Int{Value: 2, Origin: meta.Origin32}}},
		{Key: "list", Value: meta.List{meta.Text("de"), meta.Text("en")}},
		{Key: "date", Value: meta.Other{Type: "GDate", Text: "2025-04-03"}},
		{Key: "inner", Value: meta.Structure{Name: "two", Fields: []meta.Field{{Key: "levels", Value: meta.Array{meta.Structure{Name: "four", Fields: []meta.Field{{Key: "deepest", Value: meta.Bool(false)}}}}}}}},
	}}},
}

// areaOf is a golden metadata area, or one in own, in hexadecimal digits.
func areaOf(t *testing.T, name string) string {
	t.Helper()
	for _, area := range golden.Areas() {
		if area.Name == name {
			return area.Bytes
		}
	}
	records, err := meta.Append(nil, own[name])
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return hex.EncodeToString(records)
}

const picture = "video/x-raw, format=(string)GRAY8, width=(int)1280, height=(int)720, framerate=(fraction)25/1"

// What GStreamer has a meta for comes out of a pipeline that reads one pool and writes another as it went in: records, tags,
// bytes, caps, and all else that a buffer carries.
func TestARelayOfBothElementsPassesOnWhatABufferCarries(t *testing.T) {
	eachPair(t, both(programs, ofMode("every")), func(s *session) {
		p := s.produce("--slot-size=921600", "--slots=8")
		relay := s.relay(s.pool, s.pool+"-again")
		p.awaits(1)
		p.must(line.Order{Do: line.DoTags, Tags: areaOf(s.T, "tags")})
		c := drive.Start(s.T, drive.Consume, s.pool+"-again", drive.Setup{Program: s.pair.consumer.command(), Args: []string{"--idle", "--detail", "--payload=any", "--mode=latest"}})
		s.Cleanup(c.Kill)
		for i, frame := range relayed {
			info := &line.Record{
				PTS: int64(i+1) * 40_000_000, DTS: int64(i+1)*40_000_000 - 5, Duration: 40_000_000, Capture: int64(sys.Monotonic()), Offset: "0000000000000005", OffsetEnd: "0000000000000006",
				Flags: crossingFlags &^ 0x50, Meta: areaOf(s.T, frame.area),
			}
			p.must(line.Order{Do: line.DoCaps, Caps: frame.caps})
			c.Tell(line.Order{Do: line.DoPull, Timeout: patience})
			told := p.must(line.Order{Do: line.DoFrame, Size: frame.size, Timeout: patience, Info: info})
			came := c.Answer(line.Order{Do: line.DoPull})
			if came.Error != "" {
				s.Fatalf("%s: %s: %s\n%s", frame.area, came.Error, came.Text, relay())
			}
			got := *came.Info
			want := line.Record{
				Size: frame.size, PTS: max(got.PTS, 0), DTS: max(got.PTS, 0) - 5, Duration: info.Duration, Capture: got.Capture, Offset: info.Offset, OffsetEnd: info.OffsetEnd,
				Flags: info.Flags, Meta: info.Meta, Caps: frame.caps, Tags: areaOf(s.T, "tags"), Latency: got.Latency, Published: got.Published, SHA256: told.SHA256,
				Mode: "latest", // so that it gets the first frame, too, which is published when there is no reader yet
			}
			got.Flags &^= 0x50
			if frame.area == "protection" { // a GstProtectionMeta does not say that something was left out of it
				want.Meta = strings.Replace(want.Meta, "0a000300", "0a000100", 1)
			}
			if text(got) != text(want) {
				s.Errorf("%s: came as\n%s\nwant\n%s", frame.area, text(got), text(want))
			}
			c.Ask(line.Order{Do: line.DoRelease, Hold: came.Hold})
		}
	})
}

// relay starts a pipeline that reads one pool and writes another. It returns what the pipeline has said so far.
func (s *session) relay(from, to string) (said func() string) {
	s.Helper()
	log, err := os.Create(filepath.Join(s.TempDir(), "relay.log"))
	if err != nil {
		s.Fatal(err)
	}
	relay := exec.Command("gst-launch-1.0", "--no-fault", "bipssrc", "pool="+from, "read-mode=every", "!", "bipssink", "pool="+to, "backend="+s.backend, "sync=false")
	relay.Env = append(os.Environ(), gstreamer...)
	relay.Stdout, relay.Stderr = log, log
	if err := relay.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		_ = relay.Process.Signal(os.Interrupt)
		if err := relay.Wait(); err != nil {
			s.Errorf("the relay ended with %v:\n%s", err, said())
		}
		_ = log.Close()
	})
	return func() string {
		text, _ := os.ReadFile(log.Name())
		return string(text)
	}
}
