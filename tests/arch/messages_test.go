package arch

import (
	"encoding/binary"
	"encoding/hex"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	shm "github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/wire"
)

// message is one of package wire, and what the document calls it.
type message struct {
	value any
	magic uint64
	size  int
}

var messages = map[string]message{
	"HELLO":  {wire.Hello{}, wire.HelloMagic, wire.HelloSize},
	"REFUSE": {wire.Refuse{}, wire.RefuseMagic, wire.RefuseSize},
	"GRANT":  {wire.Grant{}, wire.GrantMagic, wire.GrantSize},
	"READY":  {wire.Ready{}, wire.ReadyMagic, wire.ReadySize},
	"SITS":   {wire.Sits{}, wire.SitsMagic, wire.SitsSize},
	"MOVE":   {wire.Move{}, wire.MoveMagic, wire.MoveSize},
	"KNOCK":  {wire.Knock{}, wire.KnockMagic, wire.HeadSize},
}

var (
	// messageRow is a row of the table of messages.
	messageRow = regexp.MustCompile("(?m)^\\| ([A-Z]+) \\| `(BIPS[A-Z]{4})` \\| (?:reader|producer) \\| (\\d+)( \\+ text)? \\|")
	// fieldTable is a table of fields, with the paragraph before it, which names the messages that have them.
	fieldTable = regexp.MustCompile(`(?m)((?:^.+\n)+)\n\| offset \| bytes \| type \| name \| meaning \|\n\| [-:| ]+ \|\n((?:\|.*\n)+)`)
	fieldRow   = regexp.MustCompile(`(?m)^\| (\d+) \| (\w+) \| ([\w\[\]]*) \| (\w*) \| (.*) \|$`)
	// onlyOf begins the meaning of a field that not all messages of a table have.
	onlyOf  = regexp.MustCompile(`^([A-Z]+): `)
	codeRow = regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \| \d+ \|`)
	capital = regexp.MustCompile(`\b[A-Z]{4,}\b`)
)

func messagesSection(t *testing.T) string {
	t.Helper()
	_, section, found := strings.Cut(read(t, "docs/protocol.md"), "\n## Messages\n")
	if !found {
		t.Fatal("docs/protocol.md has no section Messages")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

func TestTheMessagesOfTheProtocolAreThoseOfTheCode(t *testing.T) {
	section := messagesSection(t)
	rows := messageRow.FindAllStringSubmatch(section, -1)
	if len(rows) != len(messages) {
		t.Errorf("the document has %d messages, package wire has %d", len(rows), len(messages))
	}
	for _, row := range rows {
		m := messages[row[1]]
		magic := string(binary.LittleEndian.AppendUint64(nil, m.magic))
		if row[2] != magic || row[3] != strconv.Itoa(m.size) || (row[4] != "") != (row[1] == "REFUSE") {
			t.Errorf("the document says %q, package wire has %s of %d bytes", row[0], magic, m.size)
		}
	}
}

// fieldsOf are the fields of a struct that are in the document: name, then offset, size and type.
func fieldsOf(value any) map[string][3]string {
	fields := map[string][3]string{}
	typ := reflect.TypeOf(value)
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Name == "_" || f.Name == "Head" {
			continue
		}
		name := strings.Replace(f.Type.Kind().String(), "uint", "u", 1)
		if f.Type.Kind() == reflect.Array {
			name = "u8[" + strconv.Itoa(f.Type.Len()) + "]"
		}
		if f.Name == "Magic" { // which a document shows as text
			name = "u8[8]"
		}
		fields[f.Name] = [3]string{strconv.Itoa(int(f.Offset)), strconv.Itoa(int(f.Type.Size())), name}
	}
	return fields
}

func TestTheFieldsOfMessagesInTheProtocolAreThoseOfTheCode(t *testing.T) {
	found := map[string]map[string][3]string{"": {}} // of each message, "": the head
	for name := range messages {
		found[name] = map[string][3]string{}
	}
	for _, table := range fieldTable.FindAllStringSubmatch(messagesSection(t), -1) {
		var owners []string
		for _, word := range capital.FindAllString(table[1], -1) {
			if _, ok := messages[word]; ok {
				owners = append(owners, word)
			}
		}
		if owners == nil {
			owners = []string{""}
		}
		for _, row := range fieldRow.FindAllStringSubmatch(table[2], -1) {
			if row[4] == "" || row[4] == "Text" { // reserved, or behind the struct
				continue
			}
			of := owners
			if only := onlyOf.FindStringSubmatch(row[5]); only != nil {
				of = only[1:]
			}
			for _, owner := range of {
				found[owner][row[4]] = [3]string{row[1], row[2], row[3]}
			}
		}
	}
	for name, got := range found {
		var value any = wire.Head{}
		if name != "" {
			value = messages[name].value
		}
		if want := fieldsOf(value); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the document has %v, package wire has %v", name, got, want)
		}
	}
}

func TestTheReasonsOfARefusalInTheProtocolAreThoseOfTheCode(t *testing.T) {
	for i, row := range codeRow.FindAllStringSubmatch(messagesSection(t), -1) {
		if row[1] != strconv.Itoa(i+1) {
			t.Errorf("code %s stands where %d should", row[1], i+1)
		}
		if i+1 == int(wire.Closing) {
			return
		}
	}
	t.Errorf("the document has fewer codes than package wire")
}

// exampleMessage is one of the example, in hexadecimal digits.
var exampleMessage = regexp.MustCompile(`(?m)^([A-Z]+)\n((?:^ +\d+  [0-9a-f ]+\n)+)`)

func TestTheMessagesOfTheExampleAreWrittenSoByTheCode(t *testing.T) {
	const instance, pins = 0x1122334455667788, 1
	hello := wire.Hello{LayoutMajor: shm.VersionMajor, Mode: wire.ModeEvery, Wanted: 3, Least: 1, PID: 4712}
	hello.SetProgram("reader")
	document := read(t, "docs/protocol.md")
	size := regexp.MustCompile("\\| SegmentSize \\| (\\d+) ").FindStringSubmatch(document)
	if size == nil {
		t.Fatal("the example has no SegmentSize")
	}
	poolSize, err := strconv.ParseUint(size[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{
		"HELLO": hello.Append(nil),
		"GRANT": wire.Grant{
			Instance: instance, PoolSize: poolSize, SeatSize: shm.HeaderSize + shm.PageSize, Generation: 1, Granted: pins, SlotsForMost: 11,
		}.Append(nil),
		"READY": wire.Ready{Instance: instance}.Append(nil),
		"SITS":  wire.Sits{Instance: instance}.Append(nil),
	}
	found := exampleMessage.FindAllStringSubmatch(document, -1)
	if len(found) != len(want) {
		t.Errorf("the example has %d messages, want %d", len(found), len(want))
	}
	for _, m := range found {
		var digits strings.Builder
		for line := range strings.Lines(m[2]) {
			_, bytes, _ := strings.Cut(strings.TrimLeft(line, " "), " ") // behind the offset
			digits.WriteString(strings.Join(strings.Fields(bytes), ""))
		}
		if got := hex.EncodeToString(want[m[1]]); digits.String() != got {
			t.Errorf("%s is\n%s in the example, package wire writes\n%s", m[1], digits.String(), got)
		}
	}
}
