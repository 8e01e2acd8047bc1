package bips

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/internal/testmain"
)

// Who has no time is left alone. Another producer under its name is asked at once.
func TestTheNextProducerUnderANameIsNotLeftAlone(t *testing.T) {
	testmain.Dir(t)
	path := paths{shmDir(), "camera"}.pool()
	var files [2]sys.FileID
	for i := range files {
		if err := os.WriteFile(fmt.Sprintf("%s.%d", path, i), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	take := func(i int) {
		if err := os.Rename(fmt.Sprintf("%s.%d", path, i), path); err != nil {
			t.Fatal(err)
		}
	}
	take(0)
	files[0], _ = sys.StatPath(path)
	var a again
	if a.left("camera") != 0 {
		t.Error("nobody has refused it")
	}
	a.after(fmt.Errorf("refused: %w", passing{"busy", time.Hour}), files[0])
	if left := a.left("camera"); left <= 0 || left > againLimit {
		t.Errorf("it waits for %v", left)
	}
	take(1)
	if left := a.left("camera"); left != 0 {
		t.Errorf("it lets another one alone for %v", left)
	}
	a.after(errHungUp, files[0])
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if left := a.left("camera"); left != 0 {
		t.Errorf("it lets nobody alone for %v", left)
	}
}

// A program that calls Pull again and again asks a full pool no more often than one that waits: each question is a connection, of which a
// producer accepts so many in a second, from all readers together.
func TestWhoPollsAFullPoolAsksNoMoreOftenThanWhoWaits(t *testing.T) {
	testmain.Dir(t)
	attached(t, newMemfdProducer(t, ProducerOptions{MaxConsumers: 1}), Latest)
	c, err := NewConsumer("camera", ConsumerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	asked := 0
	for err = ErrTimeout; errors.Is(err, ErrTimeout); {
		before := c.askedAt
		_, err = c.Pull(time.Millisecond)
		if c.askedAt == before {
			continue
		}
		if since := c.askedAt.Sub(before); since < searchLimit {
			t.Fatalf("it asks again after %v", since)
		}
		asked++
	}
	if !errors.Is(err, ErrPoolFull) || asked < 2 {
		t.Errorf("it asked %d times, and then %v", asked, err)
	}
}
