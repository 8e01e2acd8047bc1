package hostile

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/golden"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// pins is what the reader of these tests asks for; it is content with one.
const pins = 2

// offer is what a producer answers a reader's HELLO with. As it is made it is right.
type offer struct {
	t           *testing.T
	pool, seat  []byte
	grant       wire.Grant
	message     []byte // nil: grant
	descriptors []int  // nil: those of memory
	open        []int  // to be closed at the end
}

// memory makes the two segments, sealed as they have to be, but for what is in without.
func (o *offer) memory(poolSeals, seatSeals int) {
	o.descriptors = []int{
		o.keep(raw.Memory(o.pool, 0, poolSeals)),
		o.keep(raw.Memory(o.seat, 0, seatSeals)),
	}
}

func (o *offer) keep(fd int, err error) int {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	o.open = append(o.open, fd)
	return fd
}

// instead hands over another descriptor: 0 is that of the pool, 1 that of the seat.
func (o *offer) instead(which, fd int) {
	o.memory(raw.PoolSeals, raw.SeatSeals)
	o.descriptors[which] = fd
}

func (o *offer) many(count int) {
	o.memory(raw.PoolSeals, raw.SeatSeals)
	for len(o.descriptors) < count {
		o.descriptors = append(o.descriptors, o.descriptors[len(o.descriptors)%2])
	}
	o.descriptors = o.descriptors[:count]
}

func newOffer(t *testing.T) *offer {
	t.Helper()
	return offerOf(t, "frames")
}

// offerOf offers a golden pool, and seat 0 in it to generation 1.
func offerOf(t *testing.T, scene string) *offer {
	t.Helper()
	scenes := golden.Scenes()
	i := slices.IndexFunc(scenes, func(s golden.Scene) bool { return s.Name == scene })
	o := &offer{t: t, pool: slices.Clone(scenes[i].Pool)}
	h := raw.HeaderOf(o.pool)
	h.Backend = layout.BackendMemfd
	o.seat = raw.SeatSegment(h.Instance, h.Move, 1, pins)
	o.grant = raw.Grant(h.Instance, o.pool, o.seat, 1, pins)
	t.Cleanup(o.closeOpen)
	return o
}

// closeOpen closes what it has made.
func (o *offer) closeOpen() {
	raw.CloseAll(o.open)
	o.open = nil
}

// to answers each reader that comes, until the test ends.
func (o *offer) to(l *raw.Listener) {
	if o.descriptors == nil {
		o.memory(raw.PoolSeals, raw.SeatSeals)
	}
	if o.message == nil {
		o.message = o.grant.Append(nil)
	}
	serve(o.t, l, func(c raw.Conn) {
		if _, _, err := c.Receive(patience); err != nil {
			return
		}
		if err := c.Send(o.message, o.descriptors...); err != nil {
			o.t.Errorf("the offer cannot be made: %v", err)
			return
		}
		if message, _, err := c.Receive(patience); err == nil {
			if _, err := wire.ParseReady(message); err == nil {
				_ = c.Send(wire.Sits{Instance: o.grant.Instance, Seat: o.grant.Seat}.Append(nil))
				_, _, _ = c.Receive(patience) // until the reader leaves
			}
		}
	})
}

// serve does with each connection what a producer does, until the test ends.
func serve(t *testing.T, l *raw.Listener, with func(raw.Conn)) {
	t.Cleanup(l.Serve(func(c raw.Conn) {
		defer c.Close()
		with(c)
	}))
}

