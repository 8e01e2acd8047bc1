package golden

import (
	"encoding/hex"
	"strings"
)

// Message is what one side of a connection of a memfd pool sends, and what the other one reads.
type Message struct {
	Name  string `json:"name"`
	About string `json:"about"`
	As    string `json:"as"`    // which message is due: "hello", "refuse", ...
	Bytes string `json:"bytes"` // hex digits: all that was received
	// Error is how a reader of the message ends: "malformed", or "version" because its version is another one.
	Error string `json:"error,omitempty"`
	// Message is what it says. Its fields have the names of docs/protocol.md.
	Message Object `json:"message,omitempty"`
	// Written: a writer of this version makes these very bytes of the fields.
	Written bool `json:"written"`
}

// messageOf is a message of version 1.minor, with its size.
func messageOf(magic string, minor uint16, fields ...any) []byte {
	rest := together(fields...)
	return together("BIPS"+magic, uint16(1), minor, uint32(16+len(rest)), rest)
}

// changed is a message with other bytes at an offset.
func changed(message []byte, at int, bytes ...byte) []byte {
	other := append([]byte(nil), message...)
	copy(other[at:], bytes)
	return other
}

// What a message says besides its head.
func heading(minor, size int, fields Object) Object {
	fields["version_minor"], fields["size"] = minor, size
	return fields
}

// One of each.
var (
	helloMessage = messageOf("HELO", 0, uint64(0x0102030405060708), uint16(4), uint16(1),
		uint32(2), uint32(5), uint32(3), uint32(0), uint32(1234), "gst", padding(13))
	refuseMessage = messageOf("REFU", 0, uint32(7), uint32(1000), uint32(4), uint32(0), "full")
	grantMessage  = messageOf("GRNT", 0, uint64(0x0123456789abcdef), uint64(1<<24), uint64(8192),
		uint32(63), uint32(0x80000001), uint32(2), uint32(2), uint64(5), uint32(12), padding(28))
	readyMessage = messageOf("REDY", 0, uint64(0x0123456789abcdef), uint32(63), uint32(0))
	sitsMessage  = messageOf("SITS", 0, uint64(0x0123456789abcdef), uint32(63), uint32(0))
	moveMessage  = messageOf("MOVE", 0, uint64(0x0123456789abcdef), uint64(1<<24), uint64(8192),
		uint32(0), uint32(7), uint32(1), uint32(2), uint64(0), uint64(17), uint64(999), padding(16))
	knockMessage = messageOf("KNOK", 0)
)

func helloMeans() Object {
	return Object{
		"known": uint64(0x0102030405060708), "layout_major": 4, "layout_minor": 1, "mode": 2, "wanted": 5, "least": 3,
		"pid": 1234, "program": "gst",
	}
}

func refuseMeans(text string) Object { return Object{"code": 7, "again": 1000, "text": text} }

func grantMeans() Object {
	return Object{
		"instance": uint64(0x0123456789abcdef), "pool_size": 1 << 24, "seat_size": 8192, "seat": 63, "generation": 0x80000001,
		"granted": 2, "descriptors": 2, "required": 5, "slots_for_most": 12,
	}
}

func seatMeans() Object { return Object{"instance": uint64(0x0123456789abcdef), "seat": 63} }

func moveMeans() Object {
	return Object{
		"instance": uint64(0x0123456789abcdef), "pool_size": 1 << 24, "seat_size": 8192, "seat": 0, "generation": 7,
		"granted": 1, "descriptors": 2, "required": 0, "left": 17, "first": 999,
	}
}

// kind is one kind of message.
type kind struct {
	as       string
	bytes    []byte
	means    func() Object
	reserved [2]int // bytes that are not read
}

