package wire

import (
	"encoding/binary"
	"fmt"
)

// appendFixed writes a message's struct at the end of dst. A blank field is written as 0.
func appendFixed(dst []byte, message any) []byte {
	dst, err := binary.Append(dst, binary.LittleEndian, message)
	if err != nil { // its type has no fixed size
		panic(fmt.Sprintf("wire: %T: %v", message, err))
	}
	return dst
}

func head(magic uint64, size int) Head {
	return Head{Magic: magic, VersionMajor: VersionMajor, VersionMinor: VersionMinor, Size: uint32(size)}
}

// Append writes the message at the end of dst. Its head need not be filled in.
func (m Hello) Append(dst []byte) []byte {
	m.Head = head(HelloMagic, HelloSize)
	return appendFixed(dst, &m)
}

// Append writes the message with a text for the reader's user at the end of dst. Its head and
// TextLength need not be filled in. Of a text that is too long the end is left out, and what must not
// be shown is replaced, as [Clean] does.
func (m Refuse) Append(dst []byte, text string) []byte {
	text = cut(Clean(text), MaxText)
	m.Head = head(RefuseMagic, RefuseSize+len(text))
	m.TextLength = uint32(len(text))
	return append(appendFixed(dst, &m), text...)
}

// Append writes the message at the end of dst. Its head and Descriptors need not be filled in.
func (m Grant) Append(dst []byte) []byte {
	m.Head = head(GrantMagic, GrantSize)
	m.Descriptors = Descriptors
	return appendFixed(dst, &m)
}

// Append writes the message at the end of dst. Its head need not be filled in.
func (m Ready) Append(dst []byte) []byte {
	m.Head = head(ReadyMagic, ReadySize)
	return appendFixed(dst, &m)
}

// Append writes the message at the end of dst. Its head need not be filled in.
func (m Sits) Append(dst []byte) []byte {
	m.Head = head(SitsMagic, SitsSize)
	return appendFixed(dst, &m)
}

// Append writes the message at the end of dst. Its head and Descriptors need not be filled in.
func (m Move) Append(dst []byte) []byte {
	m.Head = head(MoveMagic, MoveSize)
	m.Descriptors = Descriptors
	return appendFixed(dst, &m)
}

// Append writes the message at the end of dst. Its head need not be filled in.
func (m Knock) Append(dst []byte) []byte {
	m.Head = head(KnockMagic, HeadSize)
	return appendFixed(dst, &m)
}
