package bips

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/internal/wire"
)

// fuzzedReader is the reader's end of a conversation that the fuzzer makes up. What the producer has to answer follows from what it was told
// and from the table of messages in docs/protocol.md.
type fuzzedReader struct {
	*testing.T
	p     *Producer
	conn  *sys.Conn
	input []byte

	granted bool // GRANT came
	seated  bool // SITS came
	ended   bool // the connection has ended
	hello   wire.Hello
	due     wire.Ready // what READY has to say
	moved   bool       // the pool has moved since the GRANT, so that the place may have been taken back
	move    bool       // MOVE came, and was not answered
	seat    *sys.Mapping
}

// next takes a byte of the input; 0 if there is none left.
func (r *fuzzedReader) next() (b byte) {
	if len(r.input) > 0 {
		b, r.input = r.input[0], r.input[1:]
	}
	return b
}

// changed changes some bytes of a message, as the input says: in its head, in its body, or its length.
func (r *fuzzedReader) changed(message []byte) []byte {
	for range r.next() % 8 {
		at, value := int(r.next()), r.next()
		switch {
		case at == 255: // with what the head says of its length, or without
			message = append(message, make([]byte, 3*255)...)[:int(value)*3]
			if len(message) >= 16 && value%2 == 0 {
				binary.LittleEndian.PutUint32(message[12:], uint32(len(message)))
			}
		case at < len(message):
			message[at] = value
		}
	}
	return message
}

// message is the next one to be sent.
func (r *fuzzedReader) message(kind byte) []byte {
	hello := wire.Hello{Known: layout.KnownRequired, LayoutMajor: layout.VersionMajor, LayoutMinor: layout.VersionMinor, Mode: wire.ModeEvery, Wanted: 2, Least: 1}
	messages := [][]byte{
		hello.Append(nil), r.due.Append(nil), wire.Knock{}.Append(nil), {},
		wire.Sits(r.due).Append(nil), wire.Refuse{Code: wire.Closing}.Append(nil, "no"),
		wire.Grant{Instance: r.due.Instance, PoolSize: 4096, SeatSize: 4096, Generation: 1, Granted: 1}.Append(nil),
	}
	return r.changed(messages[int(kind)%len(messages)])
}

// say sends a message with so many descriptors, and checks what follows.
func (r *fuzzedReader) say(message []byte, descriptors int) {
	fds := make([]int, descriptors)
	for i := range fds {
		fds[i] = int(os.Stdin.Fd())
	}
	if err := r.conn.Send(message, fds...); err != nil {
		if !errors.Is(err, sys.ErrEnded) && !errors.Is(err, sys.ErrNoDescriptorsWanted) {
			r.Fatalf("to send %x: %v", message, err)
		}
		if errors.Is(err, sys.ErrEnded) {
			r.ended = true
		}
		return
	}
	if len(message) == 0 {
		r.end()
		return
	}
	head, err := wire.ParseHead(message)
	switch bad := err != nil || descriptors > 0 || len(message) > wire.MaxSize; {
	case !r.granted:
		r.greeted(message, bad)
	case !bad && head.Magic == wire.ReadyMagic && (!r.seated || r.move):
		ready, err := wire.ParseReady(message)
		if err != nil || ready.Seat != r.due.Seat || ready.Instance != r.due.Instance {
			r.end()
			return
		}
		r.sit()
	case !bad && head.Magic == wire.KnockMagic && r.seated:
	default:
		r.end()
	}
}

// greeted checks the answer to the first message.
func (r *fuzzedReader) greeted(message []byte, bad bool) {
	hello, err := wire.ParseHello(message)
	code := wire.Code(0)
	_, version := wire.ParseHead(message)
	switch {
	case bad && !errors.Is(version, wire.ErrVersion), err != nil && !errors.Is(err, wire.ErrVersion):
		code = wire.BadMessage
	case err != nil, hello.LayoutMajor != layout.VersionMajor, layout.KnownRequired&^hello.Known != 0:
		code = wire.OtherVersion
	case int(hello.Least) > r.p.own.pool.pinnable():
		code = wire.SlotsTaken
	}
	answer, received := r.receive()
	if answer == nil {
		r.Fatalf("%x: the connection ended without an answer", message)
	}
	defer received.Discard()
	if refuse, text, err := wire.ParseRefuse(answer); err == nil {
		if refuse.Code != code && !(code == wire.OtherVersion && refuse.Code == wire.BadMessage) || text == "" {
			r.Errorf("%x is refused with %v, not %v: %q", message, refuse.Code, code, text)
		}
		received.Discard()
		r.end()
		return
	}
	grant, err := wire.ParseGrant(answer)
	if err != nil || code != 0 || grant.Granted < hello.Least || grant.Granted > hello.Wanted || received.Len() != wire.Descriptors {
		r.Fatalf("%x is answered with %x and %d descriptors: %v", message, answer, received.Len(), err)
	}
	r.hello, r.granted, r.due = hello, true, wire.Ready{Instance: grant.Instance, Seat: grant.Seat}
	r.take(&received, grant.SeatSize)
}

