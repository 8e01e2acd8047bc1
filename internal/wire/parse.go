package wire

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bips-ipc/bips/internal/layout"
)

var (
	// ErrVersion: the message has another major version. Nothing after its head can be read.
	ErrVersion = errors.New("message of another version")
	// ErrMalformed: the message is not what it should be. Its sender is broken, hostile, or something else
	// than BIPS.
	ErrMalformed = errors.New("malformed message")
)

func malformed(what string, arguments ...any) error {
	return fmt.Errorf("%w: "+what, append([]any{ErrMalformed}, arguments...)...)
}

// ParseHead reads a message's head, so that its Magic tells which message it is. The message is the
// whole of what was received at once. An error wraps [ErrMalformed] or [ErrVersion], as those of all functions that parse.
func ParseHead(message []byte) (Head, error) {
	var h Head
	if len(message) < HeadSize {
		return Head{}, malformed("%d bytes, a message has %d at least", len(message), HeadSize)
	}
	if _, err := binary.Decode(message, binary.LittleEndian, &h); err != nil {
		return Head{}, malformed("%v", err)
	}
	switch h.Magic {
	case HelloMagic, RefuseMagic, GrantMagic, ReadyMagic, SitsMagic, MoveMagic, KnockMagic:
	default:
		return Head{}, malformed("it begins with %q", message[:8])
	}
	if h.VersionMajor != VersionMajor {
		return Head{}, fmt.Errorf("%w: %s has version %d.%d, this program understands %d: use the same version of BIPS on both sides", ErrVersion, message[:8], h.VersionMajor, h.VersionMinor, VersionMajor)
	}
	if int64(h.Size) != int64(len(message)) || len(message) > MaxSize {
		return Head{}, malformed("%s has %d bytes, says %d, may have %d", message[:8], len(message), h.Size, MaxSize)
	}
	return h, nil
}

// parseFixed reads a message that must be a certain one into its struct. What is longer is passed by.
func parseFixed(message []byte, magic uint64, into any) error {
	h, err := ParseHead(message)
	if err != nil {
		return err
	}
	if h.Magic != magic {
		return malformed("%s came, %s is due", message[:8], binary.LittleEndian.AppendUint64(nil, magic))
	}
	if size := binary.Size(into); len(message) < size {
		return malformed("%s has %d bytes, not %d", message[:8], len(message), size)
	}
	_, err = binary.Decode(message, binary.LittleEndian, into)
	return err
}

// ParseHello reads and checks a reader's Hello.
func ParseHello(message []byte) (Hello, error) {
	var m Hello
	if err := parseFixed(message, HelloMagic, &m); err != nil {
		return Hello{}, err
	}
	switch {
	case m.Mode != ModeLatest && m.Mode != ModeEvery:
		return Hello{}, malformed("mode %d", m.Mode)
	case m.Wanted < 1 || m.Wanted >= layout.MaxSlots:
		return Hello{}, malformed("it wants %d frames", m.Wanted)
	case m.Least < 1 || m.Least > m.Wanted:
		return Hello{}, malformed("it needs %d frames of the %d that it wants", m.Least, m.Wanted)
	}
	return m, nil
}

// ParseRefuse reads a producer's Refuse, and its text, fit to be shown.
func ParseRefuse(message []byte) (m Refuse, text string, err error) {
	if err := parseFixed(message, RefuseMagic, &m); err != nil {
		return Refuse{}, "", err
	}
	if m.TextLength > MaxText || int(m.TextLength) > len(message)-RefuseSize {
		return Refuse{}, "", malformed("a text of %d bytes in a message of %d", m.TextLength, len(message))
	}
	return m, Clean(string(message[RefuseSize:][:m.TextLength])), nil
}

// ParseGrant reads and checks a producer's Grant. Whether the descriptors and the memory are what it says is
// for the caller to see.
func ParseGrant(message []byte) (Grant, error) {
	var m Grant
	if err := parseFixed(message, GrantMagic, &m); err != nil {
		return Grant{}, err
	}
	if err := m.check(); err != nil {
		return Grant{}, err
	}
	return m, nil
}

// check looks at what Grant and Move have in common.
func (m *Grant) check() error {
	switch {
	case m.Instance == 0:
		return malformed("instance 0")
	case m.PoolSize < layout.HeaderSize || m.PoolSize > layout.MaxSegmentSize:
		return malformed("a pool of %d bytes", m.PoolSize)
	case m.SeatSize < layout.HeaderSize || m.SeatSize > layout.MaxSegmentSize:
		return malformed("a seat of %d bytes", m.SeatSize)
	case m.Seat >= layout.MaxSeats:
		return malformed("seat %d", m.Seat)
	case m.Generation == 0:
		return malformed("generation 0")
	case m.Granted < 1 || m.Granted >= layout.MaxSlots:
		return malformed("it grants %d frames", m.Granted)
	case m.Descriptors != Descriptors:
		return malformed("%d descriptors", m.Descriptors)
	}
	return nil
}

// ParseReady reads a reader's Ready. Whether it is an answer to what was granted is for the caller to see.
func ParseReady(message []byte) (Ready, error) {
	var m Ready
	if err := parseFixed(message, ReadyMagic, &m); err != nil {
		return Ready{}, err
	}
	return m, nil
}

// ParseSits reads a producer's Sits. Whether it is about the seat that was granted is for the caller to see.
func ParseSits(message []byte) (Sits, error) {
	var m Sits
	if err := parseFixed(message, SitsMagic, &m); err != nil {
		return Sits{}, err
	}
	return m, nil
}

// ParseMove reads and checks a producer's Move, as ParseGrant.
func ParseMove(message []byte) (Move, error) {
	var m Move
	if err := parseFixed(message, MoveMagic, &m); err != nil {
		return Move{}, err
	}
	if m.Left == 0 {
		return Move{}, malformed("it leaves instance 0")
	}
	g := m.Grant()
	if err := g.check(); err != nil {
		return Move{}, err
	}
	return m, nil
}

// Grant is what the message grants in the next pool.
func (m *Move) Grant() Grant {
	return Grant{
		Head: m.Head, Instance: m.Instance, PoolSize: m.PoolSize, SeatSize: m.SeatSize, Seat: m.Seat,
		Generation: m.Generation, Granted: m.Granted, Descriptors: m.Descriptors, Required: m.Required,
	}
}

// ParseKnock reads a reader's Knock.
func ParseKnock(message []byte) (Knock, error) {
	var m Knock
	if err := parseFixed(message, KnockMagic, &m); err != nil {
		return Knock{}, err
	}
	return m, nil
}
