package wire

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzMessages reads what a peer may send as each of the messages. What is accepted makes sense, and
// is written again as it was, but for what is not read: reserved bytes, what a later version adds, and what is
// not shown of a text.
func FuzzMessages(f *testing.F) {
	for _, m := range messages {
		f.Add(golden(f, m.golden))
	}
	f.Add(Refuse{Code: TooBusy, Again: 100}.Append(nil, "ä\u202e"))
	f.Fuzz(func(t *testing.T, message []byte) {
		before := bytes.Clone(message)
		accepted := 0
		for _, m := range messages {
			if _, err := m.parse(message); err == nil {
				accepted++
			} else if m.name != "Refuse" && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrVersion) {
				t.Errorf("%s: an error of no kind: %v", m.name, err)
			}
		}
		if accepted > 1 {
			t.Errorf("%d messages in one", accepted)
		}
		if hello, err := ParseHello(message); err == nil {
			if hello.Least < 1 || hello.Wanted < hello.Least || hello.Wanted > 63 || hello.ProgramName() != Clean(hello.ProgramName()) {
				t.Errorf("accepted %+v", hello)
			}
			again(t, message, hello.Append(nil), 40, 44)
		}
		if refuse, text, err := ParseRefuse(message); err == nil {
			if len(text) > 3*MaxText || text != Clean(text) {
				t.Errorf("text %q", text)
			}
			again(t, message[:RefuseSize], refuse.Append(nil, text)[:RefuseSize], 24, 32) // the length of a text that was cleaned, and reserved
		}
		if grant, err := ParseGrant(message); err == nil {
			if grant.Seat > 63 || grant.Granted < 1 || grant.Granted > 63 || grant.Generation == 0 || grant.Instance == 0 || grant.SeatSize < 4096 || grant.PoolSize < 4096 {
				t.Errorf("accepted %+v", grant)
			}
			again(t, message, grant.Append(nil), 68, 96)
		}
		if ready, err := ParseReady(message); err == nil {
			again(t, message, ready.Append(nil), 28, 32)
		}
		if sits, err := ParseSits(message); err == nil {
			again(t, message, sits.Append(nil), 28, 32)
		}
		if move, err := ParseMove(message); err == nil {
			again(t, message, move.Append(nil), 80, 96)
		}
		if !bytes.Equal(message, before) {
			t.Error("the message was changed by reading it")
		}
	})
}

// again compares a message that was read with the one that was written of it, its minor version, its
// size and what is not read apart.
func again(t *testing.T, read, written []byte, unread, end int) {
	t.Helper()
	read = bytes.Clone(read[:len(written)])
	copy(read[10:16], written[10:16])
	copy(read[unread:end], written[unread:end])
	if !bytes.Equal(read, written) {
		t.Errorf("read\n%x, written\n%x", read, written)
	}
}
