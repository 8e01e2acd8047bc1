// Package gopeer is the peer of tests/peer/README.md on top of package bips: a producer, a
// consumer or a villain that is driven by its arguments and by lines of JSON.
//
// It is a package, so that test binaries can play it, with their own build tags and the race
// detector; tests/peer is the program.
package gopeer

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"
)

const usage = "usage: peer produce|consume|misbehave POOL [--OPTION=VALUE]..., see tests/peer/README.md"

// Main is the program. It returns when its input has ended and all is closed.
func Main(args []string) error {
	if len(args) < 2 {
		return errors.New(usage)
	}
	roles := map[string]func(pool string, args []string, out *output) error{
		"produce": produce, "consume": consume, "misbehave": misbehave,
	}
	role, ok := roles[args[0]]
	if !ok {
		return errors.New(usage)
	}
	return role(args[1], args[2:], &output{to: os.Stdout})
}

// options are a role's flags.
func options(role string) *flag.FlagSet {
	flags := flag.NewFlagSet("peer "+role, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // what is wrong is in the error
	return flags
}

func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%w\n%s", err, usage)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no option\n%s", flags.Arg(0), usage)
	}
	return nil
}

// micros is a flag for a duration in microseconds; -1 is for ever.
func micros(flags *flag.FlagSet, name string, otherwise int64) *time.Duration {
	d := time.Duration(otherwise) * time.Microsecond
	flags.Func(name, "", func(text string) error {
		var us int64
		if _, err := fmt.Sscanf(text, "%d", &us); err != nil {
			return err
		}
		d = ofMicros(us)
		return nil
	})
	if otherwise < 0 {
		d = -1
	}
	return &d
}

func ofMicros(us int64) time.Duration {
	if us < 0 {
		return -1 // bips.Forever
	}
	return time.Duration(us) * time.Microsecond
}

// newRandom draws what a peer does; seed 0 is another each time.
func newRandom(seed uint64) *rand.Rand {
	if seed == 0 {
		seed = rand.Uint64()
	}
	return rand.New(rand.NewPCG(seed, 0x5eed))
}

// upTo draws a duration of at most limit.
func upTo(random *rand.Rand, limit time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(limit) + 1))
}

func pick[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

// oneIn is true about once in n times; never if n is 0.
func oneIn(random *rand.Rand, n int) bool { return n > 0 && random.IntN(n) == 0 }
