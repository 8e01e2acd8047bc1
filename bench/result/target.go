package result

import (
	"cmp"
	"fmt"
)

// Pairs, as Cell.Pair names them.
const (
	Bips      = "bips"       // the elements
	BipsMemfd = "bips-memfd" // the same, with the backend memfd
	Library   = "library"    // package bips without them
	LibC      = "libbips"    // the library in C, without them
	Shm       = "shm"
	UnixFD    = "unixfd"
	Iceoryx2  = "iceoryx2"
	IceoryxRs = "iceoryx2-library" // iceoryx2 without its elements
	FloorPair = "floor-pair"       // elements of a futex and shared slots, without any safety
	Floor     = "floor"            // bare futexes in C
	FutexGo   = "futex in Go"
)

// Pairs of "bench python": libraries in Python, and what the loop over frames costs elsewhere.
const (
	Python        = "python"
	PySharedMem   = "python-shared-memory"
	PyZmqCopy     = "pyzmq-copy"
	PyZmq         = "pyzmq"
	PyIceoryx2    = "python-iceoryx2"
	LibCpp        = "bips.hpp"
	PythonArray   = "python-array"    // the loop with numpy.asarray
	PythonSmall   = "python-array-64" // arrays of 64 bytes
	PythonPicture = "python-array-4k" // arrays of a 4K picture
)

// peers are what BIPS is compared with, in the order of the tables.
var peers = []string{Shm, UnixFD, Iceoryx2}

// target is a ratio of medians that is aimed at.
type target struct {
	work, metric string
	ours         string // a pair; "": Bips
	against      string // a pair, "best" of the peers, or "" for a number as such
	spin         int    // of ours
	factor       float64
	plus         float64 // in the place of factor: ours may be so much more than the other's
}

// The aims of the project. A metric that should be low may be at most factor times
// the other's, or plus more than it; one that should be high must be at least factor times it.
var targets = []target{
	{work: "latency-1", metric: P50, against: Shm, factor: 0.9},
	{work: "latency-1", metric: P50, against: FloorPair, factor: 1.2},
	{work: "latency-1", metric: P99, against: Shm, factor: 0.9},
	{work: "latency-1", metric: CPU, against: Shm, factor: 1},
	{work: "latency-1", metric: ReaderCPU, against: Shm, factor: 1},
	{work: "latency-4", metric: P50, against: Shm, factor: 0.9},
	{work: "latency-4", metric: P50, against: FloorPair, factor: 1.2},
	{work: "latency-4", metric: P99, against: Shm, factor: 0.9},
	{work: "latency-4", metric: CPU, against: Shm, factor: 1},
	{work: "latency-4", metric: ReaderCPU, against: Shm, factor: 1},
	{work: "untouched", metric: FPS, against: Shm, factor: 3},
	{work: "touched", metric: FPS, against: best, factor: 1},
	{work: "tiny", metric: FPS, against: Iceoryx2, factor: 2},
	{work: "exchange-spinning", metric: Exchanges, ours: LibC, factor: 1e6, spin: 100},
	{work: "exchange-spinning", metric: Exchanges, ours: Library, factor: 1e6, spin: 100},
	// What RidgeRun's BIPS, whose words these libraries speak, publishes of itself.
	{work: "exchange-sleeping", metric: Exchanges, ours: LibC, factor: 7000},
	{work: "wake-1", metric: P50, ours: LibC, factor: 800},
	{work: "flow-8388608", metric: Bandwidth, ours: LibC, factor: 3},
	{work: "exchange-sleeping", metric: Exchanges, ours: Library, against: FutexGo, factor: 0.9},
	// What Python adds to a frame, 2 us at most; and arrays cost the same, however large the frame is.
	{work: "python-loop", metric: PerFrame, ours: Python, against: LibCpp, plus: 2000},
	{work: "python-loop", metric: PerFrame, ours: PythonArray, against: LibCpp, plus: 2000},
	{work: "python-array", metric: PerFrame, ours: PythonPicture, against: PythonSmall, factor: 1.2},
}

const best = "best"

// Verdict is a target and what came of it.
type Verdict struct {
	Setup   string
	Work    string
	Metric  string
	Against string
	Spin    int
	Ours    float64
	Theirs  float64
	Ratio   float64
	Target  float64
	Plus    float64
	Met     bool
	lower   bool
	title   string
}

// Judge compares the medians with the targets, as far as both sides were measured.
func (r *Report) Judge() []Verdict {
	var verdicts []Verdict
	for i := range r.Setups {
		s := &r.Setups[i]
		for _, t := range targets {
			if v, ok := t.judge(s); ok {
				verdicts = append(verdicts, v)
			}
		}
	}
	return verdicts
}

func (t target) judge(s *Setup) (Verdict, bool) {
	work := s.Work(t.work)
	ours := work.Cell(cmp.Or(t.ours, Bips), t.spin).Summary(t.metric)
	if ours.Rounds == 0 {
		return Verdict{}, false
	}
	lower := units[t.metric].lower
	v := Verdict{
		Setup: s.Name, Work: t.work, Metric: t.metric, Against: t.against, Spin: t.spin,
		Ours: ours.Median, Ratio: ours.Median, Target: t.factor, Plus: t.plus,
		lower: lower, title: work.Title,
	}
	if t.ours == LibC || t.ours == PythonArray { // package bips was the only library when the first results were written
		v.title += ", " + title(t.ours, 0)
	}
	if t.against != "" {
		pair, theirs, ok := t.rival(work)
		if !ok {
			return Verdict{}, false
		}
		v.Against, v.Theirs, v.Ratio = pair, theirs, ours.Median/theirs
	}
	switch {
	case t.plus > 0:
		v.Met = v.Ours <= v.Theirs+t.plus
	case lower:
		v.Met = v.Ratio <= t.factor
	default:
		v.Met = v.Ratio >= t.factor
	}
	return v, true
}

// rival finds whom to compare with, and its median.
func (t target) rival(w *Work) (pair string, median float64, ok bool) {
	candidates := []string{t.against}
	if t.against == best {
		candidates = peers
	}
	for _, candidate := range candidates {
		theirs := w.Cell(candidate, 0).Summary(t.metric)
		if theirs.Rounds == 0 || theirs.Median <= 0 {
			continue
		}
		better := theirs.Median > median
		if units[t.metric].lower {
			better = theirs.Median < median
		}
		if !ok || better {
			pair, median, ok = candidate, theirs.Median, true
		}
	}
	return pair, median, ok
}

// aim writes the target: "<= 0.6 x shm".
func (v Verdict) aim() string {
	sign := ">="
	if v.lower {
		sign = "<="
	}
	if v.Against == "" {
		return fmt.Sprintf("%s %s", sign, thousands(v.Target))
	}
	if v.Plus > 0 {
		return fmt.Sprintf("%s %s + %s", sign, title(v.Against, 0), thousands(v.Plus))
	}
	return fmt.Sprintf("%s %.1f x %s", sign, v.Target, title(v.Against, 0))
}
