package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/golden"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// A stage has a golden pool on it: what lies in its segments is the golden bytes, and the test does the few things that a
// producer does beside publishing: it is alive, grants pins, and rings.
//
// A reader is let in while nothing is published. Then all is, at once.
type stage struct {
	t       *testing.T
	backend string
	whole   golden.Segments // undamaged
	newer   bool            // memfd: messages are of a later minor version
	pool    []byte          // mapped, as readers see it; nil: it was cut short
	seats   []byte          // mapped; shm

	mu     sync.Mutex
	handed [][]byte // memfd: seat segments, mapped
	bells  []*atomic.Uint32
}

// pins is how many frames a reader may hold.
const pins = 1

// put puts segments on a stage, under the session's name. They may be damaged; whole is what they were before that.
func (s *session) put(segments, whole golden.Segments) *stage {
	s.Helper()
	return s.putWith(&stage{t: s.T, backend: s.backend, whole: whole}, segments)
}

func (s *session) putWith(st *stage, segments golden.Segments) *stage {
	s.Helper()
	path := filepath.Join(os.Getenv("BIPS_SHM_DIR"), "bips."+s.pool)
	if s.backend == "memfd" {
		st.listen(path, segments)
	} else {
		st.files(path, segments)
	}
	return st
}

// files makes the files of a pool of the backend shm.
func (st *stage) files(path string, segments golden.Segments) {
	st.t.Helper()
	const instance = 0x0123456789abcdef // of all golden pools
	seats := fmt.Sprintf("%s.%016x.%d.seats", path, uint64(instance), raw.HeaderOf(st.whole.Pool).Move)
	for name, content := range map[string][]byte{path: segments.Pool, seats: segments.Seats} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			st.t.Fatal(err)
		}
		st.t.Cleanup(func() { _ = os.Remove(name) })
	}
	lock, err := sys.OpenLockFile(path, os.O_RDWR, func(int, bool) {})
	if err != nil {
		st.t.Fatal(err)
	}
	st.t.Cleanup(func() { _ = lock.Close() })
	if taken, err := lock.TryLock(layout.ProducerLock); !taken || err != nil {
		st.t.Fatalf("the producer's lock: %v, %v", taken, err)
	}
	if len(segments.Pool) < len(st.whole.Pool) || len(segments.Seats) < len(st.whole.Seats) {
		return // nobody gets in
	}
	st.pool, st.seats = st.mapped(path, len(segments.Pool)), st.mapped(seats, len(segments.Seats))
	st.bells = append(st.bells, &raw.HeaderOf(st.pool).Bell)
	st.goOn(st.grant)
}

// mapped maps a file until the test ends.
func (st *stage) mapped(path string, size int) []byte {
	st.t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		st.t.Fatal(err)
	}
	defer file.Close()
	return st.mapping(int(file.Fd()), size)
}

func (st *stage) mapping(fd, size int) []byte {
	st.t.Helper()
	memory, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		st.t.Fatal(err)
	}
	st.t.Cleanup(func() { _ = unix.Munmap(memory) })
	return memory
}

// goOn does something again and again until the test ends.
func (st *stage) goOn(do func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-over:
				return
			case <-time.After(time.Millisecond):
				do()
			}
		}
	}()
	st.t.Cleanup(func() { close(over); <-done })
}

// grant grants pins to whoever asks: step G.
func (st *stage) grant() {
	for i := range int(raw.SeatHeaderOf(st.whole.Seats).SeatCount) {
		seat, word := raw.SeatIn(st.seats, raw.SeatHeaderOf(st.whole.Seats), i), raw.WordIn(st.pool, raw.HeaderOf(st.whole.Pool), i)
		if seat.State.Load() != layout.SeatAsking {
			continue
		}
		if granted := layout.PackGrant(seat.Generation.Load(), pins); word.Granted.Load() != granted {
			word.Granted.Store(granted)
			st.ring()
		}
	}
}

// ring wakes whoever waits for news.
func (st *stage) ring() {
	raw.HeaderOf(st.pool).Bell.Add(1)
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, bell := range st.bells {
		raw.Wake(bell)
	}
}

