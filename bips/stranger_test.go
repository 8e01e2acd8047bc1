package bips

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/testmain"
)

// Whoever may write to the folder may put anything under a name that nobody uses.
func TestWhatIsNeitherAFileNorASocketIsNoPoolAndNobodyWaitsForIt(t *testing.T) {
	for what, put := range map[string]func(path string) error{
		"a pipe":   func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(what, func(t *testing.T) {
			path := testmain.Dir(t) + "/bips.stranger"
			if err := put(path); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(path)
			c, err := NewConsumer("stranger", ConsumerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			within(t, "Pull", func() {
				if _, err := c.Pull(Forever); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "neither a file nor a socket") {
					t.Errorf("Pull got %v", err)
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
			within(t, "WhyNoPool", func() {
				if err := WhyNoPool("stranger"); err == nil {
					t.Error("WhyNoPool says that there is a pool")
				}
			})
		})
	}
}

// within runs what must come to an end by itself.
func within(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { do(); close(done) }()
	select {
	case <-done:
	case <-time.After(watchdog):
		t.Fatalf("%s does not come back", what)
	}
}
