package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bips-ipc/bips/bench/result"
)

// aloneWork is a work of "bench library" or "bench python": what bench/alone/README.md and bench/python/README.md describe.
type aloneWork struct {
	id, title string
	size      int
	consumers int
	length    time.Duration
	metrics   []string
	rows      []aloneRow
}

// aloneRow is one library that does the work.
type aloneRow struct {
	pair string
	spin int
	// words are those of the pair's program, without the last one, which is the length in seconds.
	words []string
	// benchmark, in the place of words, is one of package bips.
	benchmark string
}

const exchangeLength = time.Second

var aloneWorks = []aloneWork{
	{
		id: "exchange-sleeping", title: "a frame of 64 bytes there and back, spin 0", size: 64, consumers: 1,
		length: exchangeLength, metrics: []string{result.Exchanges},
		rows: []aloneRow{
			{pair: result.LibC, words: []string{"exchange", "0"}},
			{pair: result.Library, benchmark: "BenchmarkExchange/sleeping"},
			{pair: result.IceoryxRs, words: []string{"exchange", "0"}},
			{pair: result.FutexGo, benchmark: "BenchmarkFutex/sleeping"},
			{pair: result.Floor, words: []string{"exchange", "0"}},
		},
	}, {
		id: "exchange-spinning", title: "the same, spinning", size: 64, consumers: 1,
		length: exchangeLength, metrics: []string{result.Exchanges},
		rows: []aloneRow{
			{pair: result.LibC, spin: 100, words: []string{"exchange", "100"}},
			{pair: result.Library, spin: 100, benchmark: "BenchmarkExchange/spinning"},
			{pair: result.IceoryxRs, words: []string{"exchange", "100"}},
			{pair: result.FutexGo, benchmark: "BenchmarkFutex/spinning"},
			{pair: result.Floor, words: []string{"exchange", "100"}},
		},
	},
	oneWay("4 KiB", 4<<10), oneWay("1 MiB", 1<<20), oneWay("8 MiB", 8<<20),
	wakeUp("300 frames/s of 64 bytes, 1 reader that sleeps", 1), wakeUp("the same, 4 readers", 4),
}

func oneWay(size string, bytes int) aloneWork {
	words := []string{"flow", fmt.Sprint(bytes)}
	return aloneWork{
		id: fmt.Sprint("flow-", bytes), title: "one way, " + size + ", every byte written and read", size: bytes, consumers: 1,
		length: 500 * time.Millisecond, metrics: []string{result.FPS, result.Bandwidth},
		rows: []aloneRow{
			{pair: result.LibC, words: words}, {pair: result.Library, words: words}, {pair: result.IceoryxRs, words: words},
		},
	}
}

func wakeUp(title string, consumers int) aloneWork {
	words := []string{"latency", fmt.Sprint(consumers), "0", "300"}
	return aloneWork{
		id: fmt.Sprint("wake-", consumers), title: title, size: 64, consumers: consumers,
		length: time.Second, metrics: []string{result.P50, result.P99},
		rows: []aloneRow{
			{pair: result.LibC, words: words}, {pair: result.Library, words: words},
			{pair: result.IceoryxRs, words: words}, {pair: result.Floor, words: words},
		},
	}
}

// measureLibrary is "bench library".
func measureLibrary(ctx context.Context, s *settings, setup *result.Setup) error {
	setup.Versions = append(setup.Versions, goVersion())
	programs, err := s.programs(setup)
	if err != nil {
		return err
	}
	if err := s.measureAlone(ctx, setup, aloneWorks, programs); err != nil {
		return err
	}
	s.measureSizes(ctx, setup)
	return nil
}