// listen hands the pool to each reader that connects: step O.
func (st *stage) listen(path string, segments golden.Segments) {
	st.t.Helper()
	l, err := raw.Listen(path)
	if err != nil {
		st.t.Fatal(err)
	}
	fd, err := raw.Memory(segments.Pool, 0, 0)
	if err != nil {
		st.t.Fatal(err)
	}
	st.t.Cleanup(func() { _ = unix.Close(fd) })
	st.pool = st.mapping(fd, len(segments.Pool)) // before nobody can map it for writing
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, raw.PoolSeals); err != nil {
		st.t.Fatal(err)
	}
	header := raw.HeaderOf(st.whole.Pool)
	content := raw.SeatSegment(header.Instance, header.Move, 1, pins)
	grant, sits := raw.Grant(header.Instance, st.pool, content, 1, pins).Append(nil), wire.Sits{Instance: header.Instance}.Append(nil)
	if st.newer {
		grant, sits = ofLaterMinor(grant), ofLaterMinor(sits)
	}
	st.t.Cleanup(l.Serve(func(c raw.Conn) { st.hand(c, fd, content, grant, sits) }))
}

// hand does with a connection what a producer does, until the reader leaves.
func (st *stage) hand(c raw.Conn, pool int, content, grant, sits []byte) {
	defer c.Close()
	if _, _, err := c.Receive(patience * time.Microsecond); err != nil {
		return
	}
	seat, err := raw.Memory(content, 0, raw.SeatSeals)
	if err != nil {
		st.t.Error(err)
		return
	}
	memory, err := unix.Mmap(seat, 0, len(content), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err == nil {
		err = c.Send(grant, pool, seat)
	}
	_ = unix.Close(seat)
	if err != nil {
		st.t.Errorf("the pool cannot be handed over: %v", err)
		return
	}
	if message, _, err := c.Receive(patience * time.Microsecond); err != nil {
		return // it does not want it
	} else if _, err := wire.ParseReady(message); err != nil {
		st.t.Errorf("a reader answered %x: %v", message, err)
		return
	}
	st.seat(memory)
	_ = c.Send(sits)
	for {
		if _, _, err := c.Receive(patience * time.Microsecond); err != nil && err != raw.ErrSilent {
			return
		}
	}
}

func (st *stage) seat(memory []byte) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.t.Cleanup(func() { _ = unix.Munmap(memory) })
	st.handed = append(st.handed, memory)
	st.bells = append(st.bells, &raw.SeatOf(memory).Waiting)
}

// isJoined reports whether a reader reads that is not one of the golden ones: who takes
// a seat gives it another generation.
func (st *stage) isJoined() bool {
	if st.backend == "shm" {
		header := raw.SeatHeaderOf(st.whole.Seats)
		for i := range int(header.SeatCount) {
			seat, golden := raw.SeatIn(st.seats, header, i), raw.SeatIn(st.whole.Seats, header, i)
			if seat.Generation.Load() == golden.Generation.Load() {
				continue
			}
			if state := seat.State.Load(); state == layout.SeatEvery || state == layout.SeatLatest {
				return true
			}
		}
		return false
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, memory := range st.handed {
		if state := raw.SeatOf(memory).State.Load(); state == layout.SeatEvery || state == layout.SeatLatest {
			return true
		}
	}
	return false
}

// before is how the pool was before its first frame that is still there.
func before(segments golden.Segments, first uint64) (unpublished golden.Segments, publish func(*stage)) {
	fresh := golden.Segments{Pool: copied(segments.Pool), Seats: copied(segments.Seats)}
	was, now := raw.HeaderOf(segments.Pool), raw.HeaderOf(fresh.Pool)
	now.Head.Store(first - 1)
	if was.Ended.Load() > first {
		now.Ended.Store(0)
	}
	now.State.Store(layout.StateRunning)
	return fresh, func(st *stage) {
		h := raw.HeaderOf(st.pool)
		h.Head.Store(was.Head.Load())
		h.Ended.Store(was.Ended.Load())
		h.State.Store(was.State.Load())
		st.ring()
	}
}

// copied is a copy that is aligned as a segment is.
func copied(memory []byte) []byte {
	words := make([]byte, len(memory))
	copy(words, memory)
	return words
}
