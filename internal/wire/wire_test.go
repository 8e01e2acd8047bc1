package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }

// messages are one of each, as bytes that were written by hand.
var messages = []struct {
	name   string
	golden string
	append func(dst []byte) []byte
	parse  func(message []byte) (any, error)
	want   any
}{
	{
		"Hello", `
		42495053 48454c4f 0100 0000 40000000
		0807060504030201
		0400 0100 02000000 05000000 03000000 00000000 d2040000
		67737400000000000000000000000000`,
		Hello{
			Known: 0x0102030405060708, LayoutMajor: 4, LayoutMinor: 1, Mode: ModeEvery, Wanted: 5, Least: 3,
			PID: 1234, Program: [16]byte{'g', 's', 't'},
		}.Append,
		func(b []byte) (any, error) { m, err := ParseHello(b); return m, err },
		Hello{
			Head: Head{Magic: HelloMagic, VersionMajor: 1, Size: 64}, Known: 0x0102030405060708, LayoutMajor: 4, LayoutMinor: 1,
			Mode: ModeEvery, Wanted: 5, Least: 3, PID: 1234, Program: [16]byte{'g', 's', 't'},
		},
	},
	{
		"Refuse", `
		42495053 52454655 0100 0000 24000000
		07000000 e8030000 04000000 00000000
		66756c6c`,
		func(dst []byte) []byte { return Refuse{Code: NoResources, Again: 1000}.Append(dst, "full") },
		func(b []byte) (any, error) {
			m, text, err := ParseRefuse(b)
			if text != "full" && err == nil {
				err = errors.New(text)
			}
			return m, err
		},
		Refuse{Head: Head{Magic: RefuseMagic, VersionMajor: 1, Size: 36}, Code: NoResources, Again: 1000, TextLength: 4},
	},
	{
		"Grant", `
		42495053 47524e54 0100 0000 60000000
		efcdab8967452301
		0000000100000000
		0020000000000000
		3f000000 01000080 02000000 02000000
		0500000000000000
		0c000000 00000000 0000000000000000 0000000000000000 0000000000000000`,
		Grant{Instance: 0x0123456789abcdef, PoolSize: 1 << 24, SeatSize: 8192, Seat: 63, Generation: 0x80000001, Granted: 2, Required: 5, SlotsForMost: 12}.Append,
		func(b []byte) (any, error) { m, err := ParseGrant(b); return m, err },
		Grant{
			Head: Head{Magic: GrantMagic, VersionMajor: 1, Size: 96}, Instance: 0x0123456789abcdef, PoolSize: 1 << 24, SeatSize: 8192,
			Seat: 63, Generation: 0x80000001, Granted: 2, Descriptors: 2, Required: 5, SlotsForMost: 12,
		},
	},
	{
		"Ready", `
		42495053 52454459 0100 0000 20000000
		efcdab8967452301 3f000000 00000000`,
		Ready{Instance: 0x0123456789abcdef, Seat: 63}.Append,
		func(b []byte) (any, error) { m, err := ParseReady(b); return m, err },
		Ready{Head: Head{Magic: ReadyMagic, VersionMajor: 1, Size: 32}, Instance: 0x0123456789abcdef, Seat: 63},
	},
	{
		"Sits", `
		42495053 53495453 0100 0000 20000000
		efcdab8967452301 3f000000 00000000`,
		Sits{Instance: 0x0123456789abcdef, Seat: 63}.Append,
		func(b []byte) (any, error) { m, err := ParseSits(b); return m, err },
		Sits{Head: Head{Magic: SitsMagic, VersionMajor: 1, Size: 32}, Instance: 0x0123456789abcdef, Seat: 63},
	},
	{
		"Move", `
		42495053 4d4f5645 0100 0000 60000000
		efcdab8967452301
		0000000100000000
		0020000000000000
		00000000 07000000 01000000 02000000
		0000000000000000
		1100000000000000
		e703000000000000
		0000000000000000 0000000000000000`,
		Move{Instance: 0x0123456789abcdef, PoolSize: 1 << 24, SeatSize: 8192, Generation: 7, Granted: 1, Left: 17, First: 999}.Append,
		func(b []byte) (any, error) { m, err := ParseMove(b); return m, err },
		Move{
			Head: Head{Magic: MoveMagic, VersionMajor: 1, Size: 96}, Instance: 0x0123456789abcdef, PoolSize: 1 << 24, SeatSize: 8192,
			Generation: 7, Granted: 1, Descriptors: 2, Left: 17, First: 999,
		},
	},
	{
		"Knock", `42495053 4b4e4f4b 0100 0000 10000000`,
		Knock{}.Append,
		func(b []byte) (any, error) { m, err := ParseKnock(b); return m, err },
		Knock{Head: Head{Magic: KnockMagic, VersionMajor: 1, Size: 16}},
	},
}