// measureAlone does works with all programs that there are, in interleaved rounds. programs are the commands of the pairs.
func (s *settings) measureAlone(ctx context.Context, setup *result.Setup, works []aloneWork, programs map[string][]string) error {
	pools, err := os.MkdirTemp("/dev/shm", "bips-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(pools)
	if err := os.Setenv("BIPS_SHM_DIR", pools); err != nil { // of the programs
		return err
	}
	var chosen []*aloneWork
	var rows [][]aloneRow // those that can be measured
	for i := range works {
		w := &works[i]
		if !s.works.matches(w.id) {
			continue
		}
		work := result.Work{ID: w.id, Title: w.title, Size: w.size, Consumers: w.consumers, Metrics: w.metrics}
		var own []aloneRow
		for _, row := range w.rows {
			if s.pairs.matches(row.pair) && (row.benchmark != "" && s.tests != "" || row.benchmark == "" && programs[row.pair] != nil) {
				work.Pairs = append(work.Pairs, result.Cell{Pair: row.pair, Spin: row.spin})
				own = append(own, row)
			}
		}
		if len(own) > 0 {
			chosen, rows, setup.Works = append(chosen, w), append(rows, own), append(setup.Works, work)
		}
	}
	for round := range s.rounds {
		for i, w := range chosen {
			for k := range rows[i] {
				at := (k + round) % len(rows[i]) // each begins once
				cell := &setup.Works[i].Pairs[at]
				sample, latency := s.aloneSample(ctx, w, rows[i][at], programs)
				if err := ctx.Err(); err != nil {
					return err
				}
				cell.Samples = append(cell.Samples, sample)
				cell.Latency.Merge(latency)
				progress("round %d of %d, %s, %s: %s", round+1, s.rounds, w.id, cell.Title(), describe(sample, w.metrics))
			}
		}
	}
	return nil
}

// programs are the commands that measure the pairs. What is not there is named in the report.
func (s *settings) programs(setup *result.Setup) (map[string][]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	programs := map[string][]string{result.Library: {self, "alone"}}
	for pair, path := range map[string]string{result.LibC: s.libbips, result.IceoryxRs: s.iceoryx2, result.Floor: s.floor} {
		if path != "" {
			programs[pair] = []string{path}
		}
	}
	if s.libbips == "" {
		setup.Skipped = append(setup.Skipped, "libbips: its program was not built")
	}
	if s.tests == "" {
		setup.Skipped = append(setup.Skipped, "exchanges of package bips: its benchmarks could not be built")
	}
	return programs, nil
}

// aloneSample is one round of one row.
func (s *settings) aloneSample(ctx context.Context, w *aloneWork, row aloneRow, programs map[string][]string) (result.Sample, result.Histogram) {
	length := s.length(w.length)
	if row.benchmark != "" {
		return s.goExchange(ctx, row.benchmark, length), result.Histogram{}
	}
	command := append(append(programs[row.pair][:len(programs[row.pair]):len(programs[row.pair])], row.words...), fmt.Sprint(length.Seconds()))
	m, err := bare(ctx, command[0], length+2*overtime, command[1:]...)
	if err != nil {
		return failed(err), result.Histogram{}
	}
	switch {
	case m.RoundTrips > 0:
		return roundTrips(float64(m.RoundTrips) / m.Elapsed), result.Histogram{}
	case m.Bench == "loop" && m.Frames > 0:
		return result.Sample{Status: result.OK, Values: map[string]float64{result.PerFrame: m.Elapsed / float64(m.Frames) * 1e9}}, result.Histogram{}
	case m.Frames > 1:
		perSecond := float64(m.Frames-1) / m.Elapsed
		return result.Sample{Status: result.OK, Values: map[string]float64{
			result.FPS: perSecond, result.Bandwidth: perSecond * float64(w.size) / 1e9,
		}}, result.Histogram{}
	case m.Latency.Count() > 0:
		return result.Sample{Status: result.OK, Values: map[string]float64{
			result.P50: m.Latency.Quantile(0.5), result.P99: m.Latency.Quantile(0.99),
		}}, m.Latency
	}
	return failed(fmt.Errorf("%s: nothing was handed over", strings.Join(command, " "))), result.Histogram{}
}

func (s *settings) goExchange(ctx context.Context, benchmark string, length time.Duration) result.Sample {
	ctx, cancel := context.WithTimeout(ctx, 10*length+overtime)
	defer cancel()
	// The library's benchmark finds out by itself how often it must run to take so long.
	run := exec.CommandContext(ctx, s.tests, "-test.run=^$", "-test.bench=^"+strings.ReplaceAll(benchmark, "/", "$/^")+"$",
		"-test.benchtime="+length.String())
	out, err := run.CombinedOutput()
	ns, found := parseBenchmark(string(out), benchmark)
	if !found {
		return failed(fmt.Errorf("%s: %v: %s", benchmark, err, strings.Join(strings.Fields(string(out)), " ")))
	}
	return roundTrips(1e9 / ns)
}

// roundTrips makes a sample of them: each is two exchanges.
func roundTrips(perSecond float64) result.Sample {
	return result.Sample{Status: result.OK, Values: map[string]float64{result.Exchanges: 2 * perSecond}}
}

var benchmarkRow = regexp.MustCompile(`^(Benchmark\S+?)(?:-\d+)?\s+\d+\s+([0-9.e+]+) ns/op`)

// parseBenchmark finds a benchmark in the output of "go test -bench", and returns how
// many nanoseconds an operation took.
func parseBenchmark(output, name string) (ns float64, found bool) {
	lines := bufio.NewScanner(strings.NewReader(output))
	for lines.Scan() {
		if m := benchmarkRow.FindStringSubmatch(lines.Text()); m != nil && m[1] == name {
			ns, err := strconv.ParseFloat(m[2], 64)
			return ns, err == nil
		}
	}
	return 0, false
}
