package main

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bips-ipc/bips/bench/result"
)

// exchanges are the works of "bench library": two processes hand a frame of 64 bytes
// to and fro. Each has benchmarks in package bips and, in C, the floor.
var exchanges = []struct {
	id, title string
	rows      []exchangeRow
	floorSpin string
}{
	{
		id: "exchange-sleeping", title: "a frame of 64 bytes there and back, spin 0", floorSpin: "0",
		rows: []exchangeRow{
			{result.Library, 0, "BenchmarkExchange/sleeping"},
			{result.FutexGo, 0, "BenchmarkFutex/sleeping"},
		},
	}, {
		id: "exchange-spinning", title: "the same, spinning", floorSpin: "1",
		rows: []exchangeRow{
			{result.Library, 100, "BenchmarkExchange/spinning"},
			{result.FutexGo, 0, "BenchmarkFutex/spinning"},
		},
	},
}

type exchangeRow struct {
	pair      string
	spin      int
	benchmark string
}

// measureLibrary is "bench library".
func measureLibrary(ctx context.Context, s *settings, setup *result.Setup) error {
	setup.Versions = append(setup.Versions, goVersion())
	if s.tests == "" {
		setup.Skipped = append(setup.Skipped, "package bips: its benchmarks could not be built")
	}
	for _, e := range exchanges {
		work := result.Work{ID: e.id, Title: e.title, Size: 64, Consumers: 1, Metrics: []string{result.Exchanges}}
		for _, row := range e.rows {
			work.Pairs = append(work.Pairs, result.Cell{Pair: row.pair, Spin: row.spin})
		}
		work.Pairs = append(work.Pairs, result.Cell{Pair: result.Floor})
		setup.Works = append(setup.Works, work)
	}
	for round := range s.rounds {
		for i, e := range exchanges {
			cells := setup.Works[i].Pairs
			for k, row := range e.rows {
				if s.tests != "" {
					cells[k].Samples = append(cells[k].Samples, s.goExchange(ctx, row.benchmark))
				}
			}
			floor := &cells[len(cells)-1]
			floor.Samples = append(floor.Samples, s.bareExchange(ctx, e.floorSpin))
			if err := ctx.Err(); err != nil {
				return err
			}
			for _, cell := range cells {
				if n := len(cell.Samples); n > 0 {
					progress("round %d of %d, %s, %s: %s", round+1, s.rounds, e.id, cell.Title(), describe(cell.Samples[n-1], setup.Works[i].Metrics))
				}
			}
		}
	}
	return nil
}

// exchangeLength is how long one round of one row takes.
const exchangeLength = time.Second

func (s *settings) goExchange(ctx context.Context, benchmark string) result.Sample {
	length := s.length(exchangeLength)
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

func (s *settings) bareExchange(ctx context.Context, spin string) result.Sample {
	if s.floor == "" {
		return result.Sample{Status: result.Skipped, Detail: "the program was not built"}
	}
	length := s.length(exchangeLength)
	m, err := bare(ctx, s.floor, length+overtime, "exchange", spin, fmt.Sprint(length.Seconds()))
	if err != nil {
		return failed(err)
	}
	return roundTrips(float64(m.RoundTrips) / m.Elapsed)
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
