package hostile

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/tests/hostile/raw"
	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// The tests here have a producer, or a reader, that is a process of its own, a peer: BIPS_PEER_PRODUCER and BIPS_PEER_CONSUMER make it one
// in another language.

// newPeerScene is a scene whose producer is a peer with the backend memfd, for two readers. It returns the socket's path too.
func newPeerScene(t *testing.T, args ...string) (s *scene, producer *worker, path string) {
	t.Helper()
	s = &scene{T: t, dir: testmain.Dir(t)}
	producer = startProducer(t, append([]string{"--backend=memfd", "--seats=2", "--slots=12", "--slot-size=4096", "--size=2048", "--pause=300", "--quiet"}, args...)...)
	t.Cleanup(s.end)
	return s, producer, filepath.Join(s.dir, "bips."+poolName)
}

// startProducer starts a producer that works by itself. Its pool is there when it returns.
func startProducer(t *testing.T, args ...string) *worker {
	t.Helper()
	if obeysOnly("BIPS_PEER_PRODUCER") {
		return orderToPublish(t, args...)
	}
	opened := make(chan struct{})
	producer := &worker{Peer: drive.Start(t, drive.Produce, poolName, drive.Setup{
		Args: args,
		Heard: func(l *line.Line) {
			switch l.Event {
			case line.Opened:
				close(opened)
			case line.Wrong:
				t.Errorf("the producer: %s: %s", l.What, l.Text)
			}
		},
	})}
	t.Cleanup(producer.Kill)
	select {
	case <-opened:
	case <-producer.Exited():
		t.Fatalf("the producer: %s", producer.Complaints())
	case <-time.After(patience):
		t.Fatal("the producer does not come")
	}
	return producer
}

// readInOrder lets an honest reader of every frame read, and returns how many frames it had so far.
func (s *scene) readInOrder() *atomic.Uint64 {
	s.Helper()
	var last uint64
	return s.readWith(s.consumer(bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 2}), func(f *bips.Frame) bool {
		if last != 0 && f.Sequence != last+1 {
			s.Errorf("frame %d after %d", f.Sequence, last)
		}
		last = f.Sequence
		return true
	})
}

// lastSeat attaches in the seat beside the honest reader's, as soon as that is free.
func (s *scene) lastSeat(t *testing.T, path string) (r *raw.Reader) {
	t.Helper()
	s.waitFor("the seat of the one before", func() bool {
		var refusal *raw.Refusal
		var err error
		if r, err = raw.Attach(path, raw.Hello(1), patience); err != nil && !errors.As(err, &refusal) {
			t.Fatal(err)
		}
		return err == nil
	})
	return r
}

func TestAProducerOfItsOwnProcessEndsTheConnectionOfWhoSaysWhatItMustNot(t *testing.T) {
	s, producer, path := newPeerScene(t)
	every := s.readInOrder()
	for name, c := range wrongHellos() {
		t.Run(name, func(t *testing.T) { c.say(t, path) })
	}
	for name, c := range wrongWords {
		t.Run(name, func(t *testing.T) { c.sayIn(t, s, path) })
	}
	s.flows(every)
	s.end()
	producer.Leave()
}