func kinds() []kind {
	return []kind{
		{"hello", helloMessage, helloMeans, [2]int{40, 44}},
		{"refuse", refuseMessage, func() Object { return refuseMeans("full") }, [2]int{28, 32}},
		{"grant", grantMessage, grantMeans, [2]int{68, 96}},
		{"ready", readyMessage, seatMeans, [2]int{28, 32}},
		{"sits", sitsMessage, seatMeans, [2]int{28, 32}},
		{"move", moveMessage, moveMeans, [2]int{80, 96}},
		{"knock", knockMessage, func() Object { return Object{} }, [2]int{}},
	}
}

// Messages are messages of each kind, longer ones, and wrong ones.
func Messages() (all []Message) {
	add := func(name, about, as string, bytes []byte, err string, means Object) {
		all = append(all, Message{Name: name, About: about, As: as, Bytes: hex.EncodeToString(bytes), Error: err, Message: means})
	}
	for _, k := range kinds() {
		add(k.as, "As a writer of this version writes it.", k.as, k.bytes, "", heading(0, len(k.bytes), k.means()))
		all[len(all)-1].Written = true
	}
	for _, k := range kinds() {
		addVariants(add, k)
	}
	addTexts(add)
	addWrongFields(add)
	return all
}

type messageAdder func(name, about, as string, bytes []byte, err string, means Object)

// addVariants adds what holds for messages of all kinds.
func addVariants(add messageAdder, k kind) {
	longer := func(size int) []byte {
		more := append(append([]byte(nil), k.bytes...), strings.Repeat("\xff", size-len(k.bytes))...)
		return changed(more, 10, 9, 0, byte(size), byte(size>>8), 0, 0)
	}
	add(k.as+": longer", "Of a later minor version, with fields that are not known.", k.as, longer(len(k.bytes)+8), "", heading(9, len(k.bytes)+8, k.means()))
	add(k.as+": longest", "As long as a message may be.", k.as, longer(512), "", heading(9, 512, k.means()))
	add(k.as+": too long", "A byte more.", k.as, longer(513), "malformed", nil)
	cut := k.bytes[:len(k.bytes)-1]
	add(k.as+": cut", "Its last byte is missing.", k.as, cut, "malformed", nil)
	add(k.as+": short", "It says itself that its last byte is missing.", k.as, changed(cut, 12, byte(len(cut))), "malformed", nil)
	add(k.as+": behind its end", "A byte more than it says.", k.as, append(append([]byte(nil), k.bytes...), 0), "malformed", nil)
	add(k.as+": other version", "Of another major version.", k.as, changed(k.bytes, 8, 2), "version", nil)
	add(k.as+": no message", "It begins otherwise.", k.as, changed(k.bytes, 7, 'x'), "malformed", nil)
	other := readyMessage
	if k.as == "ready" {
		other = sitsMessage
	}
	add(k.as+": not due", "Another message came.", k.as, other, "malformed", nil)
	add(k.as+": nothing", "No bytes: the caller takes it for the end of the connection.", k.as, nil, "malformed", nil)
	if from, to := k.reserved[0], k.reserved[1]; to > 0 {
		add(k.as+": reserved", "Reserved bytes are not read.", k.as, changed(k.bytes, from, []byte(strings.Repeat("\xff", to-from))...), "", heading(0, len(k.bytes), k.means()))
	}
}

