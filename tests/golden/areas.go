package golden

import (
	"encoding/hex"
	"math"
	"strings"
)

// Area is the used bytes of a metadata area, or tags, and what they say.
type Area struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Bytes string `json:"bytes"` // hex digits
	// Error is how a reader ends that must not use any record: "damaged", or "needed" because it does not know a type
	// that is needed.
	Error string `json:"error,omitempty"`
	// Records are what they say, in their order. One with an error is damaged, and the others can be used.
	Records []Object `json:"records,omitempty"`
}

// Object is a JSON object. Numbers are numbers, bytes are hex digits, unknown times and values are null.
type Object map[string]any

func field(key, kind string, origin int, value any) Object {
	return Object{"key": key, "kind": kind, "origin": origin, "value": value}
}

func element(kind string, origin int, value any) Object {
	return Object{"kind": kind, "origin": origin, "value": value}
}

func structure(name string, fields ...Object) Object {
	if fields == nil {
		fields = []Object{}
	}
	return Object{"name": name, "fields": fields}
}

// detection is what detectionRecord says.
var detection = Object{
	"type": "region", "id": 1, "parent": -1, "x": 10, "y": 20, "width": 30, "height": 40, "kind": "face", "analytics": false, "partial": false,
	"params": []Object{structure("detection", field("confidence", "float", 64, 0.875))},
}

// crop is a record, and what it says.
var (
	cropRecord = record(3, 1, uint32(16), uint32(8), uint32(640), uint32(360))
	crop       = Object{"type": "crop", "x": 16, "y": 8, "width": 640, "height": 360}
)

// Areas are metadata of each kind, and damaged ones.
func Areas() []Area {
	var all []Area
	add := func(name, about, err string, bytes []byte, records ...Object) {
		all = append(all, Area{name, about, hex.EncodeToString(bytes), err, records})
	}
	add("none", "No metadata.", "", nil)
	add("detection", "What a detector found: the example of docs/protocol.md.", "", detectionRecord, detection)
	add("tags", "Tags of the whole medium, as they lie in a caps record.", "", titleRecord, Object{
		"type": "tags", "scope": 1, "partial": false, "list": structure("taglist", field("title", "text", 0, "Gate nine")),
	})
	addPlain(add)
	addValues(add)
	addUnknown(add)
	addDamaged(add)
	return all
}

type adder func(name, about, err string, bytes []byte, records ...Object)

