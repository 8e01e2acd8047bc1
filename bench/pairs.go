package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/bips-ipc/bips/bench/result"
)

// runner is where jobs run.
type runner struct {
	*settings
	scratch string
	env     []string // of all children
	setup   *result.Setup
}

// newRunner makes a scratch folder and an environment with GStreamer's registry in
// it: nothing of the user's own settings, and nothing to look for at each start.
func newRunner(s *settings, setup *result.Setup) (*runner, error) {
	scratch, err := os.MkdirTemp("", "bips-bench-")
	if err != nil {
		return nil, err
	}
	r := &runner{settings: s, scratch: scratch, setup: setup}
	// Pools lie where they do in production, but in a folder that goes with us.
	pools, err := os.MkdirTemp("/dev/shm", "bips-bench-")
	if err != nil {
		r.close()
		return nil, err
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GST_") && !strings.HasPrefix(v, "BIPS_") {
			r.env = append(r.env, v)
		}
	}
	r.env = append(r.env, "GST_PLUGIN_PATH_1_0="+s.plugins, "GST_REGISTRY="+scratch+"/registry", "BIPS_SHM_DIR="+pools, "LANG=C.UTF-8")
	if !hasElement(r.env, "benchsrc") {
		r.close()
		return nil, fmt.Errorf("GStreamer does not find benchsrc in %q: bench/run builds it and says where it is", s.plugins)
	}
	r.env = append(r.env, "GST_REGISTRY_UPDATE=no")
	setup.Versions = append(setup.Versions, gstreamerVersion(r.env))
	return r, nil
}

func (r *runner) close() {
	_ = os.RemoveAll(r.scratch)
	for _, v := range r.env {
		if pools, ok := strings.CutPrefix(v, "BIPS_SHM_DIR="); ok {
			_ = os.RemoveAll(pools)
		}
	}
}

func gstreamerVersion(env []string) string {
	launch := exec.Command("gst-launch-1.0", "--version")
	launch.Env = env
	out, _ := launch.Output()
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "GStreamer ") {
			return strings.TrimSpace(line)
		}
	}
	return "GStreamer ?"
}

// measurePairs is "bench pairs".
func measurePairs(ctx context.Context, s *settings, setup *result.Setup) error {
	r, err := newRunner(s, setup)
	if err != nil {
		return err
	}
	defer r.close()
	return r.measureAll(ctx, r.available())
}

// available are the pairs that are there. Those that are not are named in the report.
func (r *runner) available() (found []*pair) {
	for i := range pairs {
		p := &pairs[i]
		switch {
		case !r.pairs.matches(p.name):
		case !p.has(r.env):
			r.skip("%s and %s: this GStreamer does not have them", p.elements[0], p.elements[1])
		default:
			found = append(found, p)
			if v := p.version(r.env); p.name == result.Bips || p.name == result.Iceoryx2 {
				r.setup.Versions = append(r.setup.Versions, p.name+" "+v)
			}
		}
	}
	return found
}

func (r *runner) skip(format string, args ...any) {
	sentence := fmt.Sprintf(format, args...)
	progress("left out: %s", sentence)
	r.setup.Skipped = append(r.setup.Skipped, sentence)
}

// contestant is a pair with or without spinning, or the floor.
type contestant struct {
	cell *result.Cell
	pair *pair // nil: the floor
}

// measureAll goes through all works in rounds: what disturbs the machine for a while
// disturbs all pairs.
func (r *runner) measureAll(ctx context.Context, found []*pair) error {
	var chosen []*work
	var field [][]contestant
	for i := range works {
		w := &works[i]
		if !r.works.matches(w.id) || w.optional && !r.sweep {
			continue
		}
		chosen = append(chosen, w)
	}
	r.setup.Works = make([]result.Work, len(chosen))
	for i, w := range chosen {
		r.setup.Works[i] = result.Work{
			ID: w.id, Title: w.title, Size: w.size(), Consumers: w.consumers, Sweep: w.sweep, Optional: w.optional, Metrics: w.metrics,
			Pairs: r.cells(w, found),
		}
		field = append(field, r.contestants(&r.setup.Works[i], found))
	}
	for round := range r.rounds {
		for i, w := range chosen {
			for k := range field[i] {
				// Each begins once.
				one := field[i][(k+round)%len(field[i])]
				if err := ctx.Err(); err != nil {
					return err
				}
				r.contest(ctx, w, one, round)
			}
		}
	}
	return nil
}

func (r *runner) cells(w *work, found []*pair) (cells []result.Cell) {
	for _, p := range found {
		if p.mayLose && w.rate == 0 {
			continue
		}
		for _, spin := range p.spins {
			if spin == 0 || !w.noSpin {
				cells = append(cells, result.Cell{Pair: p.name, Spin: spin})
			}
		}
	}
	if r.floor != "" && !w.noFloor && r.pairs.matches(result.Floor) {
		cells = append(cells, result.Cell{Pair: result.Floor})
		if w.consumers < runtime.NumCPU() { // else they spin in each other's way
			cells = append(cells, result.Cell{Pair: result.Floor, Spin: 100})
		}
	}
	return cells
}

func (r *runner) contestants(w *result.Work, found []*pair) (all []contestant) {
	for i := range w.Pairs {
		one := contestant{cell: &w.Pairs[i]}
		for _, p := range found {
			if p.name == one.cell.Pair {
				one.pair = p
			}
		}
		all = append(all, one)
	}
	return all
}

// contest runs one round of one work for one contestant.
func (r *runner) contest(ctx context.Context, w *work, one contestant, round int) {
	var sample result.Sample
	var latency result.Histogram
	length := r.length(w.length).Seconds()
	switch {
	case one.givenUp():
		sample = result.Sample{Status: result.Skipped, Detail: "after two rounds in a row that did not go well"}
	case one.pair == nil:
		sample, latency = r.floorSample(ctx, w, one.cell.Spin, length)
	default:
		sample, latency = r.do(ctx, &job{work: w, pair: one.pair, spin: one.cell.Spin, length: length})
	}
	if ctx.Err() != nil {
		return
	}
	one.cell.Samples = append(one.cell.Samples, sample)
	if w.rate > 0 {
		one.cell.Latency.Merge(latency)
	}
	progress("round %d of %d, %s, %s: %s", round+1, r.rounds, w.id, one.cell.Title(), describe(sample, w.metrics))
}

// givenUp: two bad rounds in a row cost time enough.
func (one contestant) givenUp() bool {
	n := len(one.cell.Samples)
	return n >= 2 && one.cell.Samples[n-1].Status != result.OK && one.cell.Samples[n-2].Status != result.OK
}

func (r *runner) floorSample(ctx context.Context, w *work, spin int, length float64) (result.Sample, result.Histogram) {
	m, err := bare(ctx, r.floor, time.Duration(length*float64(time.Second))+overtime,
		"latency", fmt.Sprint(w.consumers), fmt.Sprint(spin), fmt.Sprint(w.rate), fmt.Sprint(length))
	if err != nil {
		return failed(err), m.Latency
	}
	return result.Sample{Status: result.OK, Values: map[string]float64{
		result.P50: m.Latency.Quantile(0.5), result.P99: m.Latency.Quantile(0.99),
	}}, m.Latency
}

// describe is a sample on one line.
func describe(s result.Sample, metrics []string) string {
	if s.Status != result.OK {
		return fmt.Sprintf("%s: %s", s.Status, s.Detail)
	}
	var parts []string
	for _, metric := range metrics {
		if v, ok := s.Values[metric]; ok {
			parts = append(parts, result.Describe(metric, v))
		}
	}
	return strings.Join(parts, ", ")
}