// take maps the seat that came.
func (r *fuzzedReader) take(received *sys.Received, size uint64) {
	mapping, err := mapReceived(received, 1, size, seatSeals, sys.ReadWrite)
	if err != nil {
		r.Fatal(err)
	}
	if r.seat != nil {
		_ = r.seat.Unmap()
	}
	r.seat = mapping
}

// conversationLimit is how long an answer may take: shorter than the fuzzer's own limit for an input (10 s), which does not say what hangs.
const conversationLimit = 8 * time.Second

// receive returns the next message; nil: the connection has ended.
func (r *fuzzedReader) receive() ([]byte, sys.Received) {
	message, received, err := r.conn.Receive(make([]byte, wire.MaxSize), wire.Descriptors, conversationLimit)
	if errors.Is(err, sys.ErrEnded) {
		r.ended = true
		return nil, received
	}
	if err != nil {
		r.Fatal(err)
	}
	return message, received
}

// sit waits for the answer to READY.
func (r *fuzzedReader) sit() {
	answer, received := r.receive()
	received.Discard()
	if answer == nil {
		if !r.moved {
			r.Error("READY is answered with the end")
		}
		return
	}
	if sits, err := wire.ParseSits(answer); err != nil || sits.Instance != r.due.Instance || sits.Seat != r.due.Seat {
		r.Fatalf("READY is answered with %x: %v", answer, err)
	}
	if behind := r.moved && !r.seated; behind {
		r.seated = true
		r.awaitMove()
		return
	}
	r.seated, r.move = true, false
}

// awaitMove receives MOVE, or the end of who has no place in the next pool.
func (r *fuzzedReader) awaitMove() {
	answer, received := r.receive()
	if answer == nil {
		return
	}
	defer received.Discard()
	move, err := wire.ParseMove(answer)
	if err != nil || move.Seat != r.due.Seat || move.Left != r.due.Instance || received.Len() != wire.Descriptors {
		r.Fatalf("where the pool has moved to is told with %x and %d descriptors: %v", answer, received.Len(), err)
	}
	r.take(&received, move.SeatSize)
	r.move = true
}

// end waits for the end of the connection.
func (r *fuzzedReader) end() {
	for !r.ended {
		_, received := r.receive()
		received.Discard()
	}
}

// goOn lets the producer move to a pool like the one that it has, if it may.
func (r *fuzzedReader) goOn() {
	p := r.p
	p.moving.Lock()
	defer p.moving.Unlock()
	if !p.mayMove() {
		return
	}
	if err := p.move(int(p.own.pool.slotSize)); err != nil {
		r.Fatal(err)
	}
	switch {
	case !r.granted || r.ended:
	case r.move: // which was not answered: the place was taken back before the move
		r.end()
	case r.seated:
		r.awaitMove()
	}
	r.moved = r.granted
}

// write writes something to the seat that the reader has mapped last.
func (r *fuzzedReader) write() {
	at := 8 * (int(r.next()) | int(r.next())<<8)
	value := []byte{r.next(), r.next(), r.next(), r.next(), r.next(), r.next(), r.next(), r.next()}
	if r.seat != nil && at+8 <= len(r.seat.Bytes) {
		copy(r.seat.Bytes[at:], value)
	}
}

// publish publishes a frame if there is a slot.
func (r *fuzzedReader) publish() {
	slot, err := r.p.Pull(0)
	if err == nil {
		err = r.p.Push(slot, FrameInfo{Size: 1})
	}
	if err != nil && !errors.Is(err, ErrDropped) {
		r.Fatal(err)
	}
}

// leave ends the connection, and checks that nothing of it is left.
func (r *fuzzedReader) leave() {
	if r.seat != nil {
		_ = r.seat.Unmap()
	}
	if err := r.conn.Close(); err != nil {
		r.Error(err)
	}
	reception := r.p.named.reception
	for end := time.Now().Add(conversationLimit); reception.isOpen(); sys.Sleep(10 * time.Microsecond) {
		if time.Now().After(end) {
			r.Fatal("the producer keeps a connection that has ended")
		}
	}
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	for i := range r.p.own.views {
		o, v := r.p.own, &r.p.own.views[i]
		if reception.guests[i] != nil || v.pins != 0 || v.generation != 0 || v.demoted || v.place != (place{}) || o.pool.words[i].Granted.Load() != 0 || o.mappings[i] != nil || o.seats.seats[i].State.Load() != layout.SeatFree {
			r.Errorf("seat %d is not free: %+v", i, *v)
		}
	}
	if r.p.own.pending != 0 || len(r.p.old) > 0 || len(r.p.own.left) > 0 {
		r.Errorf("%d places are pending, %d old pools are kept, %d seats mapped", r.p.own.pending, len(r.p.old), len(r.p.own.left))
	}
}