// addPlain adds records without structures.
func addPlain(add adder) {
	add("crop and memories", "The sizes of three memories, and a crop, which is NEEDED.", "",
		together(record(1, 0, uint64(230400), uint64(57600), uint64(57600)), cropRecord),
		Object{"type": "memories", "sizes": []uint64{230400, 57600, 57600}}, crop)
	add("interleaved audio", "Interleaved audio.", "", record(2, 1, uint64(1024), uint32(0), uint32(0)),
		Object{"type": "audio layout", "samples": 1024, "planar": false, "offsets": []uint64{}})
	add("planar audio", "Planar audio of two channels.", "", record(2, 1, uint64(512), uint32(1), uint32(2), uint64(0), uint64(2048)),
		Object{"type": "audio layout", "samples": 512, "planar": true, "offsets": []uint64{0, 2048}})
	turned := []float32{0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}
	add("affine", "A picture that is turned by 90 degrees.", "", record(4, 0, turned), Object{"type": "affine", "matrix": turned})
	add("time codes", "01:02:03;04 with a daily jam of 2023-11-14 23:13:20.123456 +01:00, and 10:11:12:24 without.", "",
		together(
			record(5, 0, uint32(30000), uint32(1001), uint32(3), uint32(2), uint32(1), uint32(2), uint32(3), uint32(4), int64(1700000000123456), int32(3600), uint32(0)),
			record(5, 0, uint32(25), uint32(1), uint32(0), uint32(0), uint32(10), uint32(11), uint32(12), uint32(24), int64(math.MinInt64), int32(0), uint32(0))),
		Object{
			"type": "time code", "fps_n": 30000, "fps_d": 1001, "flags": 3, "field_count": 2, "hours": 1, "minutes": 2, "seconds": 3, "frames": 4,
			"daily_jam": 1700000000123456, "daily_jam_offset": 3600,
		},
		Object{
			"type": "time code", "fps_n": 25, "fps_d": 1, "flags": 0, "field_count": 0, "hours": 10, "minutes": 11, "seconds": 12, "frames": 24,
			"daily_jam": nil, "daily_jam_offset": 0,
		})
	add("reference times", "Two clocks; the second one knows no duration.", "",
		together(
			record(6, 0, uint64(3908988800000000000), uint64(33333333), text("timestamp/x-ntp")),
			record(6, 0, uint64(1700000000000000000), ^uint64(0), text("timestamp/x-unix"))),
		Object{"type": "reference time", "timestamp": uint64(3908988800000000000), "duration": 33333333, "clock": "timestamp/x-ntp"},
		Object{"type": "reference time", "timestamp": uint64(1700000000000000000), "duration": nil, "clock": "timestamp/x-unix"})
	add("caption", "CEA-708 cc_data of two triples.", "", record(7, 0, uint32(3), uint32(6), "\xfc\x94\x2c\xfd\x80\x80"),
		Object{"type": "caption", "kind": 3, "data": "fc942cfd8080"})
	add("regions", "A car, and its plate in it, which came from a GstAnalyticsRelationMeta of which something was left out.", "",
		together(
			record(8, 0, int32(7), int32(-1), uint32(100), uint32(200), uint32(300), uint32(150), uint32(0), text("car")),
			record(8, 2|4, int32(8), int32(7), uint32(120), uint32(300), uint32(60), uint32(20), uint32(0), text(""))),
		Object{
			"type": "region", "id": 7, "parent": -1, "x": 100, "y": 200, "width": 300, "height": 150, "kind": "car", "analytics": false, "partial": false,
			"params": []Object{},
		},
		Object{
			"type": "region", "id": 8, "parent": 7, "x": 120, "y": 300, "width": 60, "height": 20, "kind": "", "analytics": true, "partial": true,
			"params": []Object{},
		})
	add("gst", "What gst_meta_serialize wrote.", "", record(11, 0, uint32(4+4+10+1+1+3), text("GstFooMeta"), uint8(0), uint8(1), "\x01\x02\x03"),
		Object{"type": "gst", "name": "GstFooMeta", "version": 1, "data": "010203"})
}

