package sys

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// What a kernel does whose fallocate is interrupted by signals, when one comes as often as
// it takes to allocate a mebibyte.
func TestAFileIsAllocatedThoughSignalsInterruptWhatTakesLong(t *testing.T) {
	const size, inTime = 200<<20 + 4096, 1 << 20
	done, calls := int64(0), 0
	err := allocate(size, func(at, length int64) error {
		if calls++; calls > 10000 {
			return errors.New("it does not come to an end")
		}
		if at != done {
			t.Fatalf("asked for what is at %d, has %d", at, done)
		}
		if length > inTime {
			return unix.EINTR
		}
		done += length
		return nil
	})
	if err != nil || done != size {
		t.Errorf("%v; %d bytes of %d", err, done, size)
	}
}

func TestAllocatingStopsAtTheFirstErrorThatIsNoSignal(t *testing.T) {
	calls := 0
	err := allocate(1<<30, func(int64, int64) error { calls++; return unix.ENOSPC })
	if !errors.Is(err, ErrNoSpace) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}
