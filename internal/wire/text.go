package wire

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes a text of a peer fit to be shown: what is no UTF-8, and what no reader of a terminal or of a log would see
// or expect (control characters, line ends, marks that change the direction of writing), becomes a
// question mark, any other white space a space.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == utf8.RuneError, unicode.In(r, unicode.C, unicode.Zl, unicode.Zp):
			return '?'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, text)
}

// cut shortens a text to so many bytes, or to a few less so that its last character is whole.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}

// SetProgram fills in the program's name, of which the first 16 bytes are told.
func (m *Hello) SetProgram(name string) {
	m.Program = [ProgramSize]byte{}
	copy(m.Program[:], cut(Clean(name), ProgramSize))
}

// ProgramName is the program's name, fit to be shown. It is what the reader says, true or not.
func (m *Hello) ProgramName() string {
	name, _, _ := bytes.Cut(m.Program[:], []byte{0})
	return Clean(string(name))
}