// addValues adds structures with each kind of value.
func addValues(add adder) {
	kinds := recordOf(9, 0)
	kinds.put(uint32(2), text("my-meta"), text("video"), text("size"))
	kinds.structure("all-kinds", 15)
	kinds.field(0, 0, "none")
	kinds.field(1, 0, "true", uint8(1))
	kinds.field(2, 64, "least", int64(math.MinInt64))
	kinds.field(2, 8, "small", int64(-5))
	kinds.field(3, 65, "most", ^uint64(0))
	kinds.field(4, 32, "half", 0.5)
	kinds.field(5, 0, "text", "Grüße")
	kinds.field(5, 0, "empty text", "")
	kinds.field(6, 0, "buffer", "\x00\x01\xff")
	kinds.field(6, 1, "bytes", "")
	kinds.field(7, 0, "fraction", int32(-30000), int32(1001))
	kinds.begin(9, 0, "array")
	kinds.put(uint32(3), uint32(0))
	kinds.field(2, 32, "", int64(1))
	kinds.field(0, 0, "")
	kinds.field(2, 32, "", int64(2))
	kinds.end()
	kinds.begin(10, 0, "list")
	kinds.put(uint32(2), uint32(0))
	kinds.field(5, 0, "", "de")
	kinds.field(5, 0, "", "en")
	kinds.end()
	kinds.field(11, 0, "other", text("GstVideoMultiviewMode"), "mono")
	kinds.begin(8, 0, "level 2")
	kinds.structure("two", 1)
	kinds.begin(9, 0, "level 3")
	kinds.put(uint32(1), uint32(0))
	kinds.begin(8, 0, "")
	kinds.structure("four", 1)
	kinds.field(1, 0, "deepest", uint8(0))
	kinds.end()
	kinds.end()
	kinds.end()
	add("values", "A custom meta with a value of each kind, and structures as deep as they may be.", "", kinds.bytes(), Object{
		"type": "custom", "name": "my-meta", "tags": []string{"video", "size"}, "partial": false,
		"structure": structure("all-kinds",
			field("none", "none", 0, nil),
			field("true", "bool", 0, true),
			field("least", "int", 64, math.MinInt64),
			field("small", "int", 8, -5),
			field("most", "unsigned", 65, uint64(math.MaxUint64)),
			field("half", "float", 32, 0.5),
			field("text", "text", 0, "Grüße"),
			field("empty text", "text", 0, ""),
			field("buffer", "bytes", 0, "0001ff"),
			field("bytes", "bytes", 1, ""),
			field("fraction", "fraction", 0, []int{-30000, 1001}),
			field("array", "array", 0, []Object{element("int", 32, 1), element("none", 0, nil), element("int", 32, 2)}),
			field("list", "list", 0, []Object{element("text", 0, "de"), element("text", 0, "en")}),
			field("other", "other", 0, Object{"type": "GstVideoMultiviewMode", "text": "mono"}),
			field("level 2", "structure", 0, structure("two",
				field("level 3", "array", 0, []Object{element("structure", 0, structure("four", field("deepest", "bool", 0, false)))}))),
		),
	})

	protection := recordOf(10, 1|2)
	protection.structure("application/x-cenc", 1)
	protection.field(6, 0, "kid", "\xaa\xbb")
	add("protection", "How the frame is encrypted, with something left out.", "", protection.bytes(),
		Object{"type": "protection", "partial": true, "structure": structure("application/x-cenc", field("kid", "bytes", 0, "aabb"))})

	origins := recordOf(10, 1)
	origins.structure("origins", 4)
	origins.begin(9, 0, "whole")
	origins.put(uint32(3), uint32(0))
	origins.field(2, 64, "", int64(1))
	origins.field(2, 7, "", int64(2))
	origins.field(2, 0, "", int64(3))
	origins.end()
	origins.field(4, 65, "float", 0.5)
	origins.field(6, 9, "bytes", "")
	origins.field(5, 1, "text", "")
	add("origins", "Origins that are not known count as 64 of numbers and as 0 of others.", "", origins.bytes(),
		Object{
			"type": "protection", "partial": false, "structure": structure("origins",
				field("whole", "array", 0, []Object{element("int", 64, 1), element("int", 64, 2), element("int", 64, 3)}),
				field("float", "float", 64, 0.5), field("bytes", "bytes", 0, ""), field("text", "text", 0, ""),
			),
		})

	over := recordOf(10, 1)
	over.structure("passed-over", 7)
	over.field(200, 0, "of a later version", uint64(1))
	over.field(7, 0, "no fraction", int32(1), int32(0))
	over.field(1, 0, "", uint8(1)) // no key
	over.begin(9, 0, "mixed")
	over.put(uint32(4), uint32(0))
	over.field(0, 0, "")
	over.field(2, 32, "", int64(1))
	over.field(2, 64, "", int64(2))
	over.field(5, 0, "", "3")
	over.end()
	over.begin(9, 0, "level 2")
	over.put(uint32(1), uint32(0))
	over.begin(9, 0, "")
	over.put(uint32(1), uint32(0))
	over.begin(9, 0, "")
	over.put(uint32(1), uint32(0))
	over.begin(9, 0, "") // too deep
	over.put(uint32(0), uint32(0))
	over.end()
	over.end()
	over.end()
	over.end()
	over.field(1, 0, "long", uint8(1), "more than a bool")
	over.field(1, 0, "last", uint8(1))
	add("values passed over", "Fields and elements that a reader passes over, and others among them that it reads.", "", over.bytes(),
		Object{
			"type": "protection", "partial": true, "structure": structure("passed-over",
				field("mixed", "array", 0, []Object{element("none", 0, nil), element("int", 32, 1)}),
				field("level 2", "array", 0, []Object{element("array", 0, []Object{element("array", 0, []Object{})})}),
				field("long", "bool", 0, true),
				field("last", "bool", 0, true),
			),
		})
}

// addUnknown adds records that a reader does not know, or not all of.
func addUnknown(add adder) {
	unknown := Object{"type": "unknown", "number": 4000, "payload": "6e6577"}
	add("unknown", "A record of a later version before a crop, which has a field more at its end and flags that nobody knows.", "",
		together(record(4000, 0, "new"), record(3, 0x8001, uint32(16), uint32(8), uint32(640), uint32(360), "field")), unknown, crop)
	add("needed", "A record of a later version without which the frame cannot be read, after one that is known.", "needed",
		together(cropRecord, record(4000, 1, "new")))
}

