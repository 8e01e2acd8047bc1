package bips

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// attachment is a consumer's hold on one pool: its mapping and its seat. It lives until the consumer has let go of it and the last frame is
// given back, from whichever thread.
type attachment struct {
	peer  peer
	pool  *poolSegment
	seats *seatSegment
	door  door
	bell  bell

	seat       *layout.Seat
	index      int
	generation uint32
	granted    int // pins that it may show at once

	// references counts the consumer and each held frame. The last one leaves the seat.
	references atomic.Int32
	common     *common
	// held is the sequence of the frame held in each slot; 0: none. Giving a frame back
	// begins with swapping it out, so that it happens once.
	held [MaxSlots]atomic.Uint64

	// The rest belongs to the thread that pulls.
	*reading
	caps      []capsText
	busySince time.Time // since when each look found a slot busy that nobody holds; zero: the last one did not
	busySeen  time.Time // the last such look

	namelessSince time.Time // since when nothing has the name of the pool that the producer moves to; zero: not looked, or the producer does not move
}

// reading is what a reader knows of the instance that it reads. It goes with it over a move.
type reading struct {
	mode          Mode     // Latest or Every, also where the frames' caps decide
	auto          bool     // they do
	undecided     bool     // none came yet
	modeCaps      string   // that decided
	lastCaps      capsText // those read last: text and tags that are the same again are not copied again
	joined        bool     // it has joined the instance
	rested        bool     // it was suspended, and has not joined since
	displaced     bool     // a place was kept for it over a move, and it did not find it
	cursor        uint64   // next sequence wanted; the seat's cursor is a copy
	last          uint64   // sequence delivered last; 0: none
	owed          uint64   // the stream whose end is still to be told, or endTold
	dropped       uint64   // the producer's count of dropped frames, as of last
	discontinuity bool     // the next frame does not follow the last one
	standing      standing
	stall         stall
	lost, skipped uint64 // frames passed by since the last one delivered
}

// capsText is a caps record as it was read.
type capsText struct {
	version uint64
	text    string
	tags    meta.Records // private; nil: none
}

// common is what all attachments of a consumer, one after the other, have in common.
type common struct {
	held    heldCount
	maxAge  atomic.Int64 // ConsumerOptions.MaxAge in nanoseconds
	ignored atomic.Bool  // SetBlocking(false) is in force
}

// heldCount counts frames that are held: what C0 compares with the grant.
type heldCount struct{ atomic.Int32 }

// discount is C11.
func (c *heldCount) discount() {
	c.Add(-1)
	crashpoint.Hit("C11")
}

// newReading is what a reader knows of an instance that it was not in yet.
func newReading(o *ConsumerOptions) *reading {
	return &reading{mode: o.Mode, auto: o.Mode == Auto, undecided: true, discontinuity: true}
}

// asking is a consumer in a pool of files that has a seat, and waits for its grant.
type asking struct {
	*attachment
	files   *peerFiles
	options *ConsumerOptions
	rung    uint32    // value of the bell before the last look for an answer
	probed  time.Time // when the producer was found alive last
}

// ask opens the pool of a name, takes a seat, and asks for pins (A1 to A8). The grant is awaited afterwards. A reader
// that was in an instance before goes on there with what it knows of that; where another one has the name, that one is lost.
func ask(name string, o *ConsumerOptions, common *common, before *reading, instance uint64) (_ *asking, err error) {
	files, pool, seats, err := openPool(name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			files.close()
		}
	}()
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	switch state := pool.header.State.Load(); state {
	case layout.StateRunning:
	case layout.StateMoved:
		return nil, fmt.Errorf("%w: it is just moving", errMoving)
	default:
		return nil, errGone
	}
	a := newAttachment(files, pool, seats, common)
	switch {
	case before == nil:
		a.reading = newReading(o)
	case pool.instance == instance:
		a.reading = before
		a.heedClosedPlace(pool.slots)
	default: // to be told first
		return nil, fmt.Errorf("%w: another one has its name", ErrNoPool)
	}
	if err := a.takeSeat(files, o.MaxHeld, o.MinHeld); err != nil {
		return nil, err
	}
	return &asking{attachment: a, files: files, options: o, probed: time.Now()}, nil
}

// errGone: the pool is there, and its producer is not.
var errGone = fmt.Errorf("%w: its producer is gone", ErrNoPool)

// errMoving: the pool under the name is being replaced by the next one. It is ErrNoPool for a moment.
var errMoving = fmt.Errorf("%w", ErrNoPool)

// errReplaced: another producer has the name, whose pool is over connections. No move makes that of a pool of files.
var errReplaced = fmt.Errorf("%w: a producer with another backend has its name", ErrNoPool)

