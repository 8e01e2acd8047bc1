package crash

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// segment is a pool as it lies in its files, read at one moment.
type segment struct {
	pool, seats []byte
	locked      []bool // seats that somebody has
}

// openSegment reads the pool that has the name now, or the last one that had. It is
// fs.ErrNotExist when there is none.
func openSegment(dir, name string) (*segment, error) {
	path := filepath.Join(dir, "bips."+name)
	pool, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &segment{pool: pool}
	path = fmt.Sprintf("%s.%016x.%d.seats", path, s.instance(), s.header("Move"))
	if s.seats, err = os.ReadFile(path); err != nil {
		return s, err
	}
	lock, err := sys.OpenLockFile(path, os.O_RDONLY, nil)
	if err != nil {
		return s, err
	}
	defer lock.Close()
	for i := range int64(stageSeats) {
		locked, err := lock.IsLocked(layout.SeatLockBase + i)
		if err != nil {
			return s, err
		}
		s.locked = append(s.locked, locked)
	}
	return s, nil
}

// field is the value of a record's field; records lie at offset in memory.
func field[T any](memory []byte, offset uint64, name string) uint64 {
	found, ok := reflect.TypeFor[T]().FieldByName(name)
	if !ok {
		panic(name)
	}
	at := memory[offset+uint64(found.Offset):]
	if found.Type.Size() == 4 {
		return uint64(binary.LittleEndian.Uint32(at))
	}
	return binary.LittleEndian.Uint64(at)
}

func (s *segment) header(name string) uint64 { return field[layout.PoolHeader](s.pool, 0, name) }
func (s *segment) instance() uint64          { return s.header("Instance") }
func (s *segment) head() uint64              { return s.header("Head") }

func (s *segment) slot(i uint64) (sequence uint64) {
	return field[layout.SlotRecord](s.pool, s.header("RecordsOffset")+i*s.header("RecordSize"), "Sequence")
}

func (s *segment) word(i int, name string) uint64 {
	return field[layout.SeatWord](s.pool, s.header("SeatWordsOffset")+uint64(i)*s.header("SeatWordSize"), name)
}

func (s *segment) verdict(i int) uint64 { return s.word(i, "Verdict") }

func (s *segment) seat(i int, name string) uint64 {
	offset := field[layout.SeatHeader](s.seats, 0, "SeatsOffset") + uint64(i)*field[layout.SeatHeader](s.seats, 0, "SeatSize")
	return field[layout.Seat](s.seats, offset, name)
}

// entry is what the ring says of a sequence.
func (s *segment) entry(sequence uint64) (found uint64, slot int) {
	at := s.header("RingOffset") + layout.RingWordSize*(sequence%s.header("RingLength"))
	found, slot = layout.UnpackRing(binary.LittleEndian.Uint64(s.pool[at:]))
	return found, slot
}

// checkEntries wants each entry in one slot, where the ring says that it is. Of the
// entry that was being published when the producer died the ring need not know yet.
func (s *segment) checkEntries() error {
	slots := map[uint64]uint64{}
	for i := range s.header("SlotCount") {
		sequence := s.slot(i)
		if sequence == 0 {
			continue
		}
		other, twice := slots[sequence]
		found, slot := s.entry(sequence)
		switch {
		case twice:
			return fmt.Errorf("entry %d is in the slots %d and %d", sequence, i, other)
		case sequence > s.head()+1:
			return fmt.Errorf("slot %d has entry %d, the newest is %d", i, sequence, s.head())
		case sequence <= s.head() && found == sequence && uint64(slot) != i:
			return fmt.Errorf("entry %d is in slot %d, the ring says %d", sequence, i, slot)
		}
		slots[sequence] = i
	}
	if head := s.head(); head >= s.header("First") { // else no frame was published since the move
		found, slot := s.entry(head)
		if in, ok := slots[head]; !ok || found != head || in != uint64(slot) {
			return fmt.Errorf("the newest entry %d is in slot %d (%v), the ring says %d in %d", head, in, ok, found, slot)
		}
	}
	return nil
}

// checkSlots wants the newest entry alone: its producer has all other slots.
func (s *segment) checkSlots() error {
	if err := s.checkEntries(); err != nil {
		return err
	}
	for i := range s.header("SlotCount") {
		if sequence := s.slot(i); sequence != 0 && sequence != s.head() {
			return fmt.Errorf("slot %d has entry %d, and the producer has that slot", i, sequence)
		}
	}
	return nil
}

// checkQuiet accounts for a whole pool whose producer has all slots but the newest
// entry's, and whose readers hold nothing: so many seats are taken, each of them shows
// a reader and no pin, all others show nothing; verdicts only on who sits there, if at all.
func (s *segment) checkQuiet(readers int, verdicts bool) error {
	if err := s.checkSlots(); err != nil {
		return err
	}
	taken := 0
	for i, locked := range s.locked {
		state, pins, waiting := s.seat(i, "State"), s.seat(i, "Pins"), s.seat(i, "Waiting")
		generation, granted := layout.UnpackGrant(s.word(i, "Granted"))
		seated := state == uint64(layout.SeatLatest) || state == uint64(layout.SeatEvery)
		if locked {
			taken++
		}
		if pins != 0 || locked != seated || locked && (granted == 0 || uint64(generation) != s.seat(i, "Generation")) || s.word(i, "Reserved") != 0 || !locked && (state != 0 || waiting != 0) || s.verdict(i) != 0 && !(verdicts && locked) {
			return fmt.Errorf("seat %d (locked: %v) shows state %d, pins %b, %d granted to generation %d, waiting %d, verdict %x, reserved %x", i, locked, state, pins, granted, generation, waiting, s.verdict(i), s.word(i, "Reserved"))
		}
	}
	if taken != readers {
		return fmt.Errorf("%d seats are taken, there are %d readers", taken, readers)
	}
	return nil
}

// names are the files of a pool, but for the lock file.
func names(dir, pool string) (found []string) {
	entries, _ := fs.Glob(os.DirFS(dir), "bips."+pool+"*")
	for _, name := range entries {
		if name == "bips."+pool || (len(name) > len("bips."+pool) && name[len("bips."+pool)] == '.' && name != "bips."+pool+".lock") {
			found = append(found, name)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, newSocket(pool))); err == nil {
		found = append(found, newSocket(pool))
	}
	return found
}

// newSocket is the name of a pool's socket until it has the pool's.
func newSocket(pool string) string {
	hash := sha256.Sum256([]byte(pool))
	return fmt.Sprintf("bips..%x.new", hash[:8])
}
