package hostile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/hostile/raw"
	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// The tests here repeat those of honest processes among hostile ones with victims that are processes of their own, peers:
// BIPS_PEER_PRODUCER and BIPS_PEER_CONSUMER make them those of another language, or the elements, and BIPS_PEER_VILLAIN the villain.

// victims are a producer and readers, each a process of its own. The readers check what they read, and a judge what they say.
type victims struct {
	*testing.T
	dir      string
	producer *worker
	readers  []*victim
}

// victim is a reader that works by itself.
type victim struct {
	*worker
	frames atomic.Uint64
}

// newVictims starts a producer that demotes who holds it up for 100 ms.
func newVictims(t *testing.T, args ...string) *victims {
	t.Helper()
	v := &victims{T: t, dir: testmain.Dir(t)}
	v.produce(args...)
	return v
}

// produce starts a producer, whose pool is there when it returns.
func (v *victims) produce(args ...string) {
	v.Helper()
	v.producer = startProducer(v.T, append([]string{"--slot-size=4096", "--size=2048", "--pause=300", "--block-timeout=100000", "--quiet"}, args...)...)
}

// briefDeed is how long a hostile process does what it does beside victims of their own processes: other tests take longer.
func briefDeed(t *testing.T) time.Time { return time.Now().Add(deed(t) / 4) }

// path is where the pool's name leads.
func (v *victims) path() string { return filepath.Join(v.dir, "bips."+poolName) }

// read starts a reader. A busy machine may let one of every frame be demoted: then it is told.
func (v *victims) read(mode string, args ...string) *victim {
	v.Helper()
	r := &victim{}
	args = append([]string{"--mode=" + mode, "--max-held=2"}, args...)
	if obeysOnly("BIPS_PEER_CONSUMER") {
		r.worker = orderToRead(v.T, &r.frames, args...)
		v.readers = append(v.readers, r)
		v.flows()
		return r
	}
	judge := drive.Judge{Every: mode == "every", Demotable: true, Found: func(f drive.Finding) { v.Errorf("a reader of mode %s: %v", mode, f) }}
	r.worker = &worker{Peer: drive.Start(v.T, drive.Consume, poolName, drive.Setup{
		Args: args,
		Heard: func(l *line.Line) {
			judge.See(l)
			r.frames.Store(judge.Frames)
		},
	})}
	v.Cleanup(r.Kill)
	v.readers = append(v.readers, r)
	v.flows()
	return r
}

func (v *victims) waitFor(what string, condition func() bool) {
	v.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if v.Failed() {
			v.FailNow()
		}
		if time.Now().After(end) {
			v.Fatalf("%s: did not come", what)
		}
	}
}

// flows checks that frames flow to each reader.
func (v *victims) flows() {
	v.Helper()
	for _, r := range v.readers {
		before := r.frames.Load()
		v.waitFor("frames for an honest reader", func() bool {
			select {
			case <-r.Exited():
				v.Fatalf("%s ended: %s", r, r.Complaints())
			default:
			}
			return r.frames.Load() > before+10
		})
	}
}

// tryJoin lets one more reader come and pull a frame. It returns the name of the error.
func (v *victims) tryJoin(timeout time.Duration) (failure string) {
	v.Helper()
	c := startReader(v.T, 1)
	defer c.Kill()
	if _, failure = pullByPeer(c, timeout); failure == "" {
		c.Leave()
	}
	return failure
}

// mustJoin checks that one more reader gets a frame.
func (v *victims) mustJoin(when string) {
	v.Helper()
	if failure := v.tryJoin(patience); failure != "" {
		v.Errorf("nobody can join %s: %s", when, failure)
	}
}

// leave ends all who are honest, and checks that nothing is left of them.
func (v *victims) leave() {
	v.Helper()
	for _, r := range v.readers {
		if answer := r.Leave(); answer.Error != "" {
			v.Errorf("%s: %s", r, answer.Text)
		}
	}
	if answer := v.producer.Leave(); answer.Error != "" {
		v.Errorf("%s: %s", v.producer, answer.Text)
	}
	for _, r := range v.readers {
		r.compare(v.T, v.producer)
	}
	if left := testmain.Names(v.dir); len(left) > 0 {
		v.Errorf("left: %q", left)
	}
}