func listen(t *testing.T) *raw.Listener {
	t.Helper()
	l, err := raw.Listen(testmain.Dir(t) + "/bips." + poolName)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// pullOnce lets an honest reader try a pool, and checks that nothing is left of it.
func pullOnce(t *testing.T, timeout time.Duration) (sequence uint64, pulled error) {
	t.Helper()
	before := openDescriptors(t)
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Latest, MaxHeld: pins, MinHeld: 1})
	if err != nil {
		t.Fatal(err)
	}
	f, pulled := c.Pull(timeout)
	if pulled == nil {
		sequence = f.Sequence
		if err := c.Push(f); err != nil {
			t.Error(err)
		}
	}
	began := time.Now()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("to close the reader took %v", took)
	}
	for end := time.Now().Add(patience); openDescriptors(t) > before+1; time.Sleep(time.Millisecond) { // 1: the other end may live on
		if time.Now().After(end) {
			t.Fatalf("%d descriptors are open, before were %d", openDescriptors(t), before)
		}
	}
	return sequence, pulled
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// lies are wrong offers: of descriptors, or in what lies in memory or in the message.
func lies() map[string]func(o *offer) {
	return map[string]func(o *offer){
		"no descriptor":                    func(o *offer) { o.descriptors = []int{} },
		"one descriptor":                   func(o *offer) { o.many(1) },
		"three descriptors":                func(o *offer) { o.many(3) },
		"nine descriptors":                 func(o *offer) { o.many(9) },
		"as many descriptors as there may": func(o *offer) { o.many(253) },
		"pool and seat the other way round": func(o *offer) {
			o.memory(raw.PoolSeals, raw.SeatSeals)
			slices.Reverse(o.descriptors)
		},
		"a file in memory as the pool": func(o *offer) { o.instead(0, o.keep(raw.File("/dev/shm", o.pool))) },
		"a file in memory as the seat": func(o *offer) { o.instead(1, o.keep(raw.File("/dev/shm", o.seat))) },
		"a file as the pool":           func(o *offer) { o.instead(0, o.keep(raw.File(o.t.TempDir(), o.pool))) },
		"a file as the seat":           func(o *offer) { o.instead(1, o.keep(raw.File(o.t.TempDir(), o.seat))) },
		"a pipe as the pool": func(o *offer) {
			var ends [2]int
			if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
				o.t.Fatal(err)
			}
			o.keep(ends[1], nil)
			o.instead(0, o.keep(ends[0], nil))
		},
		"a socket as the seat": func(o *offer) {
			ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				o.t.Fatal(err)
			}
			o.keep(ends[1], nil)
			o.instead(1, o.keep(ends[0], nil))
		},
		"a folder as the pool":           func(o *offer) { o.instead(0, o.keep(unix.Open("/dev/shm", unix.O_RDONLY|unix.O_CLOEXEC, 0))) },
		"/dev/zero as the pool":          func(o *offer) { o.instead(0, o.keep(unix.Open("/dev/zero", unix.O_RDWR|unix.O_CLOEXEC, 0))) },
		"/dev/null as the seat":          func(o *offer) { o.instead(1, o.keep(unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0))) },
		"an eventfd as the seat":         func(o *offer) { o.instead(1, o.keep(unix.Eventfd(0, unix.EFD_CLOEXEC))) },
		"a pool that can become shorter": func(o *offer) { o.memory(raw.PoolSeals&^(raw.Shrink|raw.Seal), raw.SeatSeals) },
		"a pool that others may write":   func(o *offer) { o.memory(raw.PoolSeals&^raw.FutureWrite, raw.SeatSeals) },
		"a pool that can grow":           func(o *offer) { o.memory(raw.PoolSeals&^raw.Grow, raw.SeatSeals) },
		"a pool that takes more seals":   func(o *offer) { o.memory(raw.PoolSeals&^raw.Seal, raw.SeatSeals) },
		"a pool without seals":           func(o *offer) { o.memory(0, raw.SeatSeals) },
		"a seat that can become shorter": func(o *offer) { o.memory(raw.PoolSeals, raw.Grow) },
		"a seat that can grow":           func(o *offer) { o.memory(raw.PoolSeals, raw.Shrink) },
		"a seat that nobody may write":   func(o *offer) { o.memory(raw.PoolSeals, raw.SeatSeals|unix.F_SEAL_WRITE) },
		"a seat that its reader may not write": func(o *offer) {
			o.memory(raw.PoolSeals, raw.SeatSeals|raw.FutureWrite)
		},
		"a pool of huge pages": func(o *offer) {
			fd, err := raw.Memory(nil, unix.MFD_HUGETLB, 0)
			if err != nil {
				o.t.Skipf("no huge pages here: %v", err)
			}
			o.keep(fd, nil)
			o.grant.PoolSize = 2 << 20
			if err := unix.Ftruncate(fd, 2<<20); err != nil {
				o.t.Skipf("no huge pages here: %v", err)
			}
			if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, raw.PoolSeals); err != nil {
				o.t.Skipf("no seals on huge pages here: %v", err)
			}
			o.instead(0, fd)
		},
		"a pool of nothing but a header": func(o *offer) {
			o.instead(0, o.keep(raw.Sparse(o.pool[:layout.HeaderSize], int64(len(o.pool)), 0, raw.PoolSeals)))
		},
		"a seat of nothing but a header": func(o *offer) {
			o.instead(1, o.keep(raw.Sparse(o.seat[:layout.HeaderSize], int64(len(o.seat)), 0, raw.SeatSeals)))
		},
		"a pool with holes, and memory for them behind its end": func(o *offer) {
			page := int64(os.Getpagesize())
			holes := 4 * page * page / 8 // the largest page that there is has page / 8 of them
			o.grant.PoolSize = uint64(int64(len(o.pool)) + holes)
			o.instead(0, o.keep(raw.Sparse(o.pool, int64(o.grant.PoolSize), holes, raw.PoolSeals)))
		},
		"an empty pool":                 func(o *offer) { o.pool = nil },
		"a pool of 100 bytes":           func(o *offer) { o.pool = o.pool[:100] },
		"an empty seat":                 func(o *offer) { o.seat = nil },
		"a seat without its page":       func(o *offer) { o.seat, o.grant.SeatSize = o.seat[:layout.HeaderSize], layout.HeaderSize },
		"a pool said to be longer":      func(o *offer) { o.grant.PoolSize += 4096 },
		"a pool said to be shorter":     func(o *offer) { o.grant.PoolSize -= 4096 },
		"a pool said to be endless":     func(o *offer) { o.grant.PoolSize = 1<<64 - 1 },
		"a seat said to be longer":      func(o *offer) { o.grant.SeatSize += 4096 },
		"a seat said to be endless":     func(o *offer) { o.grant.SeatSize = 1<<64 - 1 },
		"another instance":              func(o *offer) { o.grant.Instance++ },
		"no instance":                   func(o *offer) { o.grant.Instance = 0 },
		"a seat that the pool lacks":    func(o *offer) { o.grant.Seat = raw.HeaderOf(o.pool).SeatCount },
		"seat 2^32-1":                   func(o *offer) { o.grant.Seat = 1<<32 - 1 },
		"generation 0":                  func(o *offer) { o.grant.Generation = 0 },
		"no pins":                       func(o *offer) { o.grant.Granted = 0 },
		"more pins than asked for":      func(o *offer) { o.grant.Granted = pins + 1 },
		"more pins than there are":      func(o *offer) { o.grant.Granted = 1<<32 - 1 },
		"tables beyond the pool":        func(o *offer) { raw.HeaderOf(o.pool).CapsOffset = 1 << 60 },
		"a pool larger than its memory": func(o *offer) { raw.HeaderOf(o.pool).SegmentSize = 1 << 40 },
		"a seat of another instance":    func(o *offer) { raw.SeatHeaderOf(o.seat).Instance++ },
		"a seat of another move":        func(o *offer) { raw.SeatHeaderOf(o.seat).Move++ },
		"two seats":                     func(o *offer) { raw.SeatHeaderOf(o.seat).SeatCount = 2 },
		"a seat beyond its memory":      func(o *offer) { raw.SeatHeaderOf(o.seat).SeatsOffset = 1 << 40 },
		"SITS in place of GRANT":        func(o *offer) { o.message = wire.Sits{Instance: o.grant.Instance}.Append(nil) },
		"MOVE in place of GRANT": func(o *offer) {
			o.message = wire.Move{Instance: o.grant.Instance, PoolSize: o.grant.PoolSize, SeatSize: o.grant.SeatSize, Generation: 1, Granted: pins, Left: o.grant.Instance, First: 1}.Append(nil)
		},
		"a HELLO in answer": func(o *offer) { o.message = raw.Hello(1).Append(nil) },
		"512 zeros":         func(o *offer) { o.message = make([]byte, 512) },
		"60,000 bytes":      func(o *offer) { o.message = make([]byte, 60000) },
		"15 bytes":          func(o *offer) { o.message = o.grant.Append(nil)[:15] },
		"a GRANT cut short": func(o *offer) { o.message = o.grant.Append(nil)[:64] },
	}
}