func newAttachment(peer peer, pool *poolSegment, seats *seatSegment, common *common) *attachment {
	a := &attachment{
		peer: peer, pool: pool, seats: seats, door: doorOf(pool.header, seats.header), common: common,
		caps: make([]capsText, pool.geometry.caps),
	}
	a.references.Store(1)
	return a
}

// sit makes a seat the reader's own.
func (a *attachment) sit(index int, seat *layout.Seat, alone bool) {
	a.index, a.seat = index, seat
	a.bell = bell{&a.pool.header.Bell, &seat.Waiting, alone}
}

// takeSeat takes a seat and asks for pins, at most and at least so many (A3 to A8). The seat's lock is held
// when it returns.
func (a *attachment) takeSeat(files *peerFiles, most, least int) error {
	for i, seat := range a.seats.seats {
		claimed, err := a.claim(files, i)
		if err != nil {
			return err
		}
		if !claimed {
			continue
		}
		crashpoint.Hit("A3")
		a.sit(i, seat, false)
		seat.State.Store(layout.SeatFree) // A4: clean what a predecessor left
		crashpoint.Hit("A4a")
		seat.Pins.Store(0)
		crashpoint.Hit("A4b")
		seat.Waiting.Store(0)
		crashpoint.Hit("A4c")
		seat.Asked.Store(layout.PackAsked(most, least)) // A5
		seat.PID.Store(uint32(os.Getpid()))
		crashpoint.Hit("A5")
		a.generation = max(seat.Generation.Load()+1, 1) // 0 is nobody's
		seat.Generation.Store(a.generation)             // A6: only the lock's holder writes it
		crashpoint.Hit("A6")
		seat.State.Store(layout.SeatAsking) // A7
		crashpoint.Hit("A7")
		files.knock() // A8
		crashpoint.Hit("A8")
		return nil
	}
	return fmt.Errorf("%w: all its %d seats are taken: raise max-consumers on the producer", ErrPoolFull, len(a.seats.seats))
}

// claim takes the lock of a seat that is open and that nobody has (A3). The word before the lock: whoever tried
// the lock of a reserved seat would make its owner think that its place is gone.
func (a *attachment) claim(files *peerFiles, i int) (bool, error) {
	word := a.pool.words[i]
	if word.Reserved.Load() != 0 || word.Verdict.Load() != 0 {
		return false, nil
	}
	return files.seats.TryLock(layout.SeatLockBase + int64(i))
}

// answer is what an asking reader was told.
type answer int

const (
	noAnswer answer = iota
	answerGranted
	answerRefused
	answerGone // the producer is dead, closed, or moved
)

// answer implements application (A9).
func (a *asking) answer() (answer, *attachment, error) {
	a.rung = a.pool.header.Bell.Load()
	told, err := a.look()
	switch {
	case told == answerRefused:
		err = a.errRefused(a.options.MaxHeld, a.options.MinHeld)
	case err != nil:
		err = errors.Join(err, errGone)
	case told == answerGone && a.hasMoved():
		err = errMoving
	}
	return told, a.attachment, err
}

// look is answer without what an error means.
func (a *asking) look() (answer, error) {
	generation, pins := layout.UnpackGrant(a.pool.words[a.index].Granted.Load())
	if generation == a.generation {
		crashpoint.Hit("A9")
		a.granted = int(min(pins, MaxSlots-1))
		if a.granted == 0 {
			return answerRefused, nil
		}
		return answerGranted, nil
	}
	if a.pool.header.State.Load() != layout.StateRunning {
		return answerGone, nil
	}
	if time.Since(a.probed) >= bellLimit {
		a.probed = time.Now()
		if alive, err := a.files.producerAlive(); err != nil || !alive {
			return answerGone, err
		}
	}
	return noAnswer, nil
}

// await implements application.
func (a *asking) await(w *bellWaiter, poked uint32, limit time.Duration) {
	w.wait(a.bell, a.rung, poked, limit)
}

// interrupt implements application.
func (a *asking) interrupt(w *bellWaiter) { w.interrupt(a.bell) }

// withdraw implements application: it gives up the seat of a reader that asked, and was refused (A10) or does not wait any longer.
func (a *asking) withdraw() {
	var err error // a seat that cannot be written to needs no leaving
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	defer a.files.close()
	a.seat.State.Store(layout.SeatFree)
	a.door.ring()
	crashpoint.Hit("A10")
}

// errRefused says why a reader was refused, and what would cure that.
func (a *attachment) errRefused(most, least int) error {
	granted, others := a.grants()
	return fmt.Errorf("%w: %s", ErrPoolFull, refusalText(a.pool.slots, a.pool.pinnable(), granted, others, request{most, least}))
}