func (v *victims) stats() *line.Line { return v.producer.Ask(line.Order{Do: line.DoStats}) }

func TestAProducerOfItsOwnProcessAndItsReadersAreNotHarmedByWhoHasASeatInTheirFiles(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	for _, deedName := range []string{"scribble-seat", "claim-pins", "change-asked", "knock"} {
		t.Run(deedName, func(t *testing.T) {
			v := newVictims(t)
			v.read("every")
			v.read("latest")
			villain := send(t, deedName, fmt.Sprintf("--seed=%d", seed))
			for end := briefDeed(t); time.Now().Before(end); {
				v.flows()
			}
			v.mustJoin("beside it")
			villain.Kill()
			v.flows()
			v.mustJoin("when it is gone")
			v.leave()
		})
	}
	t.Run("ask", func(t *testing.T) { // it may have got all that was left
		v := newVictims(t)
		v.read("every")
		v.read("latest")
		villain := send(t, "ask", fmt.Sprintf("--seed=%d", seed))
		for end := briefDeed(t); time.Now().Before(end); {
			v.flows()
		}
		villain.Kill()
		v.flows()
		v.mustJoin("when it is gone")
		v.leave()
	})
}

func TestAProducerOfItsOwnProcessSurvivesWhoScribblesOverAllSeats(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	v := newVictims(t)
	villain := send(t, "scribble-seats", fmt.Sprintf("--seed=%d", seed))
	for end := briefDeed(t); time.Now().Before(end); {
		_ = v.stats()
		_ = v.tryJoin(time.Millisecond)
	}
	villain.Kill()
	before := v.stats().Published
	v.waitFor("frames when it is gone", func() bool { return v.stats().Published > before+20 })
	v.leave()
}

func TestAProducerOfItsOwnProcessMovesOnWhateverIsDoneToThePlacesOfOthers(t *testing.T) {
	for _, deedName := range []string{"lock-places", "claim-places"} {
		t.Run(deedName, func(t *testing.T) {
			v := newVictims(t)
			villain := send(t, deedName)
			reader := drive.Start(t, drive.Consume, poolName, drive.Setup{Args: []string{"--idle", "--payload=any", "--mode=every", "--max-held=2"}})
			t.Cleanup(reader.Kill)
			for i := range 4 {
				if i == 3 {
					villain.Kill()
				}
				if answer := v.producer.Ask(line.Order{Do: line.DoGrow, Size: 8192 + 4096*i}); answer.Error != "" {
					t.Fatal(answer.Text)
				}
				v.producer.Ask(line.Order{Do: line.DoGo})
				before := v.stats().Published
				v.waitFor("frames in the new pool", func() bool { return v.stats().Published > before+20 })
				for range 3 { // what a reader reads there may be spoilt: each call ends
					_, _ = pullByPeer(reader, time.Millisecond)
				}
			}
			reader.Leave()
			v.mustJoin("when it is gone")
			v.leave()
		})
	}
}

func TestReadersOfTheirOwnProcessesAreToldThatAllSeatsAreLocked(t *testing.T) {
	v := newVictims(t)
	v.read("every")
	villain := send(t, "lock", fmt.Sprintf("--first=%d", layout.SeatLockBase), fmt.Sprintf("--count=%d", layout.MaxSeats))
	if failure := v.tryJoin(patience); failure != "pool-full" {
		t.Errorf("a newcomer got %q", failure)
	}
	v.flows()
	villain.Kill()
	v.mustJoin("when it is gone")
	v.leave()
}

func TestAProducerOfItsOwnProcessIsToldThatItsNameIsLocked(t *testing.T) {
	v := newVictims(t)
	v.leave()
	villain := send(t, "lock", "--file=name", fmt.Sprintf("--first=%d", layout.NameLock))
	next := drive.Start(t, drive.Produce, poolName, drive.Setup{Args: []string{"--idle"}})
	t.Cleanup(next.Kill)
	if obeysOnly("BIPS_PEER_PRODUCER") {
		if answer := next.Ask(orderedFrame(64, patience/2)); answer.Error != "pool-busy" {
			t.Errorf("it got %q: %s", answer.Error, answer.Text)
		}
		next.Kill()
	}
	select {
	case <-next.Exited():
	case <-time.After(patience):
		t.Error("it neither has its pool nor ends")
	}
	villain.Kill()
	v.produce()
	v.leave()
}

