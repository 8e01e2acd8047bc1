package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	segments "github.com/bips-ipc/bips/tests/golden"
)

// goldenMessages reads the golden messages from the file, as a client in any language does.
func goldenMessages(t testing.TB) (all []segments.Message) {
	t.Helper()
	text, err := os.ReadFile("../../tests/golden/segments/messages.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

type object = map[string]any

// readers parse a message, say what it says, and write it again.
var readers = map[string]func(b []byte) (head Head, says object, again []byte, err error){
	"hello": func(b []byte) (Head, object, []byte, error) {
		m, err := ParseHello(b)
		return m.Head, object{
			"known": m.Known, "layout_major": m.LayoutMajor, "layout_minor": m.LayoutMinor, "mode": m.Mode, "wanted": m.Wanted,
			"least": m.Least, "pid": m.PID, "program": m.ProgramName(),
		}, m.Append(nil), err
	},
	"refuse": func(b []byte) (Head, object, []byte, error) {
		m, text, err := ParseRefuse(b)
		return m.Head, object{"code": m.Code, "again": m.Again, "text": text}, m.Append(nil, text), err
	},
	"grant": func(b []byte) (Head, object, []byte, error) {
		m, err := ParseGrant(b)
		says := sayGrant(m)
		says["slots_for_most"] = m.SlotsForMost
		return m.Head, says, m.Append(nil), err
	},
	"ready": func(b []byte) (Head, object, []byte, error) {
		m, err := ParseReady(b)
		return m.Head, object{"instance": m.Instance, "seat": m.Seat}, m.Append(nil), err
	},
	"sits": func(b []byte) (Head, object, []byte, error) {
		m, err := ParseSits(b)
		return m.Head, object{"instance": m.Instance, "seat": m.Seat}, m.Append(nil), err
	},
	"move": func(b []byte) (Head, object, []byte, error) {
		m, err := ParseMove(b)
		says := sayGrant(m.Grant())
		says["left"], says["first"] = m.Left, m.First
		return m.Head, says, m.Append(nil), err
	},
	"knock": func(b []byte) (Head, object, []byte, error) {
		m, err := ParseKnock(b)
		return m.Head, object{}, m.Append(nil), err
	},
}

func sayGrant(m Grant) object {
	return object{
		"instance": m.Instance, "pool_size": m.PoolSize, "seat_size": m.SeatSize, "seat": m.Seat, "generation": m.Generation,
		"granted": m.Granted, "descriptors": m.Descriptors, "required": m.Required,
	}
}

func TestGoldenMessagesAreReadAsTheirJSONSays(t *testing.T) {
	for _, m := range segments.Messages() { // not of the file: JSON numbers of 64 bits are not exact there
		t.Run(m.Name, func(t *testing.T) {
			message, err := hex.DecodeString(m.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			head, says, _, err := readers[m.As](message)
			if want := map[string]error{"": nil, "malformed": ErrMalformed, "version": ErrVersion}[m.Error]; !errors.Is(err, want) || want == nil && err != nil {
				t.Fatalf("got %v, want %q", err, m.Error)
			}
			if err != nil {
				return
			}
			says["version_minor"], says["size"] = head.VersionMinor, head.Size
			if got, want := asJSON(t, says), asJSON(t, m.Message); got != want {
				t.Errorf("read\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// The bytes are put together by hand in tests/golden/messages.go.
func TestGoldenMessagesAreWrittenAsTheyAre(t *testing.T) {
	written := 0
	for _, m := range goldenMessages(t) {
		if !m.Written {
			continue
		}
		message, err := hex.DecodeString(m.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, again, err := readers[m.As](message); err != nil || !bytes.Equal(again, message) {
			t.Errorf("%s: written\n%x\nwant\n%x (%v)", m.Name, again, message, err)
		}
		written++
	}
	if written != len(messages) {
		t.Errorf("%d kinds were written, there are %d", written, len(messages))
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