func TestAProducerOfItsOwnProcessIsNotHeldUpByWhoHangsInTheHandshake(t *testing.T) {
	const mostSilent = 32 // docs/protocol.md: connections without a HELLO
	s, producer, path := newPeerScene(t)
	every := s.readInOrder()
	var silent []raw.Conn
	for range mostSilent {
		conn, err := raw.Dial(path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		silent = append(silent, conn)
	}
	hanging := s.lastSeat(t, path)
	defer hanging.Leave()
	if answer, _, err := silent[0].Receive(patience); !errors.Is(err, io.EOF) { // who has had its time gets a REFUSE before the end
		t.Errorf("the first of those that say nothing got %q, %v", answer, err)
	}
	time.Sleep(60 * time.Millisecond)                  // docs/protocol.md: an offer that makes room for another
	r, err := raw.Attach(path, raw.Hello(1), patience) // asks once
	if err != nil {
		t.Fatalf("a newcomer got %v", err)
	}
	defer r.Leave()
	if err := r.Sit(patience); err != nil {
		t.Errorf("a newcomer does not sit: %v", err)
	}
	if _, _, err := hanging.Receive(patience); !errors.Is(err, io.EOF) {
		t.Errorf("who hangs got %v", err)
	}
	s.flows(every)
	s.end()
	producer.Leave()
}

func TestAProducerOfItsOwnProcessSealsWhatItHandsOut(t *testing.T) {
	s, producer, path := newPeerScene(t)
	every := s.readInOrder()
	for range 20 {
		r := s.lastSeat(t, path)
		if err := unix.Fallocate(r.SeatFD, punch, 0, int64(len(r.Segment))); err != nil {
			t.Fatalf("before READY it can: %v", err)
		}
		if err := r.Sit(patience); err != nil {
			t.Fatal(err)
		}
		for what, err := range tries(r.PoolFD, r.Pool) {
			if err == nil {
				t.Errorf("a reader can %s the pool", what)
			}
		}
		for what, err := range tries(r.SeatFD, r.Segment) {
			if err == nil {
				t.Errorf("a reader can %s its seat", what)
			}
		}
		r.Leave()
	}
	sealed := s.lastSeat(t, path)
	defer sealed.Leave()
	if _, err := unix.FcntlInt(uintptr(sealed.SeatFD), unix.F_ADD_SEALS, raw.Seal); err != nil {
		t.Fatal(err)
	}
	if err := sealed.Sit(patience); !errors.Is(err, io.EOF) {
		t.Errorf("who sealed its seat itself got %v", err)
	}
	s.flows(every)
	s.end()
	producer.Leave()
}

func TestAProducerOfItsOwnProcessLeavesBehindWhoDoesNotFollowItsMoves(t *testing.T) {
	s, producer, path := newPeerScene(t, "--overflow=block", "--block-timeout=100000")
	every := s.readInOrder()
	size := int64(4096)
	for _, state := range []uint32{layout.SeatLatest, layout.SeatEvery} {
		r := s.lastSeat(t, path)
		defer r.Leave()
		if err := r.Sit(patience); err != nil {
			t.Fatal(err)
		}
		r.Seat().Cursor.Store(r.Header().Head.Load() + 1)
		r.Seat().State.Store(state)
		for range 3 {
			size += 4096
			if answer := producer.Ask(line.Order{Do: line.DoGrow, Size: int(size)}); answer.Error != "" {
				t.Fatalf("a move: %s", answer.Text)
			}
			producer.Ask(line.Order{Do: line.DoGo})
			s.flows(every)
		}
		next, err := r.Moved(patience)
		if err != nil {
			t.Fatal(err)
		}
		next.Forget()
		for err = nil; err == nil; {
			var descriptors []int
			_, descriptors, err = r.Receive(patience)
			raw.CloseAll(descriptors)
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("its connection goes on: %v", err)
		}
	}
	s.end()
	producer.Leave()
}

func TestAProducerOfItsOwnProcessIsNotHeldUpByDescriptorsThatLinger(t *testing.T) {
	s, producer, path := newPeerScene(t)
	every := s.readInOrder()
	for range 10 {
		conn, err := raw.Dial(path)
		if err != nil {
			t.Fatal(err)
		}
		fd := lingers(t)
		if errors.Is(conn.Send(raw.Hello(1).Append(nil), fd), unix.EPERM) {
			_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{})
		}
		_ = unix.Close(fd)
		conn.Close()
	}
	for range 20 {
		if err := s.tryJoin(patience); err != nil {
			t.Fatalf("a newcomer got %v", err)
		}
	}
	s.flows(every)
	s.end()
	producer.Leave()
}

// startReader starts a reader of its own process that pulls when it is told.
func startReader(t *testing.T, maxHeld int) *drive.Peer {
	t.Helper()
	c := drive.Start(t, drive.Consume, poolName, drive.Setup{
		Args: []string{"--idle", "--payload=any", "--mode=latest", fmt.Sprintf("--max-held=%d", maxHeld), "--min-held=1"},
	})
	t.Cleanup(c.Kill)
	return c
}

// pullByPeer has a reader pull one frame and give it back.
func pullByPeer(c *drive.Peer, timeout time.Duration) (sequence uint64, failure string) {
	answer := c.Ask(line.Order{Do: line.DoPull, Timeout: timeout.Microseconds()})
	if answer.Error == "" {
		c.Ask(line.Order{Do: line.DoRelease, Hold: answer.Hold})
	}
	return answer.Sequence, answer.Error
}

// tryByPeer lets a reader of its own process try a pool, and checks that it keeps nothing of it.
func tryByPeer(t *testing.T, maxHeld, frames int, timeout time.Duration) (sequences []uint64, failure string) {
	t.Helper()
	c := startReader(t, maxHeld)
	for len(sequences) < frames && failure == "" {
		var sequence uint64
		if sequence, failure = pullByPeer(c, timeout); failure == "" {
			sequences = append(sequences, sequence)
		}
	}
	c.Leave()
	return sequences, failure
}