func TestAReaderOfItsOwnProcessDoesNotTakeAReadLockForALivingProducer(t *testing.T) {
	v := newVictims(t)
	reader := startReader(t, 1)
	if _, failure := pullByPeer(reader, patience); failure != "" {
		t.Fatal(failure)
	}
	v.producer.Kill()
	file, err := os.Open(v.path())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fake := unix.Flock_t{Type: unix.F_RDLCK, Start: layout.ProducerLock, Len: 1}
	if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &fake); err != nil {
		t.Fatal(err)
	}
	failure := ""
	for failure == "" {
		_, failure = pullByPeer(reader, patience)
	}
	if failure != "producer-lost" {
		t.Errorf("got %s", failure)
	}
	reader.Leave()
	sweep(t, v.dir)
}

func TestAProducerOfItsOwnProcessGoesOnWithoutWhoHangs(t *testing.T) {
	t.Run("of the latest, stopped", func(t *testing.T) {
		v := newVictims(t)
		v.read("latest")
		hangs := sendReader(t, "latest", 3)
		hangs.Signal(syscall.SIGSTOP)
		before := v.stats().Published
		v.waitFor("frames", func() bool { return v.stats().Published > before+1000 })
		v.flows()
		hangs.Kill()
		v.leave()
	})
	t.Run("of every frame", func(t *testing.T) {
		v := newVictims(t)
		v.read("every")
		hangs := sendReader(t, "every", 2)
		v.waitFor("the demotion", func() bool { return v.stats().Demoted > 0 })
		v.flows()
		hangs.Kill()
		v.leave()
	})
}

func TestReadersOfTheirOwnProcessesJoinBesideWhoMadeTheSeatsHuge(t *testing.T) {
	v := newVictims(t)
	v.read("latest")
	seats, err := filepath.Glob(filepath.Join(v.dir, "*.seats"))
	if err != nil || len(seats) != 1 {
		t.Fatal(seats, err)
	}
	before := allocated(t, seats[0])
	if err := os.Truncate(seats[0], 32<<20); err != nil {
		t.Fatal(err)
	}
	v.mustJoin("in a pool with huge seats")
	if after := allocated(t, seats[0]); after > before {
		t.Errorf("%d bytes of seats are there, before were %d", after, before)
	}
	v.flows()
	v.leave()
}

// endsDamaged repeats an order until it fails, which it has to because the pool is damaged.
func endsDamaged(t *testing.T, p *drive.Peer, order line.Order) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		switch answer := p.Ask(order); answer.Error {
		case "":
			if order.Do == line.DoPull {
				p.Ask(line.Order{Do: line.DoRelease, Hold: answer.Hold})
			}
		case "timeout":
		case "damaged":
			return
		default:
			t.Fatalf("%s got %s: %s", p, answer.Error, answer.Text)
		}
	}
	t.Fatalf("%s goes on", p)
}

