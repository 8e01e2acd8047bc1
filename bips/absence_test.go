package bips_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestWhyThereIsNoPool(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string)
		says    []string
	}{
		"the folder is not there": {
			func(t *testing.T, dir string) { t.Setenv("BIPS_SHM_DIR", filepath.Join(dir, "nowhere")) },
			[]string{"/nowhere does not exist", "BIPS_SHM_DIR"},
		},
		"the folder is empty": {
			func(*testing.T, string) {},
			[]string{"there is no pool in ", "--ipc", "BIPS_SHM_DIR"},
		},
		"there are others": {
			func(t *testing.T, dir string) {
				for _, name := range []string{"door", "camera1"} {
					p, err := bips.NewProducer(name, bips.ProducerOptions{SlotSize: 1, Backend: theBackend()})
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { p.Close() })
				}
			},
			[]string{"none is in ", `where there are "camera1", "door":`, "check the pool's name"},
		},
		"there are many others": {
			func(t *testing.T, dir string) {
				for i := range 11 {
					path := filepath.Join(dir, fmt.Sprintf("bips.other%02d", i))
					if err := os.WriteFile(path, nil, 0o600); err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { os.Remove(path) })
				}
			},
			[]string{`"other07" and 3 others:`},
		},
		"its producer is dead": {
			func(t *testing.T, dir string) {
				path := filepath.Join(dir, "bips.camera")
				if err := os.WriteFile(path, make([]byte, 4096), 0o600); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { os.Remove(path) })
			},
			[]string{"bips.camera is gone", "start it anew"},
		},
		"one of its files is elsewhere": {
			func(t *testing.T, dir string) {
				testmain.OnlyOver(t, "shm", "a pool has several files; with memfd the socket is enough")
				newProducer(t, bips.ProducerOptions{})
				other := testmain.Dir(t)
				path := filepath.Join(other, "bips.camera")
				if err := os.Link(filepath.Join(dir, "bips.camera"), path); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { os.Remove(path) })
			},
			[]string{".seats, which belongs to it, is not", "mount the whole folder"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.prepare(t, testmain.Dir(t))
			err := bips.WhyNoPool("camera")
			if !errors.Is(err, bips.ErrNoPool) {
				t.Fatalf("got %v", err)
			}
			for _, says := range append(c.says, `pool "camera": `) {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q does not say %q", err, says)
				}
			}
		})
	}
}

func TestThereIsNothingToSayOfAPoolThatIsThere(t *testing.T) {
	testmain.Dir(t)
	newProducer(t, bips.ProducerOptions{})
	if err := bips.WhyNoPool("/camera"); err != nil {
		t.Error(err)
	}
	wantError(t, bips.WhyNoPool("a/b"), bips.ErrName)
}

func TestAFolderThatDoesNotExistIsToldToWhoMakesAPool(t *testing.T) {
	t.Setenv("BIPS_SHM_DIR", filepath.Join(t.TempDir(), "nowhere"))
	_, err := bips.NewProducer("camera", bips.ProducerOptions{SlotSize: 1, Backend: theBackend()})
	if err == nil || !strings.Contains(err.Error(), "/nowhere does not exist") || !strings.Contains(err.Error(), "BIPS_SHM_DIR") {
		t.Errorf("got %v", err)
	}
}