// refusalText says why a pool with so many slots, of which consumers may hold pinnable frames, has no room for one that comes after
// others.
func refusalText(slots, pinnable, granted int, others []request, own request) string {
	cure := "let each consumer hold fewer frames"
	if more := slotsFor(slots+1, others, own, own.least); more <= MaxSlots {
		cure = fmt.Sprintf("give the producer %d slots or more, or %s", more, cure)
	}
	return fmt.Sprintf("its %d slots leave room for %d held frames, others may hold %d and this consumer wants %d: %s",
		slots, pinnable, granted, own.least, cure)
}

// grants are the sum of what the seats' present holders were granted, and what those but this reader asked for.
//
// Who cannot see the others' seats sees what they were granted.
func (a *attachment) grants() (sum int, others []request) {
	if a.bell.alone {
		for _, word := range a.pool.words {
			_, pins := layout.UnpackGrant(word.Granted.Load())
			sum += int(min(pins, MaxSlots))
		}
		return sum, nil
	}
	for i, seat := range a.seats.seats {
		generation, pins := layout.UnpackGrant(a.pool.words[i].Granted.Load())
		if seat.State.Load() == layout.SeatFree || generation != seat.Generation.Load() || pins == 0 {
			continue
		}
		sum += int(min(pins, MaxSlots))
		if i != a.index {
			others = append(others, requestOf(seat))
		}
	}
	return sum, others
}

// letGo ends the consumer's own hold.
func (a *attachment) letGo() {
	var err error // a seat that cannot be written to needs no leaving
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	defer a.unreference()
	a.drain()
}

// unreference ends one hold, and with the last one the attachment.
func (a *attachment) unreference() {
	if a.references.Add(-1) > 0 {
		return
	}
	defer a.peer.close()
	var err error // as in letGo
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	a.leave()
}

// peerFiles are the two files of a pool that another process made, or another part of this one.
type peerFiles struct {
	pool    *sys.LockFile // probes layout.ProducerLock
	seats   *sys.LockFile // holds the seat's lock
	poolMap *sys.Mapping
	seatMap *sys.Mapping
	header  *layout.SeatHeader // of seatMap
}

// openPool opens the pool of a name, whose producer is alive (A1, A2). It returns
// ErrNoPool when there is none.
func openPool(name string) (_ *peerFiles, _ *poolSegment, _ *seatSegment, err error) {
	return openFiles(name, func(f *peerFiles) error { return f.checkAlive(paths{shmDir(), name}.pool()) })
}

// checkAlive refuses a pool whose producer is gone (A1). One that has moved, and has let go of the pool since, has given the name to the
// next one before.
func (f *peerFiles) checkAlive(path string) error {
	alive, err := f.producerAlive()
	switch {
	case err != nil || alive:
		return err
	case !f.pool.IsAt(path):
		return fmt.Errorf("%w: it was replaced since it was opened", errMoving)
	}
	return errGone
}

// openFiles opens the pool of a name, if admit, which sees its lock, has nothing against it.
func openFiles(name string, admit func(*peerFiles) error) (_ *peerFiles, _ *poolSegment, _ *seatSegment, err error) {
	files := paths{shmDir(), name}
	f := &peerFiles{}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	if err := sys.StartPoller(); err != nil {
		return nil, nil, nil, err
	}
	f.pool, err = sys.OpenLockFile(files.pool(), os.O_RDONLY, LockDescriptorHook)
	if errors.Is(err, sys.ErrSocket) {
		err = errReplaced
	}
	if err != nil {
		return nil, nil, nil, err
	}
	id, err := f.pool.Stat()
	if err != nil {
		return nil, nil, nil, err
	}
	if id.Type != 0 {
		return nil, nil, nil, fmt.Errorf("%w: %s is neither a file nor a socket: somebody else has its name", ErrDamaged, files.pool())
	}
	if err := checkOwner(id); err != nil {
		return nil, nil, nil, err
	}
	if err := admit(f); err != nil {
		return nil, nil, nil, err
	}
	if err := sys.CheckFutex(); err != nil {
		return nil, nil, nil, err
	}
	pool, err := f.mapPool(files.pool(), id)
	switch {
	case errors.Is(err, sys.ErrSocket):
		err = errReplaced
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%w: %w", errMoving, err) // it was replaced since it was opened
	}
	if err != nil {
		return nil, nil, nil, err
	}
	crashpoint.Hit("A1")
	seats, err := f.mapSeats(files.seats(pool.instance, pool.move), &pool.geometry)
	if errors.Is(err, fs.ErrNotExist) {
		err = f.explainNoSeats(files.pool(), err)
	}
	return f, pool, seats, err
}

