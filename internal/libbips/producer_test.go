package libbips

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// patience is how long a test waits for what must happen. It bounds a hang; nothing is measured with it.
const patience = 20 * time.Second

// openForTest opens a producer of a pool in a folder of the test's own.
func openForTest(t *testing.T, name string) *Producer {
	t.Helper()
	t.Setenv("BIPS_SHM_DIR", t.TempDir())
	p, err := Open(name, bips.ProducerOptions{SlotSize: 16}, GiveUp{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestAProducerIsThatOfItsOptions(t *testing.T) {
	t.Setenv("BIPS_SHM_DIR", t.TempDir())
	p, err := Open("p", bips.ProducerOptions{SlotSize: 5000, Slots: 7, MaxConsumers: 3, Caps: "x/y"}, GiveUp{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if p.Slots() != 7 || p.SlotSize() < 5000 || p.Name() != "p" {
		t.Errorf("pool %q has %d slots of %d bytes", p.Name(), p.Slots(), p.SlotSize())
	}
	if folder, _ := p.Folder(); folder != os.Getenv("BIPS_SHM_DIR") {
		t.Errorf("it is in %s", folder)
	}
	if err := p.Drop(); err != nil || p.Stats().Dropped != 1 {
		t.Errorf("%v, %+v", err, p.Stats())
	}
}

// The one who waits for a name is told by another goroutine that nobody wants it any more.
func TestTheMakingOfAProducerIsGivenUp(t *testing.T) {
	openForTest(t, "taken")
	giveUp := NewGiveUp()
	defer giveUp.Free()
	giveUp.Now()
	if _, err := Open("taken", bips.ProducerOptions{SlotSize: 16}, giveUp); !errors.Is(err, ErrInterrupted) {
		t.Errorf("%v", err)
	}
}

func TestAWarningComesFromTheLibrary(t *testing.T) {
	t.Setenv("BIPS_SHM_DIR", t.TempDir())
	warned := make(chan error, 16)
	p, err := Open("p", bips.ProducerOptions{SlotSize: 16, Warn: func(err error) { warned <- err }}, GiveUp{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	files, err := filepath.Glob(filepath.Join(os.Getenv("BIPS_SHM_DIR"), "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-warned:
		if !errors.Is(err, bips.ErrNamesDeleted) {
			t.Errorf("%v", err)
		}
	case <-time.After(patience):
		t.Error("no warning came")
	}
}

func TestAWaitForAKeyFrameRequestEndsWithTheProducer(t *testing.T) {
	p := openForTest(t, "p")
	ended := make(chan bool)
	go func() { ended <- p.WaitKeyFrameRequest() }()
	if err := p.Shutdown(); err != nil {
		t.Fatal(err)
	}
	select {
	case asked := <-ended:
		if asked {
			t.Error("nobody has asked")
		}
	case <-time.After(patience):
		t.Error("it goes on")
	}
}
