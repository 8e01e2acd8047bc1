package bips

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/bips-ipc/bips/internal/crashpoint"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/wire"
)

// applicant implements application over a connection.
type applicant struct {
	name       string
	options    *ConsumerOptions
	common     *common
	before     *reading
	instance   uint64
	socket     sys.FileID // that it is connected to
	connection *connection
	granted    *attachment // not seated yet
	looked     time.Time   // when the name was looked at last
}

// nameLimit is how often an applicant that waits looks whether the name still leads to whom it asked: that one may be stopped,
// and another one have come.
const nameLimit = time.Second

// apply asks the producer of a pool for a seat, by whatever the pool's name leads to. news is called from another goroutine when
// there may be an answer.
func apply(name string, o *ConsumerOptions, common *common, before *reading, instance uint64, news func()) (application, error) {
	entry, err := sys.OpenEntry(paths{shmDir(), name}.pool()) // T1
	if err != nil {
		return nil, err
	}
	defer func() { _ = entry.Close() }()
	if entry.ID().Type != fs.ModeSocket {
		a, err := ask(name, o, common, before, instance)
		if err != nil {
			return nil, err
		}
		return a, nil
	}
	crashpoint.Hit("T1")
	conn, err := connect(entry)
	if err != nil {
		return nil, err
	}
	crashpoint.Hit("T3")
	a := &applicant{name: name, options: o, common: common, before: before, instance: instance, socket: entry.ID(), looked: time.Now()}
	if err := conn.Send(hello(o)); err != nil { // T4
		conn.CloseApart()
		return nil, errHungUp // whether it is dead shows when it is asked again
	}
	crashpoint.Hit("T4")
	a.connection = newConnection(conn, news)
	return a, nil
}

// connect connects to a socket, if it is that of somebody who may have the pool's name (T2, T3).
func connect(entry *sys.Entry) (*sys.Conn, error) {
	id := entry.ID()
	if err := checkOwner(id); err != nil {
		return nil, err
	}
	if err := sys.CheckFutex(); err != nil {
		return nil, err
	}
	conn, err := entry.Connect(LockDescriptorHook) // T2
	switch {
	case errors.Is(err, sys.ErrNobodyListens):
		return nil, errGone
	case errors.Is(err, sys.ErrBacklogFull):
		return nil, fmt.Errorf("%w: its producer does not answer: %w", errMoving, err)
	case errors.Is(err, sys.ErrOtherSocket):
		return nil, fmt.Errorf("%w: its socket is of another kind: somebody else has its name", ErrDamaged)
	case err != nil:
		return nil, err
	}
	crashpoint.Hit("T2")
	listening, err := conn.Peer()
	if err == nil {
		id.UID, id.GID = listening.UID, listening.GID
		err = checkOwner(id) // T3
	}
	if err != nil {
		conn.CloseApart()
		return nil, err
	}
	return conn, nil
}

// hello is what a reader wants.
func hello(o *ConsumerOptions) []byte {
	m := wire.Hello{
		Known: layout.KnownRequired, LayoutMajor: layout.VersionMajor, LayoutMinor: layout.VersionMinor,
		Mode: wire.ModeLatest, Wanted: uint32(o.MaxHeld), Least: uint32(o.MinHeld), PID: uint32(os.Getpid()),
	}
	if o.Mode == Every {
		m.Mode = wire.ModeEvery
	}
	m.SetProgram(filepath.Base(os.Args[0]))
	return m.Append(nil)
}

// answer implements application (T5 to T9).
func (a *applicant) answer() (answer, *attachment, error) {
	for {
		l, there, ended, err := a.connection.take() // T5
		crashpoint.Hit("T5")
		switch {
		case err != nil:
			return answerGone, nil, explainBroken(err)
		case ended:
			return answerGone, nil, errHungUp
		case !there && !a.isNamed():
			return answerGone, nil, errMoving
		case !there:
			return noAnswer, nil, nil
		}
		if told, err := a.read(&l); err != nil || told == answerGranted {
			return told, a.granted, err
		}
	}
}