// The seats are a file of every reader that may write there, the pool is one of the producer's own user.
func TestAProducerOfItsOwnProcessAndItsReadersAreToldThatAFileIsCutShort(t *testing.T) {
	frame := orderedFrame(2048, orderTick)
	for _, file := range []string{"seats", "pool"} {
		t.Run(file, func(t *testing.T) {
			dir := testmain.Dir(t)
			reader := startReader(t, 1)
			produce := func() *drive.Peer {
				p := drive.Start(t, drive.Produce, poolName, drive.Setup{Args: []string{"--idle", "--slot-size=4096"}})
				t.Cleanup(p.Kill)
				p.Ask(line.Order{Do: line.DoCaps, Caps: "application/x-bips-test"})
				if answer := p.Ask(frame); answer.Error != "" {
					t.Fatalf("%s: %s", p, answer.Text)
				}
				if _, failure := pullByPeer(reader, patience); failure != "" {
					t.Fatalf("a reader got %s", failure)
				}
				return p
			}
			p := produce()
			villain := send(t, "truncate", "--file="+file)
			endsDamaged(t, reader, line.Order{Do: line.DoPull, Timeout: orderTick.Microseconds()})
			if file == "seats" { // in a pool that is cut short a producer in Go dies of the bytes that it writes
				endsDamaged(t, p, frame)
				p.Leave()
			}
			p.Kill()
			villain.Kill()
			p = produce()
			reader.Leave()
			p.Leave()
			if left := testmain.Names(dir); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// What a reader can do to its own seat and connection, as of docs/security.md, beside a producer and readers that are processes of their own.
func TestAProducerOfItsOwnProcessAndItsReadersAreNotHarmedByWhatAReaderDoesToItsOwnSeat(t *testing.T) {
	for what, number := range map[string]int{
		"punch": 0, "remove": 0, "page-out": 0, "scribble": int(time.Now().UnixNano()), "claim-pins": 0, "hold": 0, "change-generation": 0,
		"ring": 0, "wait": 0, "knock": 0, "requeue": 0, "sleep": 1000, "half": 0, "full": 0,
	} {
		t.Run(what, func(t *testing.T) {
			v := newVictims(t, "--backend=memfd")
			v.read("every")
			v.read("latest")
			kill := sendDeed(t, v.path(), what, fmt.Sprint(number))
			for end := briefDeed(t); time.Now().Before(end); {
				v.flows()
				v.mustJoin("beside it")
			}
			kill()
			v.flows()
			v.mustJoin("when it is gone")
			v.leave()
		})
	}
}

func TestAProducerOfItsOwnProcessSealsASeatThatWasPunchedAndRefusesOneThatWasSealed(t *testing.T) {
	v := newVictims(t, "--backend=memfd")
	v.read("every")
	for range 20 {
		r, err := raw.Attach(v.path(), raw.Hello(1), patience)
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
	r, err := raw.Attach(v.path(), raw.Hello(1), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Leave()
	if _, err := unix.FcntlInt(uintptr(r.SeatFD), unix.F_ADD_SEALS, raw.Seal); err != nil {
		t.Fatal(err)
	}
	if err := r.Sit(patience); err == nil {
		t.Error("who sealed its seat itself sits")
	}
	v.flows()
	v.leave()
}

func TestAProducerOfItsOwnProcessDemotesAReaderWhateverGenerationItsSeatHas(t *testing.T) {
	for name, generation := range map[string]uint32{"none": 0, "the next": 2, "another": 1 << 31} {
		t.Run(name, func(t *testing.T) {
			v := newVictims(t, "--backend=memfd")
			r := attach(t, v.path(), 1)
			seat := r.Seat()
			seat.Generation.Store(generation)
			seat.Cursor.Store(r.Header().Head.Load() + 1)
			seat.State.Store(layout.SeatEvery)
			verdict := layout.PackVerdict(r.Grant.Generation, layout.VerdictDemoted)
			v.waitFor("the verdict", func() bool { return r.Word().Verdict.Load() == verdict })
			before := v.stats().Published
			v.waitFor("frames", func() bool { return v.stats().Published > before+100 })
			v.leave()
		})
	}
}

func TestReadersOfTheirOwnProcessesAreToldThatAllSeatsAreTakenAndGoOn(t *testing.T) {
	v := newVictims(t, "--backend=memfd")
	v.read("every")
	var refusal *raw.Refusal
	var taken []*raw.Reader
	for refusal == nil {
		r, err := tryAttach(v.path(), 63)
		if errors.As(err, &refusal) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, r)
	}
	if refusal.Code != wire.SeatsTaken && refusal.Code != wire.SlotsTaken || refusal.Text == "" {
		t.Errorf("the last one got %v", refusal)
	}
	if failure := v.tryJoin(patience); failure != "pool-full" {
		t.Errorf("a newcomer got %q", failure)
	}
	v.flows()
	for _, r := range taken {
		r.Leave()
	}
	v.mustJoin("when they are gone")
	v.leave()
}

func TestReadersOfTheirOwnProcessesComeInDuringStormsAtTheSocket(t *testing.T) {
	for kind, rate := range map[string]int{
		"attach and leave": 200, "connect and hang": 500, "60 kB of garbage": 500, "HELLO and nothing": 300, "half-closed": 300, "253 descriptors": 100,
	} {
		t.Run(kind, func(t *testing.T) {
			v := newVictims(t, "--backend=memfd", "--slots=64", "--seats=64")
			v.read("every")
			stop := sendRole(t, stormRole, v.path(), kind, fmt.Sprint(rate))
			for end := briefDeed(t); time.Now().Before(end); {
				v.flows()
				if failure := v.tryJoin(patience); failure != "" && failure != "pool-full" { // full for more than a second: it asks again
					t.Fatalf("a newcomer got %s", failure)
				}
			}
			stop()
			v.flows()
			v.mustJoin("when it is over")
			v.leave()
		})
	}
}

// A reader sleeps at a word of its own seat, and not where all readers can.
func TestAReaderOfItsOwnProcessSleepsAtAWordOfItsOwnSeat(t *testing.T) {
	o := newOffer(t)
	o.memory(raw.PoolSeals, raw.SeatSeals)
	pool := mapped(t, o.descriptors[0], len(o.pool), unix.PROT_READ)
	seat := mapped(t, o.descriptors[1], len(o.seat), unix.PROT_READ|unix.PROT_WRITE)
	o.to(listen(t))
	args := []string{"--payload=any", "--mode=latest", fmt.Sprintf("--max-held=%d", pins), "--min-held=1"}
	var reader *worker
	if obeysOnly("BIPS_PEER_CONSUMER") {
		reader = orderToRead(t, new(atomic.Uint64), args...)
	} else {
		reader = &worker{Peer: drive.Start(t, drive.Consume, poolName, drive.Setup{Args: args})}
		t.Cleanup(reader.Kill)
	}
	for found, end := 0, time.Now().Add(patience); found < 3; time.Sleep(100 * time.Microsecond) {
		if woken := raw.Wake(&raw.HeaderOf(pool).Bell); woken > 0 {
			t.Fatalf("%d threads sleep at the bell", woken)
		}
		if raw.SeatOf(seat).Waiting.Load() == 1 {
			found += raw.Wake(&raw.SeatOf(seat).Waiting)
		}
		if time.Now().After(end) {
			t.Fatal("nobody sleeps at the seat")
		}
	}
	reader.Leave()
}

func TestAReaderOfItsOwnProcessIsToldWhyAProducerRefusesIt(t *testing.T) {
	for code, want := range map[wire.Code]string{
		wire.SeatsTaken: "pool-full", wire.SlotsTaken: "pool-full", wire.OtherVersion: "version", wire.NotAllowed: "permission",
		wire.BadMessage: "version", 99: "version",
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			refuse := refusing(wire.Refuse{Code: code})
			serve(t, listen(t), func(c raw.Conn) { refuse(nil, c) })
			if _, failure := tryByPeer(t, pins, 1, patience); failure != want {
				t.Errorf("the reader got %s, want %s", failure, want)
			}
		})
	}
}

func TestAReaderOfItsOwnProcessIsToldThatAPoolHasAnotherVersion(t *testing.T) {
	for name, change := range otherVersions {
		t.Run(name, func(t *testing.T) {
			o := newOffer(t)
			change(o)
			o.to(listen(t))
			if _, failure := tryByPeer(t, pins, 1, patience); failure != "version" {
				t.Errorf("the reader got %s", failure)
			}
		})
	}
}

func TestAReaderOfItsOwnProcessThatAMoveLeftBehindAsksAgainWhateverABusyProducerAnswers(t *testing.T) {
	m := newMove(t)
	m.leaveBehind(t)
	if sequences, failure := tryByPeer(t, 1, 2, patience); !haveFollowed(sequences, failure) {
		t.Errorf("the reader got frames %d, %s", sequences, failure)
	}
}
