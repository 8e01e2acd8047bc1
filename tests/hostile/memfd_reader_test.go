package hostile

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// newMemfdScene is a scene whose pool is handed over a socket, and the socket's path.
func newMemfdScene(t *testing.T, o bips.ProducerOptions) (*scene, string) {
	t.Helper()
	o.Backend = bips.Memfd
	s := newScene(t, o)
	return s, filepath.Join(s.dir, "bips."+poolName)
}

// tries are what a reader may do with a descriptor and a mapping that it was handed, to change what others see.
func tries(fd int, mapping []byte) map[string]error {
	write := func(fd int) error {
		memory, err := unix.Mmap(fd, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err == nil {
			_ = unix.Munmap(memory)
		}
		return err
	}
	errs := map[string]error{
		"write":           errOf(unix.Pwrite(fd, []byte{1}, 0)),
		"map for writing": write(fd),
		"punch":           unix.Fallocate(fd, punch, 0, 4096),
		"zero":            unix.Fallocate(fd, unix.FALLOC_FL_ZERO_RANGE, 0, 4096),
		"cut":             unix.Ftruncate(fd, 0),
		"cut a page off":  unix.Ftruncate(fd, int64(len(mapping)-4096)),
		"lengthen":        unix.Ftruncate(fd, int64(len(mapping))+4096),
		"allocate more":   unix.Fallocate(fd, 0, 0, int64(len(mapping))+4096),
		"seal":            errOf(unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE)),
		"remove a page":   unix.Madvise(mapping[:4096], unix.MADV_REMOVE),
	}
	again, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		errs["open again for writing"] = err
		return errs
	}
	defer unix.Close(again)
	errs["write, opened again"] = errOf(unix.Pwrite(again, []byte{1}, 0))
	errs["map for writing, opened again"] = write(again)
	errs["punch, opened again"] = unix.Fallocate(again, punch, 0, 4096)
	errs["cut, opened again"] = unix.Ftruncate(again, 0)
	return errs
}

func errOf(_ int, err error) error { return err }

func TestAReaderCanNeitherWriteNorCutNorPunchNorSealWhatItWasHanded(t *testing.T) {
	s, path := newMemfdScene(t, bips.ProducerOptions{})
	s.publish()
	every := s.read(bips.Every)
	r := attach(t, path, 1)
	for name, memory := range map[string]struct {
		fd      int
		mapping []byte
	}{"pool": {r.PoolFD, r.Pool}, "seat": {r.SeatFD, r.Segment}} {
		for what, err := range tries(memory.fd, memory.mapping) {
			if err == nil {
				t.Errorf("%s of the %s works", what, name)
			}
		}
	}
	if err := unix.Mprotect(r.Pool, unix.PROT_READ|unix.PROT_WRITE); err == nil {
		t.Error("the pool can be made writable")
	}
	s.flows(every)
}