// isNamed looks now and then whether the name still leads to the producer that was asked.
func (a *applicant) isNamed() bool {
	if time.Since(a.looked) < nameLimit {
		return true
	}
	a.looked = time.Now()
	named, err := sys.StatPath(paths{shmDir(), a.name}.pool())
	return err == nil && named.Same(a.socket)
}

// read reads one message of the handshake.
func (a *applicant) read(l *letter) (told answer, err error) {
	defer l.received.Discard()
	head, err := wire.ParseHead(l.message)
	if err != nil {
		return answerGone, explainMessage(err)
	}
	switch head.Magic {
	case wire.RefuseMagic:
		return answerRefused, refused(l.message)
	case wire.GrantMagic:
		if a.granted != nil {
			return answerGone, fmt.Errorf("%w: its producer grants a seat twice", ErrDamaged)
		}
		grant, err := wire.ParseGrant(l.message)
		if err != nil {
			return answerGone, explainMessage(err)
		}
		crashpoint.Hit("T6")
		if grant.Granted < uint32(a.options.MinHeld) || grant.Granted > uint32(a.options.MaxHeld) {
			return answerGone, fmt.Errorf("%w: its producer grants %d frames to who wants %d to %d", ErrDamaged, grant.Granted, a.options.MinHeld, a.options.MaxHeld)
		}
		if a.granted, err = a.connection.accept(&grant, &l.received, a.common); err != nil { // T6 to T8
			return answerGone, err
		}
		return a.ready(&grant)
	case wire.SitsMagic:
		if a.granted == nil || !a.granted.isSeated(l.message) {
			return answerGone, fmt.Errorf("%w: its producer seats a reader where it granted nothing", ErrDamaged)
		}
		crashpoint.Hit("T9")
		a.granted.peer.(*link).connection.Store(a.connection)
		a.granted.populate()
		return answerGranted, nil
	}
	return answerGone, fmt.Errorf("%w: its producer sends %s, and was asked for a seat", ErrDamaged, l.message[:8])
}

// ready says that both segments are mapped (T9).
func (a *applicant) ready(grant *wire.Grant) (answer, error) {
	switch {
	case a.before == nil:
		a.granted.reading = newReading(a.options)
	case grant.Instance == a.instance:
		a.granted.reading = a.before
		a.granted.heedClosedPlace(a.granted.pool.slots)
	default: // to be told first
		return answerGone, fmt.Errorf("%w: another one has its name", ErrNoPool)
	}
	a.granted.peer.(*link).slots = int(min(grant.SlotsForMost, MaxSlots))
	a.granted.seat.PID.Store(uint32(os.Getpid()))
	return noAnswer, a.connection.ready(grant)
}

func (c *connection) ready(grant *wire.Grant) error {
	if err := c.conn.Send(wire.Ready{Instance: grant.Instance, Seat: grant.Seat}.Append(nil)); err != nil {
		return errHungUp
	}
	return nil
}

// isSeated reports whether a message is the SITS of an attachment.
func (a *attachment) isSeated(message []byte) bool {
	sits, err := wire.ParseSits(message)
	return err == nil && sits.Instance == a.pool.instance && int(sits.Seat) == a.index
}

// passing is [ErrNoPool] for a moment: there is a producer, or was just now, and it seats nobody. The text says why.
type passing struct {
	text  string
	again time.Duration // after which it is to be asked again
}

// errHungUp: the connection ended where an answer was due. The producer has ended, or had to let somebody go.
var errHungUp error = passing{text: "its producer has closed the connection"}

func (p passing) Error() string { return p.text }

// Is makes it an [ErrNoPool].
func (p passing) Is(target error) bool { return target == ErrNoPool }