// addDamaged adds what is damaged as a whole, and records that are.
func addDamaged(add adder) {
	whole := func(name, about string, bytes []byte) { add("damaged: "+name, about, "damaged", bytes) }
	whole("no multiple of 8", "Four bytes too many.", append(together(cropRecord), 0, 0, 0, 0))
	whole("too long", "The second record ends beyond the used bytes.", together(cropRecord, uint16(6), uint16(0), uint32(64), make([]byte, 8)))
	whole("huge", "A record of 4 GiB.", together(uint16(4), uint16(0), ^uint32(0), make([]byte, 64)))

	one := func(name, about, kind string, bytes []byte) {
		add("damaged record: "+name, about, "", together(bytes, cropRecord), Object{"type": kind, "error": "damaged"}, crop)
	}
	one("short", "A crop of 12 bytes.", "crop", record(3, 1, uint32(0), uint32(0), uint32(1)))
	one("text", "A clock whose name is longer than the record.", "reference time", record(6, 0, uint64(1), uint64(1), uint32(17), "timestamp/x-ntp"))
	one("zero byte", "A region whose kind has a zero byte.", "region", record(8, 0, make([]byte, 28), text("fa\x00e")))
	one("UTF-8", "A region whose kind is no UTF-8.", "region", record(8, 0, make([]byte, 28), text("fa\xc3(")))
	one("count", "A region of 64 structures, of which none is there.", "region", record(8, 0, make([]byte, 24), uint32(64), text("face")))
	one("one memory", "The size of one memory.", "memories", record(1, 0, uint64(1)))
	one("memories", "Sizes of memories in 20 bytes.", "memories", record(1, 0, uint64(1), uint64(1), uint32(1)))
	one("planes", "Planar audio without planes.", "audio layout", record(2, 1, uint64(1), uint32(1), uint32(0)))
	one("channels", "Audio of 65 channels.", "audio layout", record(2, 1, uint64(1), uint32(1), uint32(65), make([]uint64, 65)))
	one("caption", "A caption with fewer bytes than it says.", "caption", record(7, 0, uint32(1), uint32(3), "\x80\x80"))
	one("tags of a custom", "A custom meta with nine tags.", "custom", custom(9, "s", 0))
	one("structure's name", "A structure whose name begins with a digit.", "custom", custom(0, "1st", 0))
	one("structure's long name", "A structure whose name has 101 bytes.", "custom", custom(0, strings.Repeat("n", 101), 0))
	one("no name", "A structure without a name.", "custom", custom(0, "", 0))
	one("fields", "A structure of 1000 fields, of which none is there.", "custom", custom(0, "s", 1000))
	one("gst", "A meta of GStreamer's own that says that it is longer.", "gst", record(11, 0, uint32(24), text("GstFooMeta"), uint8(0), uint8(1)))
	one("gst's name", "A meta of GStreamer's own whose name does not end.", "gst", record(11, 0, uint32(20), text("GstFooMeta"), uint8(1), uint8(1)))

	value := func(name, about string, kind uint8, bytes ...any) {
		r := recordOf(9, 0)
		r.put(uint32(0), text("my-meta"))
		r.structure("s", 1)
		r.field(kind, 0, "key", bytes...)
		one(name, about, "custom", r.bytes())
	}
	value("short number", "A number of 7 bytes.", 2, make([]byte, 7))
	value("short fraction", "A fraction of 4 bytes.", 7, uint32(1))
	value("no bool", "A bool of no bytes.", 1)
	value("text's zero byte", "A text with a zero byte.", 5, "a\x00")
	value("elements", "An array of a million elements.", 9, uint32(1000000), uint32(0))
	value("array", "An array of 4 bytes.", 9, uint32(0))
	value("other", "The name of a GType that is longer than its value.", 11, uint32(9), "GstCaps")
	key := recordOf(9, 0)
	key.put(uint32(0), text("my-meta"))
	key.structure("s", 1)
	key.field(1, 0, strings.Repeat("k", 256), uint8(1))
	one("key", "A key of 256 bytes.", "custom", key.bytes())
	beyond := recordOf(9, 0)
	beyond.put(uint32(0), text("my-meta"))
	beyond.structure("s", 1)
	beyond.put(uint8(5), uint8(0), uint16(3), uint32(100), "key", "text")
	one("value", "A value that is longer than its record.", "custom", beyond.bytes())
}

// custom is a record with an empty structure that says it has so many fields.
func custom(tags int, name string, fields uint32) []byte {
	r := recordOf(9, 0)
	r.put(uint32(tags), text("my-meta"))
	for range tags {
		r.put(text("tag"))
	}
	r.structure(name, fields)
	return r.bytes()
}
