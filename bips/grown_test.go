package bips_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// Looking at a hole of a file in shared memory fills it, at the cost of who looks. So a reader
// looks at no more than a segment has, and only at what is there.

// grown is how large they say they are: little enough for the machine, should a reader fill it.
const grown = 256 << 20

// inMemory is testmain.Dir, where that is shared memory.
func inMemory(t *testing.T) string {
	t.Helper()
	dir := testmain.Dir(t)
	var st syscall.Statfs_t
	const tmpfs = 0x01021994
	if err := syscall.Statfs(dir, &st); err != nil || st.Type != tmpfs {
		t.Skipf("%s is not in memory: %v", dir, err)
	}
	return dir
}

// allocated is how many bytes of a file take up room.
func allocated(t *testing.T, path string) int64 {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks * 512
}

func TestFilesThatGrewCostTheirReadersNoMemoryAndAreRead(t *testing.T) {
	testmain.OnlyOver(t, "shm", "a file is made longer, or holes into it, against which memfd has seals")
	dir := inMemory(t)
	p := newProducer(t, bips.ProducerOptions{})
	push(t, p, 7)
	files, _ := filepath.Glob(filepath.Join(dir, "bips.camera*"))
	before := map[string]int64{}
	for _, file := range files {
		before[file] = allocated(t, file)
		if !strings.HasSuffix(file, ".lock") {
			if err := os.Truncate(file, grown); err != nil {
				t.Fatal(err)
			}
		}
	}
	if v := pullValue(t, newConsumer(t, bips.ConsumerOptions{})); v != 7 {
		t.Errorf("got frame %d", v)
	}
	for _, file := range files {
		if after := allocated(t, file); after > before[file] {
			t.Errorf("%s has %d bytes now, before %d: a reader pays for what the owner did not allocate", file, after, before[file])
		}
	}
}

func TestAPoolWithHolesIsRefusedBeforeItTakesMemory(t *testing.T) {
	testmain.OnlyOver(t, "shm", "a file is made longer, or holes into it, against which memfd has seals")
	for name, harm := range map[string]func(f *os.File) error{
		"one that says it is larger than what was allocated": func(f *os.File) error {
			const segmentSize = 40
			_, err := f.WriteAt(binary.LittleEndian.AppendUint64(nil, grown), segmentSize)
			if err != nil {
				return err
			}
			return f.Truncate(grown)
		},
		"one whose slots were taken out": func(f *os.File) error {
			const punchHole, keepSize = 2, 1
			return syscall.Fallocate(int(f.Fd()), punchHole|keepSize, 1<<20, 1<<20)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := inMemory(t)
			p := newProducer(t, bips.ProducerOptions{SlotSize: 1 << 20})
			push(t, p, 7)
			damage(t, dir, harm)
			pool := filepath.Join(dir, "bips.camera")
			before := allocated(t, pool)
			_, err := newConsumer(t, bips.ConsumerOptions{}).Pull(patience)
			wantError(t, err, bips.ErrDamaged)
			if !strings.Contains(err.Error(), `pool "camera"`) || !strings.Contains(err.Error(), "holes") {
				t.Errorf("%q does not say what is wrong with what", err)
			}
			if after := allocated(t, pool); after > before {
				t.Errorf("a reader took %d bytes for it", after-before)
			}
		})
	}
}

func TestSeatsWithHolesAreRefused(t *testing.T) {
	testmain.OnlyOver(t, "shm", "a file is made longer, or holes into it, against which memfd has seals")
	dir := inMemory(t)
	p := newProducer(t, bips.ProducerOptions{MaxConsumers: 64})
	push(t, p, 7)
	seats, _ := filepath.Glob(filepath.Join(dir, "*.seats"))
	file, err := os.OpenFile(seats[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const seatSize, huge = 40, 1 << 20 // as many bytes as a record may have
	if _, err := file.WriteAt(binary.LittleEndian.AppendUint32(nil, huge), seatSize); err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(4096 + 64*huge); err != nil {
		t.Fatal(err)
	}
	before := allocated(t, seats[0])
	_, err = newConsumer(t, bips.ConsumerOptions{}).Pull(patience)
	wantError(t, err, bips.ErrDamaged)
	if after := allocated(t, seats[0]); after > before {
		t.Errorf("a reader took %d bytes for them", after-before)
	}
}
