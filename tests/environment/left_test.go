package environment

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

// nothingLeft checks that this process holds no part of a pool, that it has no other
// descriptors than before, and that the directory has no pool.
func nothingLeft(before []string) error {
	if err := holdsNothing(); err != nil {
		return err
	}
	for _, name := range testmain.Names(os.Getenv("BIPS_SHM_DIR")) {
		if strings.Contains(name, "/bips.") {
			return fmt.Errorf("left: %s", name)
		}
	}
	return comesBackTo(before)
}

// holdsNothing waits until this process holds no part of a pool: what came over a connection is closed by a goroutine of its own.
func holdsNothing() error {
	return eventually(func() error {
		if held := testmain.Held(); len(held) > 0 {
			return fmt.Errorf("held: %q", held)
		}
		return nil
	})
}

// comesBackTo waits until this process has no other descriptors than before: connections are closed by goroutines of their own,
// which may be a moment behind.
func comesBackTo(before []string) error {
	return eventually(func() error {
		if after := descriptors(); !slices.Equal(before, after) {
			return fmt.Errorf("descriptors %q, before %q", after, before)
		}
		return nil
	})
}

// eventually waits until nothing is wrong, and returns what still is after patience.
func eventually(wrong func() error) error {
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if err := wrong(); err == nil || time.Now().After(end) {
			return err
		}
	}
}

// descriptors lists what this process has open, but for what the Go runtime's poller has.
func descriptors() (open []string) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		if err == nil && !strings.HasPrefix(target, "anon_inode:[event") {
			open = append(open, target)
		}
	}
	return open
}
