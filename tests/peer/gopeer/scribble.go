package gopeer

import (
	"encoding/binary"
	"os"
	"reflect"
	"time"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// seat is the memory of one.
type seat []byte

// field is the value of a seat's field.
func (s seat) field(name string) uint64 {
	at, size := s.find(name)
	if size == 4 {
		return uint64(binary.LittleEndian.Uint32(s[at:]))
	}
	return binary.LittleEndian.Uint64(s[at:])
}

func (s seat) setField(name string, value uint64) {
	at, size := s.find(name)
	if size == 4 {
		binary.LittleEndian.PutUint32(s[at:], uint32(value))
	} else {
		binary.LittleEndian.PutUint64(s[at:], value)
	}
}

func (s seat) find(name string) (at, size uintptr) {
	f, found := reflect.TypeFor[layout.Seat]().FieldByName(name)
	if !found {
		panic("a seat has no " + name)
	}
	return f.Offset, f.Type.Size()
}

// mapShared maps a file for writing, for as long as the process lives.
func mapShared(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	mapping, err := sys.Map(file, info.Size(), sys.ReadWrite)
	if err != nil {
		return nil, err
	}
	return mapping.Bytes, nil
}

// claim joins, and reads a little, so that the producer knows what it granted.
func (v *villain) claim() (seat, error) {
	if err := v.join(); err != nil {
		return nil, err
	}
	last := len(v.frames) - 1
	for range 10 {
		if err := v.consumer.Push(v.frames[last]); err != nil {
			return nil, err
		}
		f, err := v.consumer.Pull(patience)
		if err != nil {
			return nil, err
		}
		v.frames[last] = f
	}
	return v.seat()
}

// changeAsked changes what it asked for, again and again: to all there is, to nothing, and to what makes no sense.
func (v *villain) changeAsked() error {
	s, err := v.claim()
	if err != nil {
		return err
	}
	go func() {
		for random := newRandom(v.seed); ; {
			s.setField("Asked", uint64(pick(random, layout.PackAsked(layout.MaxSlots-1, layout.MaxSlots-1), 0, random.Uint32())))
		}
	}()
	return nil
}

// ask bumps the generation of its seat without an end, and asks each time, for anything.
func (v *villain) ask() error {
	s, err := v.claim()
	if err != nil {
		return err
	}
	go func() {
		for random := newRandom(v.seed); ; {
			s.setField("Asked", uint64(pick(random, layout.PackAsked(layout.MaxSlots-1, 1), layout.PackAsked(1, 1), 0, random.Uint32())))
			s.setField("Generation", s.field("Generation")+1)
			s.setField("State", uint64(layout.SeatAsking))
			_ = v.consumer.RequestKeyFrame() // which knocks
			if random.IntN(4) == 0 {
				time.Sleep(time.Millisecond) // so that it is granted something now and then
				s.setField("Pins", ^uint64(0))
			}
		}
	}()
	return nil
}

// knock asks for key frames without an end, and so knocks each time, from several threads.
func (v *villain) knock() error {
	if _, err := v.claim(); err != nil {
		return err
	}
	for range 2 {
		go func() {
			for {
				_ = v.consumer.RequestKeyFrame()
			}
		}()
	}
	return nil
}

// claimPins says in its seat that it may hold every slot, and does.
func (v *villain) claimPins() error {
	s, err := v.claim()
	if err != nil {
		return err
	}
	s.setField("Asked", uint64(layout.PackAsked(layout.MaxSlots-1, layout.MaxSlots-1)))
	s.setField("Pins", ^uint64(0))
	return nil
}

// scribbleOwn joins, and then writes random words to its own seat, without an end.
func (v *villain) scribbleOwn() error {
	if err := v.join(); err != nil {
		return err
	}
	s, err := v.seat()
	if err != nil {
		return err
	}
	go v.scribble(s)
	return nil
}

// scribbleAll does the same to the whole seat segment.
func (v *villain) scribbleAll() error {
	if err := v.join(); err != nil {
		return err
	}
	go v.scribble(v.seats)
	return nil
}

func (v *villain) scribble(memory []byte) {
	random := newRandom(v.seed)
	for {
		value := random.Uint64()
		if random.IntN(2) == 0 { // small numbers are states and generations
			value = uint64(random.IntN(8)) | uint64(random.IntN(8))<<32
		}
		binary.LittleEndian.PutUint64(memory[8*random.IntN(len(memory)/8):], value)
	}
}

// lockPlaces takes the locks of all seats of each pool that the producer moves to, as soon as it sees it.
func (v *villain) lockPlaces() error {
	return v.eachPool(func() {
		v.file, v.first, v.count = "seats", layout.SeatLockBase, layout.MaxSeats
		if v.lock != nil {
			_ = v.lock.Close()
			v.lock = nil
		}
		_ = v.takeLocks() // or the pool is gone again
	})
}

// claimPlaces writes to all seats of each pool that the producer moves to, as soon as it sees it, that it has come and
// reads each frame from the first on, with every pin.
func (v *villain) claimPlaces() error {
	return v.eachPool(func() {
		path, err := v.path()
		if err != nil {
			return
		}
		seats, err := mapShared(path)
		if err != nil {
			return
		}
		for at := layout.HeaderSize; at+layout.SeatSize <= len(seats); at += layout.SeatSize {
			s := seat(seats[at:][:layout.SeatSize])
			s.setField("Pins", ^uint64(0))
			s.setField("Cursor", 1)
			s.setField("State", uint64(layout.SeatEvery))
		}
	})
}

// eachPool does something to each pool that there is from now on.
func (v *villain) eachPool(do func()) error {
	v.file = "seats"
	last, err := v.path()
	if err != nil {
		return err
	}
	go func() {
		for {
			if path, err := v.path(); err == nil && path != last {
				last = path
				do()
			}
		}
	}()
	return nil
}