func TestAReaderRefusesWhateverAProducerHandsOverThatIsNotAPoolAndClosesIt(t *testing.T) {
	for name, lie := range lies() {
		t.Run(name, func(t *testing.T) {
			o := newOffer(t)
			lie(o)
			o.to(listen(t))
			if _, err := pullOnce(t, patience); !errors.Is(err, bips.ErrDamaged) {
				t.Errorf("the reader got %v", err)
			}
		})
	}
}

// byTheBook are offers that a reader takes.
var byTheBook = map[string]func(*offer){
	"as it is":         func(*offer) {},
	"with more seals":  func(o *offer) { o.memory(raw.PoolSeals|unix.F_SEAL_WRITE, raw.SeatSeals|raw.Seal) },
	"a longer message": func(o *offer) { o.message = longer(o.grant.Append(nil), 512) },
	"one pin of two":   func(o *offer) { o.grant.Granted = 1 },
}

// Without it the test above would pass with a reader that refuses everything.
func TestAReaderReadsWhatAProducerHandsOverByTheBook(t *testing.T) {
	for name, change := range byTheBook {
		t.Run(name, func(t *testing.T) {
			o := newOffer(t)
			change(o)
			o.to(listen(t))
			if sequence, err := pullOnce(t, patience); err != nil || sequence != 2 {
				t.Errorf("the reader got frame %d and %v", sequence, err)
			}
		})
	}
}

