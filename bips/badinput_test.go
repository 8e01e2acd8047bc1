package bips_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestBadNamesAreRefusedOnBothSides(t *testing.T) {
	testmain.Dir(t)
	for _, name := range []string{"", "/", "a/b", "/a/b", "..", "a b", "käse", "a.b", strings.Repeat("x", bips.MaxNameLength+1), "a\x00"} {
		_, err := bips.NewProducer(name, bips.ProducerOptions{SlotSize: 1, Backend: theBackend()})
		wantError(t, err, bips.ErrName)
		_, err = bips.NewConsumer(name, bips.ConsumerOptions{})
		wantError(t, err, bips.ErrName)
	}
	for _, name := range []string{"a", "/a", "A-Z_09", strings.Repeat("x", bips.MaxNameLength)} {
		p, err := bips.NewProducer(name, bips.ProducerOptions{SlotSize: 1, Backend: theBackend()})
		if err != nil {
			t.Errorf("name %q: %v", name, err)
			continue
		}
		_ = p.Close()
	}
}

func TestBadOptionsAreRefusedAndSayWhatIsAllowed(t *testing.T) {
	testmain.Dir(t)
	for want, o := range map[string]bips.ProducerOptions{
		"2 to 64":  {SlotSize: 1, Slots: 1},
		"use 2":    {SlotSize: 1, Slots: 65},
		"1 to 64":  {SlotSize: 1, MaxConsumers: 65},
		"0 bytes":  {},
		"-5 bytes": {SlotSize: -5},
		"0777":     {SlotSize: 1, Permissions: 0o1000},
		"Drop":     {SlotSize: 1, Overflow: 9},
	} {
		_, err := bips.NewProducer("camera", o)
		wantError(t, err, bips.ErrOption)
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	for want, o := range map[string]bips.ProducerOptions{
		"0674":                   {SlotSize: 1, Permissions: 444},
		"executes":               {SlotSize: 1, Permissions: 0o755},
		"write and not read":     {SlotSize: 1, Permissions: 0o620},
		"own user":               {SlotSize: 1, Permissions: 0o444},
		`"no such group"`:        {SlotSize: 1, Permissions: 0o660, Group: "no such group"},
		`group "0" has no right`: {SlotSize: 1, Group: "0"},
		"Drop":                   {SlotSize: 1, Overflow: 9},
	} {
		_, err := bips.NewProducer("camera", o)
		wantError(t, err, bips.ErrOption)
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	for _, o := range []bips.ConsumerOptions{{MaxHeld: -1}, {MaxHeld: 64}, {Spin: time.Second}, {Spin: -1}, {Mode: 7}} {
		_, err := bips.NewConsumer("camera", o)
		wantError(t, err, bips.ErrOption)
	}
	_, err := bips.NewProducer("camera", bips.ProducerOptions{SlotSize: 1, Backend: 9})
	wantError(t, err, bips.ErrBackend)
	wantError(t, err, bips.ErrBackend)
}

func TestAPoolThatDoesNotFitIsRefusedWithBothSizesAndLeavesNothing(t *testing.T) {
	testmain.Dir(t)
	_, err := bips.NewProducer("camera", bips.ProducerOptions{SlotSize: 1 << 38, Slots: 64, Backend: theBackend()})
	wantError(t, err, bips.ErrNoSpace)
	if !strings.Contains(err.Error(), "16777216 MiB") && !strings.Contains(err.Error(), "16777217 MiB") && !strings.Contains(err.Error(), "16777218 MiB") {
		t.Errorf("the message does not say how much is needed: %v", err)
	}
	if !strings.Contains(err.Error(), "fewer") {
		t.Errorf("the message does not say what to do: %v", err)
	}
}

func TestAMissingDirectoryIsAnError(t *testing.T) {
	t.Setenv("BIPS_SHM_DIR", filepath.Join(t.TempDir(), "nowhere"))
	if _, err := bips.NewProducer("camera", bips.ProducerOptions{SlotSize: 1, Backend: theBackend()}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	c := newConsumer(t, bips.ConsumerOptions{})
	_, err := c.Pull(10 * time.Millisecond)
	wantError(t, err, bips.ErrTimeout)
	if !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("the message does not say where it looked: %v", err)
	}
}

// damage changes the file of a living pool.
func damage(t *testing.T, dir string, change func(f *os.File) error) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "bips.camera"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := change(f); err != nil {
		t.Fatal(err)
	}
}

func TestAPoolOfAnotherVersionIsRefused(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the pool's file is changed; tests/hostile changes what comes over a socket")
	dir := testmain.Dir(t)
	newProducer(t, bips.ProducerOptions{})
	damage(t, dir, func(f *os.File) error {
		_, err := f.WriteAt(binary.LittleEndian.AppendUint16(nil, 1000), 8)
		return err
	})
	_, err := newConsumer(t, bips.ConsumerOptions{}).Pull(patience)
	wantError(t, err, bips.ErrVersion)
	if !strings.Contains(err.Error(), "update") {
		t.Errorf("the message does not say what to do: %v", err)
	}
}

func TestAPoolThatRequiresUnknownFeaturesIsRefused(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the pool's file is changed; tests/hostile changes what comes over a socket")
	dir := testmain.Dir(t)
	newProducer(t, bips.ProducerOptions{})
	damage(t, dir, func(f *os.File) error { _, err := f.WriteAt([]byte{0x80}, 16); return err })
	_, err := newConsumer(t, bips.ConsumerOptions{}).Pull(patience)
	wantError(t, err, bips.ErrVersion)
}

func TestAScribbledHeaderIsRefused(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the pool's file is changed; tests/hostile changes what comes over a socket")
	for field, offset := range map[string]int64{"magic": 0, "instance": 32, "segment size": 46, "slot size": 54, "slots offset": 70,
		"slots": 73, "ring": 77, "ring offset": 86, "records": 94, "caps": 110, "record size": 122} {
		t.Run(field, func(t *testing.T) {
			dir := testmain.Dir(t)
			newProducer(t, bips.ProducerOptions{})
			damage(t, dir, func(f *os.File) error { _, err := f.WriteAt([]byte{0xee, 0xee}, offset); return err })
			_, err := newConsumer(t, bips.ConsumerOptions{}).Pull(200 * time.Millisecond)
			if !errors.Is(err, bips.ErrDamaged) && !(field == "instance" && errors.Is(err, bips.ErrTimeout)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAPoolCutShortIsRefusedAndOneCutWhileInUseIsAnError(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the pool's file is changed; tests/hostile changes what comes over a socket")
	testmain.NeedFaults(t)
	dir := testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{SlotSize: 1 << 20})
	c := newConsumer(t, bips.ConsumerOptions{})
	push(t, p, 1)
	pullValue(t, c)
	damage(t, dir, func(f *os.File) error { return f.Truncate(100) })
	_, err := newConsumer(t, bips.ConsumerOptions{}).Pull(patience)
	wantError(t, err, bips.ErrDamaged)
	_, err = c.Pull(patience) // SIGBUS, turned into an error
	wantError(t, err, bips.ErrDamaged)
	_, err = p.Pull(patience)
	wantError(t, err, bips.ErrDamaged)
}

func TestSeatsCutShortWhileInUseAreAnErrorOnBothSides(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the seats' file is cut short, against which memfd has a seal")
	testmain.NeedFaults(t)
	dir := testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{})
	c := newConsumer(t, bips.ConsumerOptions{})
	push(t, p, 1)
	pullValue(t, c)
	seats, _ := filepath.Glob(filepath.Join(dir, "*.seats"))
	if len(seats) != 1 {
		t.Fatal(seats)
	}
	if err := os.Truncate(seats[0], 0); err != nil {
		t.Fatal(err)
	}
	_, err := p.Pull(patience)
	wantError(t, err, bips.ErrDamaged)
	_, err = c.Pull(patience)
	wantError(t, err, bips.ErrDamaged)
}

func TestAFolderThatIsAFileIsAnErrorThatSaysSo(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("BIPS_SHM_DIR", file)
		_, err := bips.NewProducer("a", bips.ProducerOptions{SlotSize: 1})
		if err == nil || !strings.Contains(err.Error(), "name a folder in BIPS_SHM_DIR") {
			t.Errorf("the producer is told %v", err)
		}
		c, err := bips.NewConsumer("a", bips.ConsumerOptions{})
		if err == nil {
			_, err = c.Pull(0)
			_ = c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "name a folder in BIPS_SHM_DIR") {
			t.Errorf("the consumer is told %v", err)
		}
	})
}