func golden(t testing.TB, text string) []byte {
	t.Helper()
	message, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestMessagesAreTheOnesThatWereReleased(t *testing.T) {
	for _, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			want := golden(t, m.golden)
			if got := m.append([]byte("before")); !bytes.Equal(got, append([]byte("before"), want...)) {
				t.Errorf("written\n%x, want\n%x", got[6:], want)
			}
			if got, err := m.parse(want); err != nil || got != m.want {
				t.Errorf("read %+v, %v; want %+v", got, err, m.want)
			}
		})
	}
}

func TestAMessageThatIsLongerIsReadByWhoDoesNotKnowTheRest(t *testing.T) {
	for _, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			short := golden(t, m.golden)
			for _, size := range []int{len(short) + 1, len(short) + 8, MaxSize, MaxSize + 1} {
				long := append(bytes.Clone(short), bytes.Repeat([]byte{0xff}, size-len(short))...)
				long[10], long[12], long[13] = 9, byte(size), byte(size>>8) // minor version, size
				got, err := m.parse(long)
				if size > MaxSize {
					if !errors.Is(err, ErrMalformed) {
						t.Errorf("%d bytes: %v", size, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%d bytes: %v", size, err)
				} else if head := reflect.ValueOf(got).FieldByName("Head").Interface().(Head); head.VersionMinor != 9 || int(head.Size) != size {
					t.Errorf("%d bytes: read %+v", size, got)
				}
			}
		})
	}
}

func TestAMessageWhoseHeadIsWrongIsToldFromOneOfAnotherVersion(t *testing.T) {
	for _, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			right := golden(t, m.golden)
			for size := range len(right) {
				if _, err := m.parse(right[:size]); !errors.Is(err, ErrMalformed) {
					t.Errorf("cut to %d bytes: %v", size, err)
				}
				cut := bytes.Clone(right[:size])
				if size >= HeadSize {
					cut[12], cut[13] = byte(size), 0
				}
				if _, err := m.parse(cut); !errors.Is(err, ErrMalformed) {
					t.Errorf("of %d bytes: %v", size, err)
				}
			}
			for at, want := range map[int]error{0: ErrMalformed, 7: ErrMalformed, 8: ErrVersion, 9: ErrVersion, 10: nil, 11: nil, 12: ErrMalformed, 13: ErrMalformed, 14: ErrMalformed, 15: ErrMalformed} {
				wrong := bytes.Clone(right)
				wrong[at] ^= 0x80
				if _, err := m.parse(wrong); !errors.Is(err, want) || want == nil && err != nil {
					t.Errorf("byte %d is wrong: %v, want %v", at, err, want)
				}
			}
			if _, err := m.parse(append(bytes.Clone(right), 0)); !errors.Is(err, ErrMalformed) {
				t.Errorf("with a byte that its size does not count: %v", err)
			}
			for _, other := range messages {
				if _, err := other.parse(right); other.name != m.name && !errors.Is(err, ErrMalformed) {
					t.Errorf("taken for %s: %v", other.name, err)
				}
			}
		})
	}
}

func TestReservedBytesAreNotRead(t *testing.T) {
	for name, bytesOf := range map[string][2]int{"Hello": {40, 44}, "Refuse": {28, 32}, "Grant": {68, 96}, "Ready": {28, 32}, "Sits": {28, 32}, "Move": {80, 96}} {
		for _, m := range messages {
			if m.name != name {
				continue
			}
			message := golden(t, m.golden)
			for at := bytesOf[0]; at < bytesOf[1]; at++ {
				message[at] = 0xff
			}
			if got, err := m.parse(message); err != nil || got != m.want {
				t.Errorf("%s: read %+v, %v; want %+v", name, got, err, m.want)
			}
		}
	}
}

func TestFieldsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, wrongs := range map[string][]struct {
		at    int
		value byte
		what  string
	}{
		"Hello":  {{28, 0, "mode"}, {28, 3, "mode"}, {31, 1, "mode"}, {32, 0, "wants 0"}, {32, 64, "wants 64"}, {35, 1, "wants"}, {36, 0, "needs 0"}, {36, 6, "needs 6"}},
		"Refuse": {{24, 5, "text of 5"}, {27, 0x80, "text of"}},
		"Grant": {
			{31, 1, "a pool of"}, {39, 1, "a seat of"}, {33, 0x0f, "a seat of"}, {40, 64, "seat 64"}, {43, 0x80, "seat"},
			{48, 0, "grants 0"}, {48, 64, "grants 64"}, {52, 0, "0 descriptors"}, {52, 3, "3 descriptors"},
		},
		"Move": {{27, 0, "a pool of"}, {40, 64, "seat 64"}, {44, 0, "generation 0"}, {48, 0, "grants 0"}, {52, 1, "1 descriptors"}, {64, 0, "instance 0"}},
	} {
		for _, m := range messages {
			if m.name != name {
				continue
			}
			for _, wrong := range wrongs {
				message := golden(t, m.golden)
				message[wrong.at] = wrong.value
				if _, err := m.parse(message); !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), wrong.what) {
					t.Errorf("%s with %d at %d: %v, want one that says %q", name, wrong.value, wrong.at, err, wrong.what)
				}
			}
		}
	}
	for _, zero := range []int{16, 44} { // instance, generation
		message := golden(t, messages[2].golden)
		copy(message[zero:], make([]byte, 4+4*(16/zero)))
		if _, err := ParseGrant(message); !errors.Is(err, ErrMalformed) {
			t.Errorf("Grant with 0 at %d: %v", zero, err)
		}
	}
}

func TestATextMayHaveSoManyBytesAndNoMore(t *testing.T) {
	for size, want := range map[int]error{MaxText: nil, MaxText + 1: ErrMalformed, MaxSize - RefuseSize: ErrMalformed} {
		message := append(Refuse{Code: Closing}.Append(nil, ""), strings.Repeat("x", size)...)
		message[12], message[13] = byte(len(message)), byte(len(message)>>8)
		message[24], message[25] = byte(size), byte(size>>8)
		if _, text, err := ParseRefuse(message); !errors.Is(err, want) || want == nil && (err != nil || len(text) != size) {
			t.Errorf("%d bytes: %d bytes, %v", size, len(text), err)
		}
	}
}

func TestATextIsShownWithoutWhatChangesATerminal(t *testing.T) {
	for text, want := range map[string]string{
		"all is well: ä€😀":      "all is well: ä€😀",
		"a\x1b[31mb\x00\x07c\r": "a?[31mb??c?",
		"one\ntwo\tthree":       "one?two three",
		"\x9b1m\u009b":          "?1m?",
		"a\u202eb\u2028c\u200b": "a?b?c?",
		"a\u00a0b":              "a b",
	} {
		if got := Clean(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	raw := Refuse{Code: Closing}.Append(nil, strings.Repeat("x", 10))
	copy(raw[RefuseSize:], "\x1b]0;evil\x07")
	if _, text, err := ParseRefuse(raw); err != nil || text != "?]0;evil?x" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestATextThatIsTooLongIsCutBetweenTwoCharacters(t *testing.T) {
	message := Refuse{Code: SeatsTaken}.Append(nil, "x"+strings.Repeat("ä", 300))
	if _, text, err := ParseRefuse(message); err != nil || text != "x"+strings.Repeat("ä", 223) || len(message) > MaxSize {
		t.Errorf("%d bytes: %q, %v", len(message), text, err)
	}
	var h Hello
	h.SetProgram("a program with ä and more")
	if name := h.ProgramName(); name != "a program with " {
		t.Errorf("the program's name is %q", name)
	}
	h.SetProgram("short")
	if name := h.ProgramName(); name != "short" {
		t.Errorf("the program's name is %q", name)
	}
}

func TestEachCodeHasItsWords(t *testing.T) {
	seen := map[string]bool{}
	for code := SeatsTaken; code <= Closing; code++ {
		if text := code.String(); seen[text] || strings.Contains(text, "does not know") {
			t.Errorf("code %d: %q", uint32(code), text)
		} else {
			seen[text] = true
		}
	}
	if text := Code(9).String(); !strings.Contains(text, "reason 9") {
		t.Errorf("a code that is not known: %q", text)
	}
}