// longer is the message as a later minor version may send it.
func longer(message []byte, size int) []byte {
	message = append(message, make([]byte, size-len(message))...)
	message[12], message[13] = byte(size), byte(size>>8)
	return message
}

// otherVersions are what an offer may say that a reader of this version does not understand.
var otherVersions = map[string]func(*offer){
	"of the layout":         func(o *offer) { raw.HeaderOf(o.pool).VersionMajor++ },
	"another backend":       func(o *offer) { raw.HeaderOf(o.pool).Backend = layout.BackendShm },
	"of the seat's layout":  func(o *offer) { raw.SeatHeaderOf(o.seat).VersionMajor++ },
	"a feature is required": func(o *offer) { raw.HeaderOf(o.pool).Required, o.grant.Required = 1<<63, 1<<63 },
	"of the messages": func(o *offer) {
		o.message = o.grant.Append(nil)
		o.message[8]++
	},
}

func TestAReaderIsToldThatAPoolHasAnotherVersion(t *testing.T) {
	for name, change := range otherVersions {
		t.Run(name, func(t *testing.T) {
			o := newOffer(t)
			change(o)
			o.to(listen(t))
			if _, err := pullOnce(t, patience); !errors.Is(err, bips.ErrVersion) {
				t.Errorf("the reader got %v", err)
			} else {
				t.Log(err)
			}
		})
	}
}