// A reader that punches before it says READY makes its own seat slow until then, and nothing else.
func TestWhoPunchesItsSeatBeforeItIsReadyHarmsNobody(t *testing.T) {
	s, path := newMemfdScene(t, bips.ProducerOptions{})
	s.publish()
	every := s.read(bips.Every)
	for range 100 {
		r, err := raw.Attach(path, raw.Hello(1), patience)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Fallocate(r.SeatFD, punch, 0, int64(len(r.Segment))); err != nil {
			t.Fatalf("before READY it can: %v", err)
		}
		if err := r.Sit(patience); err != nil {
			t.Fatal(err)
		}
		if err := unix.Fallocate(r.SeatFD, punch, 0, int64(len(r.Segment))); err == nil {
			t.Error("it can punch after SITS")
		}
		r.Leave()
	}
	s.flows(every)
	// Who seals it so that the producer cannot seal it any more gets no seat.
	r, err := raw.Attach(path, raw.Hello(1), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Leave()
	if _, err := unix.FcntlInt(uintptr(r.SeatFD), unix.F_ADD_SEALS, raw.Seal); err != nil {
		t.Fatal(err)
	}
	if err := r.Sit(patience); !errors.Is(err, io.EOF) {
		t.Errorf("who sealed its seat itself got %v", err)
	}
	s.flows(every)
}

// The generation of a reader is what the producer counts, and not what the seat says: who writes another one there is found behind like anybody else.
func TestAReaderThatWritesAnotherGenerationToItsSeatIsDemotedAllTheSame(t *testing.T) {
	for name, generation := range map[string]uint32{"none": 0, "the next": 2, "another": 1 << 31} {
		t.Run(name, func(t *testing.T) {
			s, path := newMemfdScene(t, bips.ProducerOptions{Overflow: bips.Block, BlockTimeout: 20 * time.Millisecond})
			r := attach(t, path, 1)
			seat := r.Seat()
			seat.Generation.Store(generation)
			seat.Cursor.Store(1)
			seat.State.Store(layout.SeatEvery)
			for range 3 * bips.DefaultSlots {
				slot, err := s.pool.Pull(patience)
				if err == nil {
					err = s.pool.Push(slot, bips.FrameInfo{Size: 8})
				}
				if err != nil {
					t.Fatalf("the producer is held up: %v", err)
				}
			}
			if stats := s.pool.Stats(); stats.Demoted != 1 {
				t.Errorf("%d were demoted", stats.Demoted)
			}
			if verdict := r.Word().Verdict.Load(); verdict != layout.PackVerdict(r.Grant.Generation, layout.VerdictDemoted) {
				t.Errorf("the verdict is %#x, for generation %d", verdict, r.Grant.Generation)
			}
		})
	}
}

// The rows of docs/security.md that say what a reader can do, each tried over a seat of its own.
func TestWhatAReaderDoesToItsOwnSeatAndConnectionHarmsNobodyElse(t *testing.T) {
	for _, c := range []struct {
		what      string
		number    int
		overdrawn bool // the producer sees more pins than it granted
		left      bool // its connection is over
	}{
		{what: "punch"}, {what: "remove"}, {what: "page-out"}, {what: "scribble", number: int(time.Now().UnixNano()), overdrawn: true},
		{what: "claim-pins", overdrawn: true}, {what: "hold"}, {what: "change-generation"}, {what: "ring"}, {what: "wait"}, {what: "knock"},
		{what: "requeue"}, {what: "sleep", number: 4000}, {what: "half", left: true}, {what: "full"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s, path := newMemfdScene(t, bips.ProducerOptions{Overflow: bips.Block, BlockTimeout: 100 * time.Millisecond})
			s.publish()
			every, latest := s.read(bips.Every), s.read(bips.Latest)
			held := s.holdOne()
			s.pushes.take()
			for end := time.Now().Add(deed(t) / 4); time.Now().Before(end); {
				s.flows(every, latest)
			}
			t.Logf("published before: %s", s.pushes.take())
			kill := sendDeed(t, path, c.what, fmt.Sprint(c.number))
			s.pushes.take()
			newcomers := &durations{}
			for end := time.Now().Add(deed(t)); time.Now().Before(end); {
				s.flows(every, latest)
				began := time.Now()
				if err := s.tryJoin(patience); err != nil {
					t.Fatalf("nobody can join beside it: %v", err)
				}
				newcomers.add(time.Since(began))
			}
			t.Logf("published meanwhile: %s", s.pushes.take())
			t.Logf("newcomers' first frames: %s", newcomers.take())
			if c.overdrawn {
				s.waitFor("the producer to notice", func() bool { return s.pool.Stats().Overdrawn > 0 })
			}
			held()
			kill()
			s.flows(every, latest)
			if err := s.tryJoin(patience); err != nil {
				t.Errorf("nobody can join when it is gone: %v", err)
			}
		})
	}
}

// Whoever asks for all there is gets a third of what is left, and whoever takes all seats keeps newcomers out for as long as it lives.
func TestWhoTakesAllSeatsKeepsNewcomersOutAndNobodyElse(t *testing.T) {
	s, path := newMemfdScene(t, bips.ProducerOptions{})
	s.publish()
	every, latest := s.read(bips.Every), s.read(bips.Latest)
	held := s.holdOne()
	var taken []*raw.Reader
	var refusal *raw.Refusal
	for range bips.MaxSeats {
		r, err := tryAttach(path, 63)
		if errors.As(err, &refusal) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, r)
		t.Logf("asked for 63 pins, got %d", r.Granted)
	}
	if refusal == nil || refusal.Code != wire.SeatsTaken && refusal.Code != wire.SlotsTaken || refusal.Text == "" {
		t.Errorf("the last one got %v", refusal)
	}
	if err := s.tryJoin(1500 * time.Millisecond); !errors.Is(err, bips.ErrPoolFull) {
		t.Errorf("a newcomer got %v", err)
	}
	if info, ok := s.info(); ok && info.Granted > info.Room {
		t.Errorf("%d pins are granted, there is room for %d", info.Granted, info.Room)
	}
	s.flows(every, latest)
	held()
	for _, r := range taken {
		r.Leave()
	}
	if err := s.tryJoin(patience); err != nil {
		t.Errorf("nobody can join when they are gone: %v", err)
	}
}