// explainNoSeats says what it means that a pool has no seats: its producer has just moved, or is ending; or it is dead and somebody deleted
// them.
func (f *peerFiles) explainNoSeats(path string, missing error) error {
	if err := f.checkAlive(path); err != nil {
		return fmt.Errorf("%w: %w", err, missing)
	}
	return fmt.Errorf("%w: %w", errMoving, missing)
}

// mapPool maps the pool segment, its first page alone before the others: what that says must
// hold before memory is taken for it.
func (f *peerFiles) mapPool(path string, id sys.FileID) (*poolSegment, error) {
	g, err := readFirstPage(path, id, func(page []byte) (geometry, error) { return readGeometry(page, uint64(id.Size), Shm) })
	if err != nil {
		return nil, err
	}
	if err := checkAllocated(f.pool, id, g.segmentSize); err != nil {
		return nil, err
	}
	if f.poolMap, err = sys.MapPath(path, id, int64(g.segmentSize), sys.ReadOnly); err != nil {
		return nil, err
	}
	return newPoolSegment(f.poolMap.Bytes, g)
}

// readFirstPage lets read look at the first page of a segment, which is mapped for that.
func readFirstPage[T any](path string, id sys.FileID, read func(page []byte) (T, error)) (found T, err error) {
	if id.Size < layout.HeaderSize {
		return found, fmt.Errorf("%w: cut short to %d bytes", ErrDamaged, id.Size)
	}
	page, err := sys.MapPath(path, id, layout.HeaderSize, sys.ReadOnly)
	if err != nil {
		return found, err
	}
	defer func() { _ = page.Unmap() }()
	return read(page.Bytes)
}

// checkAllocated refuses a file in memory whose first size bytes have holes. To look at a hole
// takes memory, which is the looker's own then, as much as whoever may write the file says.
func checkAllocated(file *sys.LockFile, id sys.FileID, size uint64) error {
	if id.Allocated >= size {
		return nil
	}
	if inMemory, err := file.InMemory(); err != nil || !inMemory {
		return err // on a disk a hole costs nothing, and a file may be compressed
	}
	return fmt.Errorf("%w: a segment of %d bytes of which only %d are there: somebody made holes in its file", ErrDamaged, size, id.Allocated)
}

// mapSeats opens and maps the seat segment of an instance (A2). If it is not there, the
// instance is going.
func (f *peerFiles) mapSeats(path string, g *geometry) (_ *seatSegment, err error) {
	if f.seats, err = sys.OpenLockFile(path, os.O_RDWR, LockDescriptorHook); err != nil {
		return nil, err
	}
	id, err := f.seats.Stat()
	if err != nil {
		return nil, err
	}
	table, err := readFirstPage(path, id, func(page []byte) (seatTable, error) { return readSeatTable(page, g, uint64(id.Size)) })
	if err != nil {
		return nil, err
	}
	if err := checkAllocated(f.seats, id, table.end()); err != nil {
		return nil, err
	}
	if f.seatMap, err = sys.MapPath(path, id, int64(table.end()), sys.ReadWrite); err != nil {
		return nil, err
	}
	crashpoint.Hit("A2")
	seats, err := newSeatSegment(f.seatMap.Bytes, table)
	if err != nil {
		return nil, err
	}
	f.header = seats.header
	return seats, nil
}

// producerAlive implements peer.
func (f *peerFiles) producerAlive() (bool, error) { return f.pool.IsLocked(layout.ProducerLock) }

// hasHungUp implements peer: there is no connection.
func (f *peerFiles) hasHungUp() bool { return false }

// slotsForMost implements peer.
func (f *peerFiles) slotsForMost(a *attachment, o *ConsumerOptions) int {
	_, others := a.grants()
	return slotsFor(a.pool.slots+1, others, request{o.MaxHeld, o.MinHeld}, o.MaxHeld)
}

// knock implements peer.
func (f *peerFiles) knock() { knock(f.header) }

// leave implements peer.
func (f *peerFiles) leave(seat int) { _ = f.seats.Unlock(layout.SeatLockBase + int64(seat)) }

// close implements peer: it drops the locks, then the mappings.
func (f *peerFiles) close() {
	for _, lock := range []*sys.LockFile{f.seats, f.pool} {
		if lock != nil {
			_ = lock.Close()
		}
	}
	for _, mapping := range []*sys.Mapping{f.seatMap, f.poolMap} {
		if mapping != nil {
			_ = mapping.Unmap()
		}
	}
}