// explainMessage says what is wrong with a producer's message.
func explainMessage(err error) error {
	if errors.Is(err, wire.ErrVersion) {
		return fmt.Errorf("%w: %w", ErrVersion, err)
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// explainBroken says why no more can be received, where it was not the producer's end.
func explainBroken(err error) error {
	if errors.Is(err, sys.ErrDescriptorsLost) || errors.Is(err, ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// refused is what a refusal means (T6).
func refused(message []byte) error {
	m, text, err := wire.ParseRefuse(message)
	if err != nil {
		return explainMessage(err)
	}
	if text == "" {
		text = m.Code.String()
	}
	switch m.Code {
	case wire.SeatsTaken, wire.SlotsTaken:
		return fmt.Errorf("%w: %s", ErrPoolFull, text)
	case wire.OtherVersion:
		return fmt.Errorf("%w: %s", ErrVersion, text)
	case wire.NotAllowed:
		return fmt.Errorf("%w: %s", errNotShared, text)
	case wire.BadMessage:
		return fmt.Errorf("%w: its producer does not understand this program: %s: use the same version of BIPS on both sides", ErrVersion, text)
	}
	if m.Again == 0 && m.Code != wire.TooBusy && m.Code != wire.NoResources && m.Code != wire.Closing {
		return fmt.Errorf("%w: its producer refuses a seat: %s", ErrVersion, text) // for a reason that this program does not know
	}
	return passing{text, time.Duration(m.Again) * time.Millisecond}
}

// accept maps what the producer hands out (T6 to T8).
func (c *connection) accept(grant *wire.Grant, received *sys.Received, common *common) (_ *attachment, err error) {
	l := &link{}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if received.Len() != wire.Descriptors {
		return nil, fmt.Errorf("%w: %d descriptors came with a seat, not %d", ErrDamaged, received.Len(), wire.Descriptors)
	}
	if l.poolMap, err = mapReceived(received, 0, grant.PoolSize, poolSeals, sys.ReadOnly); err != nil {
		return nil, err
	}
	if l.seatMap, err = mapReceived(received, 1, grant.SeatSize, seatSeals, sys.ReadWrite); err != nil {
		return nil, err
	}
	crashpoint.Hit("T7")
	g, err := readGeometry(l.poolMap.Bytes, grant.PoolSize, Memfd)
	if err != nil {
		return nil, err
	}
	if g.instance != grant.Instance || int(grant.Seat) >= g.seats || g.segmentSize > grant.PoolSize {
		return nil, fmt.Errorf("%w: its producer grants seat %d of instance %x, the pool has %d and is of instance %x", ErrDamaged, grant.Seat, grant.Instance, g.seats, g.instance)
	}
	pool, err := newPoolSegment(l.poolMap.Bytes, g)
	if err != nil {
		return nil, err
	}
	table, err := readSeatTable(l.seatMap.Bytes, g.ofOneSeat(), grant.SeatSize)
	if err != nil {
		return nil, err
	}
	seats, err := newSeatSegment(l.seatMap.Bytes, table)
	if err != nil {
		return nil, err
	}
	a := newAttachment(l, pool, seats, common)
	a.sit(int(grant.Seat), seats.seats[0], true)
	a.generation, a.granted = grant.Generation, int(min(grant.Granted, MaxSlots-1))
	crashpoint.Hit("T8")
	return a, nil
}

// mapReceived maps memory that came with a message, if it is what was announced.
func mapReceived(received *sys.Received, index int, size uint64, seals sys.Seals, access sys.Access) (*sys.Mapping, error) {
	memory, err := received.Memory(index, int64(size), seals)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer func() { _ = memory.Close() }()
	mapping, err := memory.Map(access)
	if errors.Is(err, fs.ErrPermission) { // it has seals that the reader's seat must not have
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return mapping, err
}

// await implements application: news end it.
func (a *applicant) await(w *bellWaiter, poked uint32, limit time.Duration) {
	w.waitPoke(poked, min(limit, nameLimit))
}

// interrupt implements application.
func (a *applicant) interrupt(w *bellWaiter) { w.poke() }

// withdraw implements application.
func (a *applicant) withdraw() {
	if a.granted != nil {
		a.granted.peer.close() // has no connection yet
		a.granted = nil
	}
	a.connection.close()
}
