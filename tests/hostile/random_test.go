package hostile

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// What fuzzers do to package bips in the test's own process (FuzzHandOver, FuzzMoveOver; FuzzConversation of bips) is done here, at random, to
// victims that are processes of their own, in whatever language, and under its sanitizers.

// randomTries is how often.
const randomTries = 40

func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// randomOffer is an input of fuzzedOffer: what is handed over is right, but for a few things.
func randomOffer(random *rand.Rand) []byte {
	input := []byte{2, 0, 1, 0, 0, 0}
	if random.IntN(4) == 0 {
		input = []byte{byte(random.Uint32())} // other descriptors, or as many others
		for range 10 + 3 {
			input = append(input, byte(random.Uint32()))
		}
	}
	for range random.IntN(4) {
		place := uint16(random.IntN(256)) // of the message, or of a header's first fields
		if random.IntN(2) == 0 {
			place = uint16(random.Uint32N(1 << 15))
		}
		input = append(input, byte(random.Uint32()))
		input = binary.LittleEndian.AppendUint16(input, place)
		input = append(input, byte(random.Uint32()))
	}
	return input
}

// server serves one connection at a time, which somebody else may end.
type server struct {
	mu   sync.Mutex
	conn *raw.Conn // nil: none
}

func (s *server) do(c raw.Conn, serve func(raw.Conn)) {
	s.set(&c)
	defer s.set(nil)
	serve(c)
}

func (s *server) set(c *raw.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = c
}

func (s *server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		s.conn.EndWriting()
	}
}

func TestAReaderOfItsOwnProcessOutlivesWhateverAProducerHandsOver(t *testing.T) {
	for name, answer := range map[string]func(*testing.T, []int, []byte) (func(raw.Conn), func()){
		"as its pool": fuzzedHandOver, "as the next pool": fuzzedMoveOver,
	} {
		t.Run(name, func(t *testing.T) {
			random := newRandom(t)
			kinds, closeKinds := someDescriptors(t)
			defer closeKinds()
			var current atomic.Pointer[func(raw.Conn)]
			var met atomic.Bool // the reader has come, at this try
			var served server
			serve(t, listen(t), func(c raw.Conn) {
				if serve := current.Swap(nil); serve != nil {
					met.Store(true)
					served.do(c, *serve)
				}
			})
			reader := startReader(t, pins)
			told := map[string]int{}
			for range randomTries {
				input := randomOffer(random)
				serve, closeAll := answer(t, kinds, input)
				met.Store(false)
				current.Store(&serve)
				for end, more := time.Now().Add(patience), 3; more > 0; {
					_, failure := pullByPeer(reader, 10*time.Millisecond)
					told[failure]++
					switch {
					case failure == "other" && !obeysOnly("BIPS_PEER_CONSUMER"): // elements refuse frames for more reasons
						t.Errorf("%x: the reader is told of an error that has no name", input)
					case met.Load():
						more--
					case time.Now().After(end):
						t.Fatalf("%x: the reader does not come", input)
					}
				}
				served.end() // a producer that is lost, if the reader took it for one
				closeAll()
			}
			t.Logf("the reader was told %v", told)
			reader.Leave()
		})
	}
}

// randomWord is what a reader may say, or not: HELLO, READY for what it was granted, KNOCK, or what a producer says, changed in places.
func randomWord(random *rand.Rand, due wire.Ready, greets bool) []byte {
	messages := [][]byte{
		raw.Hello(1 + random.Uint32N(3)).Append(nil), due.Append(nil), wire.Knock{}.Append(nil), wire.Sits(due).Append(nil),
		wire.Refuse{Code: wire.Closing}.Append(nil, "no"), {},
	}
	message := messages[random.IntN(len(messages))]
	if greets && random.IntN(4) > 0 {
		message = messages[0]
	}
	for range max(0, random.IntN(6)-3) {
		if len(message) > 0 {
			message[random.IntN(len(message))] = byte(random.Uint32())
		}
	}
	if random.IntN(12) == 0 && len(message) >= 16 {
		message = longer(message, len(message)+random.IntN(2*wire.MaxSize))
	}
	return message
}

func TestAProducerOfItsOwnProcessOutlivesWhateverReadersSay(t *testing.T) {
	random := newRandom(t)
	s, producer, path := newPeerScene(t)
	every := s.readInOrder()
	granted := 0
	for range 3 * randomTries {
		conn, err := raw.Dial(path)
		for end := time.Now().Add(patience); errors.Is(err, unix.EAGAIN) && time.Now().Before(end); conn, err = raw.Dial(path) {
			time.Sleep(time.Millisecond)
		}
		if err != nil {
			t.Fatal(err)
		}
		var due wire.Ready
		for word := range 1 + random.IntN(6) {
			if conn.Send(randomWord(random, due, word == 0)) != nil {
				break
			}
			message, descriptors, err := conn.Receive(20 * time.Millisecond)
			raw.CloseAll(descriptors)
			if grant, wrong := wire.ParseGrant(message); err == nil && wrong == nil {
				due = wire.Ready{Instance: grant.Instance, Seat: grant.Seat}
				granted++
			}
		}
		conn.Close()
	}
	t.Logf("%d were granted a seat", granted)
	s.flows(every)
	if err := s.tryJoin(patience); err != nil {
		t.Errorf("nobody can join when they are gone: %v", err)
	}
	s.end()
	producer.Leave()
}