// addTexts adds what peers say for people to read: what no terminal should get is shown as ? or a space.
func addTexts(add messageAdder) {
	refuse := func(name, about, text, shown string) {
		bytes := messageOf("REFU", 0, uint32(7), uint32(1000), uint32(len(text)), uint32(0), text)
		add("text: "+name, about, "refuse", bytes, "", heading(0, len(bytes), refuseMeans(shown)))
	}
	refuse("none", "A refusal without a text.", "", "")
	refuse("UTF-8", "Letters of two, three and four bytes.", "ä€😀", "ä€😀")
	refuse("controls", "Control characters, of C1 too.", "\x1b[31ma\x00\x07\x7f\u009b1m\r\n", "?[31ma????1m??")
	refuse("directions", "Marks that change the direction of writing, and ones that are not seen.", "a\u202eb\u2066c\u200bd\u00ade\ufefff\U000e0041g", "a?b?c?d?e?f?g")
	refuse("lines", "What ends a line or a paragraph.", "a\u2028b\u2029c\u0085d", "a?b?c?d")
	refuse("spaces", "White space is a space.", "a\tb\u00a0c\u1680d\u2003e\u202ff\u3000g", "a b c d e f g")
	refuse("private", "Characters of private use.", "\ue000\uf8ff\U000f0000\U0010fffd", "????")
	refuse("no UTF-8", "Bytes that are none: each is one question mark.", "\xff\x80a\xc3(\xe2\x82 \xf0\x9f\x98\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80", "??a?(?? ?????"+"??????"+"?")
	refuse("replaced", "The character that stands for broken ones.", "\ufffd", "?")
	refuse("longest", "As long as a text may be.", strings.Repeat("x", 448), strings.Repeat("x", 448))
	long := messageOf("REFU", 0, uint32(7), uint32(0), uint32(449), uint32(0), strings.Repeat("x", 449))
	add("text: too long", "A byte more.", "refuse", long, "malformed", nil)
	add("text: beyond the end", "A text that is longer than its message.", "refuse", changed(refuseMessage, 24, 5), "malformed", nil)
	add("text: huge", "A text of 2 GiB.", "refuse", changed(refuseMessage, 27, 0x80), "malformed", nil)
	hello := func(name, about, program, shown string) {
		means := helloMeans()
		means["program"] = shown
		add("program: "+name, about, "hello", changed(helloMessage, 48, []byte(program+strings.Repeat("\x00", 16-len(program)))...), "", heading(0, 64, means))
	}
	hello("longest", "It fills its field.", "0123456789abcdef", "0123456789abcdef")
	hello("none", "A reader without a name.", "", "")
	hello("ends", "What is behind the first zero byte is not read.", "cam\x00era", "cam")
	hello("controls", "It is as little to be trusted as a text.", "\x1b[2J\xff", "?[2J?")
	hello("cut", "The last character is not whole.", "0123456789abcd\xe2\x82", "0123456789abcd??")
}

// addWrongFields adds messages with a field that is out of its bounds.
func addWrongFields(add messageAdder) {
	wrong := func(as, what string, message []byte, at int, bytes ...byte) {
		add("wrong "+as+": "+what, "A field is out of its bounds.", as, changed(message, at, bytes...), "malformed", nil)
	}
	wrong("hello", "mode 0", helloMessage, 28, 0)
	wrong("hello", "mode 3", helloMessage, 28, 3)
	wrong("hello", "wanted 0", helloMessage, 32, 0)
	wrong("hello", "wanted 64", helloMessage, 32, 64)
	wrong("hello", "wanted huge", helloMessage, 35, 1)
	wrong("hello", "least 0", helloMessage, 36, 0)
	wrong("hello", "least more than wanted", helloMessage, 36, 6)
	addWrongGrant(wrong, "grant", grantMessage)
	addWrongGrant(wrong, "move", moveMessage)
	wrong("move", "it leaves instance 0", moveMessage, 64, padding(8)...)
}

func addWrongGrant(wrong func(as, what string, message []byte, at int, bytes ...byte), as string, message []byte) {
	wrong(as, "instance 0", message, 16, padding(8)...)
	wrong(as, "pool of 4095 bytes", message, 24, together(uint64(4095))...)
	wrong(as, "pool of more than 2^46 bytes", message, 24, together(uint64(1<<46+1))...)
	wrong(as, "seat of 4095 bytes", message, 32, together(uint64(4095))...)
	wrong(as, "seat of more than 2^46 bytes", message, 32, together(uint64(1<<46+1))...)
	wrong(as, "seat 64", message, 40, 64, 0, 0, 0)
	wrong(as, "generation 0", message, 44, 0, 0, 0, 0)
	wrong(as, "granted 0", message, 48, 0)
	wrong(as, "granted 64", message, 48, 64)
	wrong(as, "1 descriptor", message, 52, 1)
	wrong(as, "3 descriptors", message, 52, 3)
}
