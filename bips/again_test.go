package bips

import (
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