// FuzzConversation says anything to a producer, in any order: HELLO, READY, KNOCK, what only producers say, other bytes, with descriptors and
// without, while its seat says anything, frames are published and the pool moves. Each time the producer answers as it should,
// goes on publishing, and keeps nothing of who is gone.
func FuzzConversation(f *testing.F) {
	dir := testmain.Dir(f)
	handshakeLimit = time.Hour // a machine that has no time for the fuzzer is not one of the inputs
	p, err := NewProducer("camera", ProducerOptions{Backend: Memfd, SlotSize: 64, Slots: 8, MaxConsumers: 2, Overflow: Drop})
	if err != nil {
		f.Fatal(err)
	}
	// Who comes by the producer's own name has to wait when many do.
	door, err := sys.Listen(dir, "door", -1, 0o600, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := errors.Join(door.Close(), os.Remove(dir+"/door"), p.Close()); err != nil {
			f.Error(err)
		}
		handshakeLimit = time.Second
	})
	const (
		sayIt    = 0  // to 6: a message; then how many bytes of it are changed, and each of them
		anything = 7  // other bytes
		along    = 8  // the next message comes with descriptors
		moveIt   = 9  // the pool moves
		writeIt  = 10 // something is written to the seat
		frame    = 11
		steps    = 12
	)
	f.Add([]byte{0, 0, 1, 0, 2, 0, 11})                                                       // by the book
	f.Add([]byte{0, 0, 1, 0, 9, 1, 0, 11, 9, 1, 0, 2, 0})                                     // follows twice
	f.Add([]byte{0, 0, 9, 1, 0, 1, 0})                                                        // the pool moves before it is ready
	f.Add([]byte{0, 0, 9, 9, 1, 0})                                                           // twice
	f.Add([]byte{0, 0, 1, 0, 9, 9, 1, 0})                                                     // does not follow
	f.Add([]byte{0, 1, 8, 2})                                                                 // another version
	f.Add([]byte{0, 1, 24, 5})                                                                // of the layout
	f.Add([]byte{0, 1, 36, 60, 0, 1, 32, 63})                                                 // wants too much
	f.Add([]byte{8, 3, 0, 0})                                                                 // with descriptors
	f.Add([]byte{0, 0, 8, 1, 1, 0})                                                           // READY with descriptors
	f.Add([]byte{0, 0, 1, 1, 24, 1})                                                          // another one's seat
	f.Add([]byte{0, 0, 1, 1, 255, 100})                                                       // a longer READY
	f.Add([]byte{0, 0, 1, 0, 0, 0})                                                           // HELLO twice
	f.Add([]byte{0, 0, 1, 0, 1, 0})                                                           // READY twice
	f.Add([]byte{0, 0, 1, 0, 3})                                                              // an empty message
	f.Add([]byte{7, 200, 1, 2, 3})                                                            // other bytes
	f.Add([]byte{0, 0, 1, 0, 10, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 10, 9, 2, 1, 11, 11, 9, 1, 0}) // a seat that says something
	f.Fuzz(func(t *testing.T, input []byte) {
		entry, err := sys.OpenEntry(dir + "/door")
		if err != nil {
			t.Fatal(err)
		}
		conn, err := entry.Connect(nil)
		_ = entry.Close()
		if err != nil {
			t.Fatal(err)
		}
		served, err := door.Accept()
		if err != nil {
			t.Fatal(err)
		}
		p.named.reception.admit(served)
		r := &fuzzedReader{T: t, p: p, conn: conn, input: input}
		defer r.leave()
		descriptors := 0
		for range 40 {
			if len(r.input) == 0 || r.ended {
				break
			}
			switch step := r.next() % steps; step {
			case along:
				descriptors = 1 + int(r.next()%4)
				continue
			case moveIt:
				r.goOn()
			case writeIt:
				r.write()
			case frame:
				r.publish()
			case anything:
				n := min(int(r.next())*3, len(r.input))
				r.say(r.input[:n:n], descriptors)
				r.input = r.input[n:]
				descriptors = 0
			default:
				r.say(r.message(step-sayIt), descriptors)
				descriptors = 0
			}
		}
	})
}
