package raw

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/wire"
)

// Hello is one that a producer answers with a grant, if there is room for so many pins.
func Hello(pins uint32) wire.Hello {
	return wire.Hello{LayoutMajor: layout.VersionMajor, LayoutMinor: layout.VersionMinor, Mode: wire.ModeLatest, Wanted: pins, Least: 1}
}

// Reader is one that has been granted a seat. It has its descriptors still, which an honest reader has
// closed by then.
type Reader struct {
	Conn
	wire.Grant
	PoolFD, SeatFD int
	Pool           []byte // mapped read-only
	Segment        []byte // that has the seat, mapped for writing
}

// A Refusal is the error of a reader that is refused.
type Refusal struct {
	wire.Refuse
	Text string
}

func (r *Refusal) Error() string { return fmt.Sprintf("refused with code %d: %s", r.Code, r.Text) }

// Attach connects, asks, and maps what it is granted: steps T2 to T8 without the checks. The error may be a [*Refusal].
func Attach(path string, hello wire.Hello, limit time.Duration) (*Reader, error) {
	c, err := Dial(path)
	if err != nil {
		return nil, err
	}
	r, err := c.ask(hello, limit)
	if err != nil {
		c.Close()
		return nil, err
	}
	return r, nil
}

func (c Conn) ask(hello wire.Hello, limit time.Duration) (*Reader, error) {
	if err := c.Send(hello.Append(nil)); err != nil {
		return nil, err
	}
	message, descriptors, err := c.Receive(limit)
	if err != nil {
		return nil, err
	}
	if refuse, text, err := wire.ParseRefuse(message); err == nil {
		return nil, &Refusal{refuse, text}
	}
	grant, err := wire.ParseGrant(message)
	if err == nil && len(descriptors) != wire.Descriptors {
		err = fmt.Errorf("%d descriptors came with a grant", len(descriptors))
	}
	if err != nil {
		CloseAll(descriptors)
		return nil, err
	}
	return c.take(grant, descriptors)
}

// take maps what came with a grant.
func (c Conn) take(grant wire.Grant, descriptors []int) (*Reader, error) {
	r := &Reader{Conn: c, Grant: grant, PoolFD: descriptors[0], SeatFD: descriptors[1]}
	var err error
	if r.Pool, err = unix.Mmap(r.PoolFD, 0, int(grant.PoolSize), unix.PROT_READ, unix.MAP_SHARED); err == nil {
		r.Segment, err = unix.Mmap(r.SeatFD, 0, int(grant.SeatSize), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err != nil {
		r.Forget()
		return nil, fmt.Errorf("map: %w", err)
	}
	return r, nil
}

// Sit says that it is ready, and waits until it sits: step T9.
func (r *Reader) Sit(limit time.Duration) error {
	if err := r.Send(wire.Ready{Instance: r.Instance, Seat: r.Grant.Seat}.Append(nil)); err != nil {
		return err
	}
	message, descriptors, err := r.Receive(limit)
	CloseAll(descriptors)
	if err != nil {
		return err
	}
	_, err = wire.ParseSits(message)
	return err
}

// Knock asks the producer to look at its seat.
func (r *Reader) Knock() error { return r.Send(wire.Knock{}.Append(nil)) }

// Moved waits until the producer hands over the next pool, and maps it. The reader goes on with what it had: both
// are closed apart, and have one connection.
func (r *Reader) Moved(limit time.Duration) (*Reader, error) {
	message, descriptors, err := r.Receive(limit)
	if err != nil {
		return nil, err
	}
	move, err := wire.ParseMove(message)
	if err == nil && len(descriptors) != wire.Descriptors {
		err = fmt.Errorf("%d descriptors came with a move", len(descriptors))
	}
	if err != nil {
		CloseAll(descriptors)
		return nil, err
	}
	return r.take(move.Grant(), descriptors)
}

// Seat is its seat, of which the producer reads what is written there.
func (r *Reader) Seat() *layout.Seat { return at[layout.Seat](r.Segment, layout.HeaderSize) }

// Door is what the producer may sleep at.
func (r *Reader) Door() *layout.SeatHeader { return at[layout.SeatHeader](r.Segment, 0) }

// Header is the pool's.
func (r *Reader) Header() *layout.PoolHeader { return at[layout.PoolHeader](r.Pool, 0) }

// Word is what the producer says of its seat.
func (r *Reader) Word() *layout.SeatWord {
	h := r.Header()
	return at[layout.SeatWord](r.Pool, h.SeatWordsOffset+uint64(r.Grant.Seat)*uint64(h.SeatWordSize))
}

// Leave closes its connection and gives up what it has.
func (r *Reader) Leave() {
	r.Close()
	r.Forget()
}

// Forget gives up what it has of its pool, and keeps the connection.
func (r *Reader) Forget() {
	for _, memory := range [][]byte{r.Pool, r.Segment} {
		if memory != nil {
			_ = unix.Munmap(memory)
		}
	}
	CloseAll([]int{r.PoolFD, r.SeatFD})
}

// CloseAll closes descriptors.
func CloseAll(descriptors []int) {
	for _, fd := range descriptors {
		_ = unix.Close(fd)
	}
}
