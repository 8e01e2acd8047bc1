package environment

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestTooFewDescriptorsToStartIsAnErrorAtEachOfThem(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		testmain.Dir(t)
		fromTooFew(t, "descriptors to start")
	})
}

func TestTooFewDescriptorsToAttachIsAnErrorAtEachOfThem(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		testmain.Dir(t)
		producer := begin(t, nil, "produce", "4096", "-1ns", "0")
		producer.line()
		producer.tell()
		producer.line()
		fromTooFew(t, "descriptors to attach")
		producer.tell()
		producer.report()
		producer.ends()
	})
}

// enough is what a child says last whose descriptors were enough.
const enough = "enough"

// fromTooFew starts children, each with one descriptor more than the one before, until they
// are enough. Each is a new one: the Go runtime opens what it needs for itself only once.
func fromTooFew(t *testing.T, role string) {
	t.Helper()
	const fewest = 5 // three files that are locked, and two that the runtime opens
	for more := 0; ; more++ {
		if begin(t, nil, role, strconv.Itoa(more)).ends() != enough {
			continue
		}
		if more < fewest-1 {
			t.Errorf("%d descriptors were enough: not each was tried", more)
		}
		return
	}
}

// withDescriptors lets this process have so many more descriptors than it has while do runs.
func withDescriptors(more int, do func() error) error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		return err
	}
	// The limit is on numbers: fill the gaps below the highest.
	var fillers []int
	defer func() {
		for _, fd := range fillers {
			_ = unix.Close(fd)
		}
	}()
	highest := len(entries)
	for {
		fd, err := unix.Open("/dev/null", unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		fillers = append(fillers, fd)
		if fd >= highest+8 {
			break
		}
	}
	limit := unix.Rlimit{Cur: uint64(fillers[len(fillers)-1] + 1 + more), Max: old.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	return errors.Join(do(), unix.Setrlimit(unix.RLIMIT_NOFILE, &old))
}

func descriptorsToStart(args []string) error {
	more, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	before := descriptors()
	var p *bips.Producer
	var startErr error
	if err := withDescriptors(more, func() error {
		if p, startErr = newProducer(poolName, small); startErr == nil {
			return publishSome(p)
		}
		return nil
	}); err != nil {
		return err
	}
	if startErr != nil {
		return errors.Join(complains(startErr, unix.EMFILE, poolName, "ulimit -n"), nothingLeft(before))
	}
	if err := errors.Join(p.Close(), nothingLeft(before)); err != nil {
		return err
	}
	fmt.Println(enough)
	return nil
}

// publishSome publishes more frames than there are slots, and waits for the housekeeper's first
// look around, which needs the runtime's timers.
func publishSome(p *bips.Producer) error {
	for number := range uint64(2 * p.Slots()) {
		if err := write(p, number); err != nil {
			return err
		}
	}
	if err := p.WaitConsumers(1, 100*time.Millisecond); !errors.Is(err, bips.ErrTimeout) {
		return fmt.Errorf("got %w", err)
	}
	return nil
}

func descriptorsToAttach(args []string) error {
	more, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	before := descriptors()
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
	if err != nil {
		return err
	}
	var pullErr error
	err = withDescriptors(more, func() error {
		for range 10 {
			var f bips.Frame
			if f, pullErr = c.Pull(patience); pullErr != nil {
				return nil
			}
			if err := c.Push(f); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, c.Close()); err != nil {
		return err
	}
	if err := holdsNothing(); err != nil {
		return err
	}
	if err := comesBackTo(before); err != nil {
		return err
	}
	if pullErr != nil {
		return complains(pullErr, unix.EMFILE, poolName, "ulimit -n")
	}
	fmt.Println(enough)
	return nil
}
