package gopeer

import (
	"encoding/binary"
	"os"
	"reflect"

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

// claimQuota says in its seat that it may hold every slot.
func (v *villain) claimQuota() error {
	s, err := v.claim()
	if err != nil {
		return err
	}
	s.setField("Asked", uint64(layout.PackAsked(layout.MaxSlots-1, layout.MaxSlots-1)))
	return nil
}

// claimPins says so, and that it holds every slot.
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