func TestAReaderOfItsOwnProcessRefusesWhateverAProducerHandsOverThatIsNotAPool(t *testing.T) {
	for name, lie := range lies() {
		t.Run(name, func(t *testing.T) {
			o := newOffer(t)
			lie(o)
			o.to(listen(t))
			if sequences, failure := tryByPeer(t, pins, 1, patience); failure != "damaged" {
				t.Errorf("the reader got frames %d, %s", sequences, failure)
			}
		})
	}
}

func TestAReaderOfItsOwnProcessReadsWhatAProducerHandsOverByTheBook(t *testing.T) {
	for name, change := range byTheBook {
		t.Run(name, func(t *testing.T) {
			o := newOffer(t)
			change(o)
			o.to(listen(t))
			if sequences, failure := tryByPeer(t, pins, 1, patience); failure != "" || !slices.Equal(sequences, sequencesOf(2)) {
				t.Errorf("the reader got frames %d, %s", sequences, failure)
			}
		})
	}
}

func TestAReaderOfItsOwnProcessFollowsAMoveByTheBookAndRefusesOthers(t *testing.T) {
	t.Run("by the book", func(t *testing.T) {
		m := newMove(t)
		m.to(listen(t))
		if sequences, failure := tryByPeer(t, 1, 2, patience); !haveFollowed(sequences, failure) {
			t.Errorf("the reader got frames %d, %s", sequences, failure)
		}
	})
	for name, lie := range wrongMoves {
		t.Run(name, func(t *testing.T) {
			m := newMove(t)
			lie(m)
			m.to(listen(t))
			if sequences, failure := tryByPeer(t, 1, 3, patience); failure != "damaged" {
				t.Errorf("the reader got frames %d, %s", sequences, failure)
			}
		})
	}
}

func TestAReaderOfItsOwnProcessComesBackFromAProducerThatSays(t *testing.T) {
	for name, with := range silences {
		t.Run(name, func(t *testing.T) {
			o := newOffer(t)
			o.memory(raw.PoolSeals, raw.SeatSeals)
			serve(t, listen(t), func(c raw.Conn) { with(o, c) })
			if sequences, failure := tryByPeer(t, pins, 1, 300*time.Millisecond); failure == "" {
				t.Errorf("the reader got frames %d", sequences)
			}
		})
	}
}

func TestAReaderOfItsOwnProcessDoesNotHangInWhatAProducerHandsOver(t *testing.T) {
	sent := offerWhatLingers(t, 9)
	if sequences, failure := tryByPeer(t, pins, 1, patience); failure != "damaged" {
		t.Errorf("the reader got frames %d, %s", sequences, failure)
	}
	<-sent
}

func TestAReaderOfItsOwnProcessAsksAProducerThatHasNoTimeNoSoonerThanItWasTold(t *testing.T) {
	for name, c := range busyProducers {
		t.Run(name, func(t *testing.T) {
			c.serve(t)
			reader := startReader(t, pins)
			failure := "timeout"
			for end := time.Now().Add(patience); failure == "timeout" && time.Now().Before(end); {
				_, failure = pullByPeer(reader, c.pull)
			}
			if failure != "" {
				t.Error(failure)
			}
			reader.Leave()
		})
	}
}

func TestAReaderOfItsOwnProcessThatWaitsForASilentProducerAsksTheNextOne(t *testing.T) {
	asked := make(chan struct{}, 1)
	serve(t, listen(t), func(c raw.Conn) {
		_, _, _ = c.Receive(patience)
		asked <- struct{}{}
		_, _, _ = c.Receive(patience) // until the reader has gone
	})
	reader := startReader(t, 1)
	came := make(chan error, 1)
	go func() {
		<-asked
		p, err := bips.NewProducer(poolName, bips.ProducerOptions{Backend: bips.Memfd, SlotSize: 64})
		if err == nil {
			t.Cleanup(func() { _ = p.Close() })
			var slot bips.Slot
			if slot, err = p.Pull(patience); err == nil {
				err = p.Push(slot, bips.FrameInfo{})
			}
		}
		came <- err
	}()
	if _, failure := pullByPeer(reader, patience/2); failure != "" {
		t.Errorf("the reader that waited got %s", failure)
	}
	if err := <-came; err != nil {
		t.Error(err)
	}
	reader.Leave()
}
