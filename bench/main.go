package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
	"time"

	"github.com/bips-ipc/bips/bench/result"
)

// settings are the flags that the measuring commands share.
type settings struct {
	out      string
	name     string
	plugins  string
	floor    string
	tests    string
	libbips  string
	iceoryx2 string
	builds   string
	python   string
	scripts  string
	loop     string
	rounds   int
	quick    bool
	sweep    bool
	works    pattern
	pairs    pattern
	versions multi
	skipped  multi
}

// pattern is a flag that is a regular expression; without it everything matches.
type pattern struct{ *regexp.Regexp }

func (p *pattern) Set(text string) (err error) {
	p.Regexp, err = regexp.Compile(text)
	return err
}

func (p *pattern) String() string { return "" }

func (p *pattern) matches(name string) bool { return p.Regexp == nil || p.MatchString(name) }

// multi is a flag that may be given several times.
type multi []string

func (m *multi) Set(text string) error {
	if text != "" {
		*m = append(*m, text)
	}
	return nil
}

func (m *multi) String() string { return "" }

func parse(command string, args []string) *settings {
	s := &settings{}
	flags := flag.NewFlagSet("bench "+command, flag.ExitOnError)
	flags.StringVar(&s.out, "o", "bench-"+command+".jsonl", "the file to write")
	flags.StringVar(&s.name, "name", "this system's GStreamer", "what the report calls this setup")
	flags.StringVar(&s.plugins, "plugins", "", "folders of GStreamer plugins, with colons between")
	flags.StringVar(&s.floor, "floor", "", "the program that measures bare futexes")
	flags.StringVar(&s.tests, "tests", "", "the test binary of package bips")
	flags.StringVar(&s.libbips, "libbips", "", "the program that measures libbips (bench/alone)")
	flags.StringVar(&s.iceoryx2, "iceoryx2", "", "the program that measures the library iceoryx2 (bench/alone)")
	flags.StringVar(&s.builds, "builds", "", "the folder with libbips.so.0 and libbips.a, whose sizes are told")
	flags.StringVar(&s.python, "python", "", "the Python with bips and what it is measured beside")
	flags.StringVar(&s.scripts, "scripts", "bench/python", "the folder of measure.py")
	flags.StringVar(&s.loop, "loop", "", "the program that measures the loop over frames in C++ (bench/alone)")
	flags.IntVar(&s.rounds, "rounds", 5, "how often each pair does each work")
	flags.BoolVar(&s.quick, "quick", false, "short rounds, and two of them: to see whether it works")
	flags.BoolVar(&s.sweep, "sweep", false, "also the throughput by frame size")
	flags.Var(&s.works, "work", "only works whose id matches this regular expression")
	flags.Var(&s.pairs, "pair", "only pairs whose name matches this regular expression")
	flags.Var(&s.versions, "version", "a version to name in the report; may be repeated")
	flags.Var(&s.skipped, "skipped", "a sentence about what is left out; may be repeated")
	_ = flags.Parse(args)
	if s.quick {
		s.rounds = min(s.rounds, 2)
	}
	return s
}

// length is how long a measurement lasts that takes so long in a full run.
func (s *settings) length(full time.Duration) time.Duration {
	if s.quick {
		return full / 2
	}
	return full
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "alone" { // not on one thread: it is measured
		if err := alone(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench alone:", err)
			os.Exit(1)
		}
		return
	}
	// Children die with the thread that started them (PDEATHSIG): with the process.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: bench pairs|library|python|grow|report [flags]; -h after a command lists its flags")
	}
	commands := map[string]func(context.Context, *settings, *result.Setup) error{
		"pairs": measurePairs, "library": measureLibrary, "python": measurePython, "grow": measureGrowth,
	}
	if args[0] == "report" {
		return report(args[1:])
	}
	measure := commands[args[0]]
	if measure == nil {
		return fmt.Errorf("there is no command %q: use pairs, library, python, grow or report", args[0])
	}
	s := parse(args[0], args[1:])
	return s.measure(ctx, measure)
}

// measure runs one of the measuring commands and writes what it found: also what
// there is when it was interrupted.
func (s *settings) measure(ctx context.Context, measure func(context.Context, *settings, *result.Setup) error) error {
	setup := &result.Setup{Name: s.name, Versions: s.versions, Skipped: s.skipped, Load: loadOfOthers()}
	if setup.Load > 0.25*float64(runtime.NumCPU()) {
		progress("the machine is busy (others use %.1f processors): these will not be its best figures", setup.Load)
	}
	r := &result.Report{
		Date: time.Now().Format("2006-01-02 15:04"), Rounds: s.rounds, Quick: s.quick, Machine: thisMachine(),
	}
	before := processorTimes()
	err := measure(ctx, s, setup)
	setup.Stolen = processorTimes().stolenSince(before)
	r.Setups = []result.Setup{*setup}
	if path := filepath.Dir(s.out); err == nil || len(setup.Works) > 0 {
		if mkdir := os.MkdirAll(path, 0o777); mkdir != nil {
			return mkdir
		}
		if save := r.Save(s.out); save != nil {
			return save
		}
	}
	return err
}

// progress tells the user what goes on.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