// Whoever has been granted a seat and has not taken it after 50 ms makes room for the next one that comes.
func TestWhoIsGrantedASeatAndDoesNotTakeItKeepsNobodyOut(t *testing.T) {
	s, path := newMemfdScene(t, bips.ProducerOptions{Slots: bips.MaxSlots})
	s.publish()
	every := s.read(bips.Every)
	var hanging []*raw.Reader
	for range bips.DefaultMaxConsumers - 1 { // all seats that are left
		r, err := raw.Attach(path, raw.Hello(1), patience)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Leave()
		hanging = append(hanging, r)
	}
	time.Sleep(60 * time.Millisecond)
	r, err := raw.Attach(path, raw.Hello(1), patience) // asks once, as an honest reader does many times
	if err != nil {
		t.Fatalf("a newcomer got %v", err)
	}
	defer r.Leave()
	if err := r.Sit(patience); err != nil {
		t.Errorf("a newcomer does not sit: %v", err)
	}
	if _, _, err := hanging[0].Receive(patience); !errors.Is(err, io.EOF) {
		t.Errorf("the first of those that hang got %v", err)
	}
	s.flows(every)
	newcomers := &durations{}
	for range 20 { // they sit down while others hang
		began := time.Now()
		if err := s.tryJoin(patience); err != nil {
			t.Fatalf("a newcomer got %v", err)
		}
		newcomers.add(time.Since(began))
	}
	t.Logf("newcomers' first frames: %s", newcomers.take())
}

// As many connections as may have said nothing yet are there. One more closes the oldest of them, and not itself.
func TestWhoConnectsAndSaysNothingKeepsNobodyOut(t *testing.T) {
	const mostSilent = 32 // docs/protocol.md: connections without a HELLO
	s, path := newMemfdScene(t, bips.ProducerOptions{})
	s.publish()
	every := s.read(bips.Every)
	for range mostSilent {
		silent, err := raw.Dial(path)
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
	}
	r, err := raw.Attach(path, raw.Hello(1), patience) // asks once
	if err != nil {
		t.Fatalf("a newcomer got %v", err)
	}
	defer r.Leave()
	if err := r.Sit(patience); err != nil {
		t.Errorf("a newcomer does not sit: %v", err)
	}
	s.flows(every)
}

// wrongHello is what a reader must not say first. The producer answers with a reason, and closes the connection.
type wrongHello struct {
	message     []byte
	descriptors int
	code        wire.Code
}

func wrongHellos() map[string]wrongHello {
	hello := raw.Hello(1)
	changed := func(change func(*wire.Hello)) []byte { h := hello; change(&h); return h.Append(nil) }
	return map[string]wrongHello{
		"zeros":                {message: make([]byte, 64), code: wire.BadMessage},
		"60,000 bytes":         {message: make([]byte, 60000), code: wire.BadMessage},
		"513 bytes":            {message: longer(hello.Append(nil), 513), code: wire.BadMessage},
		"READY":                {message: wire.Ready{}.Append(nil), code: wire.BadMessage},
		"KNOCK":                {message: wire.Knock{}.Append(nil), code: wire.BadMessage},
		"GRANT":                {message: wire.Grant{Instance: 1, Generation: 1, Granted: 1, PoolSize: 4096, SeatSize: 8192}.Append(nil), code: wire.BadMessage},
		"a HELLO cut short":    {message: hello.Append(nil)[:63], code: wire.BadMessage},
		"no pins":              {message: changed(func(h *wire.Hello) { h.Wanted = 0 }), code: wire.BadMessage},
		"64 pins":              {message: changed(func(h *wire.Hello) { h.Wanted = 64 }), code: wire.BadMessage},
		"2^32-1 pins":          {message: changed(func(h *wire.Hello) { h.Wanted, h.Least = 1<<32-1, 1<<32-1 }), code: wire.BadMessage},
		"more at least":        {message: changed(func(h *wire.Hello) { h.Least = 2 }), code: wire.BadMessage},
		"63 at least":          {message: changed(func(h *wire.Hello) { h.Wanted, h.Least = 63, 63 }), code: wire.SlotsTaken},
		"another layout":       {message: changed(func(h *wire.Hello) { h.LayoutMajor++ }), code: wire.OtherVersion},
		"another version":      {message: func() []byte { b := hello.Append(nil); b[8]++; return b }(), code: wire.OtherVersion},
		"with a descriptor":    {message: hello.Append(nil), descriptors: 1, code: wire.BadMessage},
		"with 253 descriptors": {message: hello.Append(nil), descriptors: 253, code: wire.BadMessage},
	}
}

