package libbips

import (
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// headerError is a line of enum bips_error.
var headerError = regexp.MustCompile(`(?m)^  BIPS_(\w+) = (\d+),? +/\*`)

func TestEachErrorOfTheHeaderIsOneOfGo(t *testing.T) {
	header, err := os.ReadFile("../../libbips/include/bips/bips.h")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	_, list, _ := strings.Cut(string(header), "enum bips_error {")
	list, _, _ = strings.Cut(list, "};")
	for _, match := range headerError.FindAllStringSubmatch(list, -1) {
		code, err := strconv.Atoi(match[2])
		if err != nil {
			t.Fatal(err)
		}
		if code == int(syscall.ENOMEM) {
			continue // as such
		}
		found++
		known := false
		for have := range meanings {
			known = known || int(have) == code
		}
		if !known {
			t.Errorf("BIPS_%s means nothing in Go", match[1])
		}
	}
	if found != len(meanings) {
		t.Errorf("%d errors in the header, %d in Go", found, len(meanings))
	}
}

func TestAnErrorOfTheSystemIsItsNumber(t *testing.T) {
	if err := newError(-int(syscall.EMFILE), "no more files", 0); !errors.Is(err, syscall.EMFILE) || err.Error() != "no more files" {
		t.Errorf("%v", err)
	}
}

func TestAnErrorWithAReasonIsBoth(t *testing.T) {
	err := newError(-110, "timeout", 1017)
	if !errors.Is(err, bips.ErrTimeout) || !errors.Is(err, bips.ErrNoAnswer) || errors.Is(err, bips.ErrSuspended) {
		t.Errorf("%v", err)
	}
}

// producer is what both clients have.
type producer interface {
	Name() string
	SetCaps(string) error
	Grow(int) error
	Drop() error
	WaitConsumers(int, time.Duration) error
}

// Users read the same sentences whichever client is behind an element.
func TestErrorsAreThoseOfPackageBips(t *testing.T) {
	ours := openForTest(t, t.Name())
	theirs, err := bips.NewProducer(t.Name()+"-go", bips.ProducerOptions{SlotSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	long := make([]byte, bips.MaxCapsLength+1)
	for i := range long {
		long[i] = 'x'
	}
	for what, do := range map[string]func(p producer) error{
		"too long caps": func(p producer) error { return p.SetCaps(string(long)) },
		"a bad size":    func(p producer) error { return p.Grow(0) },
		"nobody comes":  func(p producer) error { return p.WaitConsumers(1, 0) },
	} {
		compare(t, what, do(ours), do(theirs), theirs.Name(), ours.Name())
	}
	_, err = Open(ours.Name(), bips.ProducerOptions{SlotSize: 16}, GiveUp{})
	_, theirErr := bips.NewProducer(theirs.Name(), bips.ProducerOptions{SlotSize: 16})
	compare(t, "the name is taken", err, theirErr, theirs.Name(), ours.Name())
	for what, o := range map[string]bips.ProducerOptions{
		"no size":           {},
		"few slots":         {SlotSize: 16, Slots: 1},
		"a bad backend":     {SlotSize: 16, Backend: 9},
		"bad permissions":   {SlotSize: 16, Permissions: 0o444},
		"a group nobody is": {SlotSize: 16, Group: "no-such-group-at-all"},
	} {
		_, err := Open("options", o, GiveUp{})
		_, theirErr := bips.NewProducer("options", o)
		if (err == nil) != (theirErr == nil) {
			t.Errorf("%s: %v, and in Go %v", what, err, theirErr)
		}
		for _, is := range []error{bips.ErrOption, bips.ErrBackend} {
			if errors.Is(err, is) != errors.Is(theirErr, is) {
				t.Errorf("%s: %v, and in Go %v", what, err, theirErr)
			}
		}
	}
	_ = ours.Shutdown()
	_ = theirs.Close()
	if err := ours.Drop(); !errors.Is(err, bips.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// compare wants two errors to be of the same kind, and of the same text but for the pool's name.
func compare(t *testing.T, what string, ours, theirs error, name, by string) {
	t.Helper()
	if ours == nil || theirs == nil {
		t.Errorf("%s: %v, and in Go %v", what, ours, theirs)
		return
	}
	// Go has a sentence of its own for a timeout.
	if want := strings.NewReplacer(name, by, "i/o timeout", "timeout").Replace(theirs.Error()); ours.Error() != want {
		t.Errorf("%s:\n    %s\nand in Go\n    %s", what, ours, want)
	}
	for _, is := range meanings {
		if errors.Is(ours, is[0]) != errors.Is(theirs, is[0]) {
			t.Errorf("%s: %v is not what it is in Go: %v", what, ours, is[0])
		}
	}
}
