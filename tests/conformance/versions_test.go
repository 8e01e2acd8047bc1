package conformance

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/golden"
	"github.com/bips-ipc/bips/tests/hostile/raw"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// Where the parts of a message's version, and its size, lie in a message.
const messageMajor, messageMinor, messageSize = 8, 10, 12

// ofLaterMinor is a message as a later minor version has it: longer, and with bits where this one has zeros.
func ofLaterMinor(message []byte) []byte {
	message = append(message, 1, 2, 3, 4, 5, 6, 7, 8)
	binary.LittleEndian.PutUint16(message[messageMinor:], 7)
	binary.LittleEndian.PutUint32(message[messageSize:], uint32(len(message)))
	return message
}

// What a reader says first, and how each producer answers: it lets in who is of another minor version, and refuses who is of another major one.
func TestProducersLetInReadersOfAnotherMinorVersionOnly(t *testing.T) {
	plain := raw.Hello(1).Append(nil)
	otherLayout, laterLayout := raw.Hello(1), raw.Hello(1)
	otherLayout.LayoutMajor++
	laterLayout.LayoutMinor += 7
	otherMajor := raw.Hello(1).Append(nil)
	otherMajor[messageMajor]++
	for i := range implementations {
		of := &implementations[i]
		t.Run(of.producer, func(t *testing.T) {
			t.Parallel()
			of.needed(t)
			s := &session{T: t, pair: pair{of, of, "latest", "memfd"}, pool: newPool()}
			p := s.produce()
			p.must(line.Order{Do: line.DoCaps, Caps: "application/x-conform"})
			p.publishes(64)
			for name, c := range map[string]struct {
				hello []byte
				code  wire.Code // 0: it is let in
			}{
				"this version":                 {plain, 0},
				"a later minor version":        {ofLaterMinor(raw.Hello(1).Append(nil)), 0},
				"another major version":        {otherMajor, wire.OtherVersion},
				"a later minor layout":         {laterLayout.Append(nil), 0},
				"another major layout":         {otherLayout.Append(nil), wire.OtherVersion},
				"a version of another message": {append([]byte("BIPSREDY"), plain[8:]...), wire.BadMessage},
			} {
				if code, text := s.answerTo(c.hello); code != c.code || (code != 0) != (text != "") {
					t.Errorf("%s: refused with code %d: %q, want %d", name, code, text, c.code)
				}
			}
		})
	}
}

// answerTo is how a producer refuses who says hello; 0: it does not.
func (s *session) answerTo(hello []byte) (wire.Code, string) {
	s.Helper()
	c, err := raw.Dial(filepath.Join(os.Getenv("BIPS_SHM_DIR"), "bips."+s.pool))
	if err != nil {
		s.Fatal(err)
	}
	defer c.Close()
	if err := c.Send(hello); err != nil {
		s.Fatal(err)
	}
	message, descriptors, err := c.Receive(patience * time.Microsecond)
	raw.CloseAll(descriptors)
	if err != nil {
		s.Fatal(err)
	}
	if refuse, text, err := wire.ParseRefuse(message); err == nil {
		return refuse.Code, text
	}
	if _, err := wire.ParseGrant(message); err != nil {
		s.Fatalf("answered with %x: %v", message, err)
	}
	return 0, ""
}

// A producer of a later minor version is read, one of another major version is not; so is one that says that the reader is of another.
func TestConsumersReadFromProducersOfAnotherMinorVersionOnly(t *testing.T) {
	var frames golden.Scene
	for _, scene := range golden.Scenes() {
		if scene.Name == "after-move" { // without a latency: to bipssrc it is not live
			frames = scene
		}
	}
	eachConsumer(t, both(programs, memfd), func(s *session) {
		s.part("a later minor version", func(s *session) {
			segments, publish := before(frames.Segments, 3)
			s.overBackend(segments)
			st := s.putWith(&stage{t: s.T, backend: s.backend, whole: segments, newer: true}, segments)
			c := s.consume("--max-held=1")
			c.looksFor()
			s.waitFor("a reader", st.isJoined)
			publish(st)
			s.check(c.gets().Sequence == 3, "another frame")
		})
		for name, message := range map[string][]byte{
			"it says so":            wire.Refuse{Code: wire.OtherVersion}.Append(nil, "another layout"),
			"another major version": otherGrant(),
		} {
			s.part(name, func(s *session) {
				l, err := raw.Listen(filepath.Join(os.Getenv("BIPS_SHM_DIR"), "bips."+s.pool))
				if err != nil {
					s.Fatal(err)
				}
				s.Cleanup(l.Serve(func(c raw.Conn) {
					defer c.Close()
					if _, _, err := c.Receive(patience * time.Microsecond); err != nil {
						return
					}
					if err := c.Send(message); err != nil {
						s.Error(err)
					}
					_, _, err := c.Receive(patience * time.Microsecond)
					if errors.Is(err, raw.ErrSilent) {
						s.Error("the reader does not go")
					}
				}))
				c := s.consume()
				c.looksFor()
				c.ends("version")
			})
		}
	})
}

func memfd(p pair) bool { return p.backend == "memfd" }

// otherGrant is a grant of another major version, without descriptors.
func otherGrant() []byte {
	message := wire.Grant{Instance: 1, PoolSize: 4096, SeatSize: 8192, Generation: 1, Granted: 1}.Append(nil)
	message[messageMajor]++
	return message
}
