package bips

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

func TestAProducerThatHasNoPoolAnyMoreKeepsNoHouse(t *testing.T) {
	testmain.Dir(t)
	p := newTestProducer(t)
	func() {
		p.moving.Lock()
		defer p.moving.Unlock()
		if err := p.giveWay(); !errors.Is(err, ErrPoolBusy) {
			t.Error(err)
		}
	}()
	ended := make(chan struct{})
	go func() { defer close(ended); p.house.Wait() }()
	select {
	case <-ended:
	case <-time.After(watchdog):
		t.Error("its housekeeper goes on")
	}
	if err := os.Remove(p.named.paths.pool()); err != nil && !errors.Is(err, fs.ErrNotExist) { // the other one's by now
		t.Error(err)
	}
}

func TestWhoIsToldThatNamesCannotBeMadeAgainIsToldThatTheyWereDeleted(t *testing.T) {
	dir := testmain.Dir(t)
	p := newTestProducer(t)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	p.moving.Lock()
	err := p.keepNames()
	p.moving.Unlock()
	if err == nil || errors.Is(err, ErrNamesDeleted) {
		t.Fatalf("got %v: they are not there again", err)
	}
	for _, part := range []string{"names were deleted", dir, "cannot be made again", "no such file"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p.moving.Lock()
	err = p.keepNames()
	p.moving.Unlock()
	if !errors.Is(err, ErrNamesDeleted) && err != nil { // nil: the housekeeper was quicker
		t.Error(err)
	}
}