func (c wrongHello) say(t *testing.T, path string) {
	t.Helper()
	conn, err := raw.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	descriptors := make([]int, c.descriptors) // of standard input
	err = conn.Send(c.message, descriptors...)
	if errors.Is(err, unix.EPERM) && c.descriptors > 0 {
		t.Skipf("the kernel lets nobody send descriptors there: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	answer, _, err := conn.Receive(patience)
	if err != nil {
		t.Fatal(err)
	}
	refuse, text, err := wire.ParseRefuse(answer)
	if err != nil || refuse.Code != c.code || text == "" {
		t.Errorf("got %v, code %d, %q, want code %d", err, refuse.Code, text, c.code)
	}
	if _, _, err := conn.Receive(patience); !errors.Is(err, io.EOF) {
		t.Errorf("after that came %v", err)
	}
}

// What a reader must not say, at each step. The producer closes the connection, with a reason where one is due, and the seat is free again.
func TestWhatAReaderMustNotSayEndsItsConnection(t *testing.T) {
	s, path := newMemfdScene(t, bips.ProducerOptions{MaxConsumers: 3})
	s.publish()
	every := s.read(bips.Every)
	for name, c := range wrongHellos() {
		t.Run(name, func(t *testing.T) { c.say(t, path) })
	}
	s.flows(every)
}

// wrongWord is what a reader must not say once it has a seat. The producer closes the connection.
type wrongWord struct {
	early bool // before READY
	say   func(r *raw.Reader) error
}

var wrongWords = map[string]wrongWord{
	"another READY": {say: func(r *raw.Reader) error {
		return r.Send(wire.Ready{Instance: r.Instance, Seat: r.Grant.Seat}.Append(nil))
	}},
	"another HELLO": {say: func(r *raw.Reader) error { return r.Send(raw.Hello(1).Append(nil)) }},
	"garbage":       {say: func(r *raw.Reader) error { return r.Send(make([]byte, 100)) }},
	"nothing":       {say: func(r *raw.Reader) error { return r.Send(nil) }},
	"the end":       {say: func(r *raw.Reader) error { r.EndWriting(); return nil }},
	"READY for another": {early: true, say: func(r *raw.Reader) error {
		return r.Send(wire.Ready{Instance: r.Instance + 1, Seat: r.Grant.Seat}.Append(nil))
	}},
	"READY for seat 2^31": {early: true, say: func(r *raw.Reader) error { return r.Send(wire.Ready{Instance: r.Instance, Seat: 1 << 31}.Append(nil)) }},
	"KNOCK before READY":  {early: true, say: func(r *raw.Reader) error { return r.Knock() }},
	"the end, early":      {early: true, say: func(r *raw.Reader) error { r.EndWriting(); return nil }},
}

// sayIn has a reader say it in a scene that has one seat beside the honest reader's. That each gets it shows that it comes back.
func (c wrongWord) sayIn(t *testing.T, s *scene, path string) {
	t.Helper()
	var r *raw.Reader
	var refusal *raw.Refusal
	s.waitFor("the seat of the one before", func() bool {
		var err error
		if r, err = raw.Attach(path, raw.Hello(1), patience); err != nil && !errors.As(err, &refusal) {
			t.Fatal(err)
		}
		return err == nil
	})
	defer r.Leave()
	if !c.early {
		if err := r.Sit(patience); err != nil {
			t.Fatal(err)
		}
		r.Seat().State.Store(layout.SeatLatest)
		r.Seat().Pins.Store(1)
	}
	if err := c.say(r); err != nil {
		t.Fatal(err)
	}
	for {
		_, _, err := r.Receive(patience)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("the connection does not end: %v", err)
		}
	}
}

func TestWhatAReaderMustNotSayOnceItHasASeatEndsItsConnection(t *testing.T) {
	s, path := newMemfdScene(t, bips.ProducerOptions{MaxConsumers: 2})
	s.publish()
	every := s.read(bips.Every)
	for name, c := range wrongWords {
		t.Run(name, func(t *testing.T) { c.sayIn(t, s, path) })
	}
	s.flows(every)
}

// What lingers is dropped where it harms nobody: by the kernel that lets nobody send it, or by the thread of its own connection.
func TestWhoSendsDescriptorsThatLingerHoldsUpNeitherFramesNorNewcomers(t *testing.T) {
	s, path := newMemfdScene(t, bips.ProducerOptions{})
	s.publish()
	every := s.read(bips.Every)
	refused := 0
	for range 10 {
		conn, err := raw.Dial(path)
		if err != nil {
			t.Fatal(err)
		}
		fd := lingers(t)
		if errors.Is(conn.Send(raw.Hello(1).Append(nil), fd), unix.EPERM) {
			refused++
			_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{})
		}
		_ = unix.Close(fd)
		conn.Close()
	}
	s.pushes.take()
	newcomers := &durations{}
	for range 20 {
		began := time.Now()
		if err := s.tryJoin(patience); err != nil {
			t.Fatalf("a newcomer got %v", err)
		}
		newcomers.add(time.Since(began))
	}
	s.flows(every)
	t.Logf("%d of 10 were refused by the kernel; published meanwhile: %s; newcomers' first frames: %s", refused, s.pushes.take(), newcomers.take())
}
