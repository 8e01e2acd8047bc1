package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/bips-ipc/bips/bench/result"
)

// growth is one step of "bench grow": a table's row.
type growth struct {
	group, title string
	job          job
	consumers    int // 0: 1
	width        int // pixels of RGBA; 0: 1920x1080 NV12
	height       int
}

const (
	byConsumers = "Consumers"
	bySize      = "Frame size, one consumer"
	bySlots     = "Slots, one consumer"
	byTrouble   = "Consumers in trouble (mode latest)"
)

// growths lists all steps. The rate is 300 frames/s, and frames are not touched: what
// grows is what BIPS has to do.
func growths() (all []growth) {
	for _, n := range []int{1, 2, 4, 8, 16} {
		// As many slots for one consumer as for 16, which hold 3 frames each.
		all = append(all, growth{group: byConsumers, title: fmt.Sprint(n), consumers: n, job: job{slots: 64}})
	}
	for _, s := range []struct {
		title         string
		width, height int
	}{
		{"64 bytes (4x4)", 4, 4}, {"4 KB (32x32)", 32, 32}, {"256 KB (256x256)", 256, 256},
		{"8.3 MB (1920x1080)", 1920, 1080}, {"33 MB (3840x2160)", 3840, 2160}, {"133 MB (7680x4320)", 7680, 4320},
	} {
		all = append(all, growth{group: bySize, title: s.title, width: s.width, height: s.height, job: job{slots: 8}})
	}
	for _, n := range []int{2, 4} {
		// So few are enough for a consumer only if each frame is copied out of its slot.
		all = append(all, growth{group: bySlots, title: fmt.Sprintf("%d (max-held=1)", n), job: job{slots: n, maxHeld: 1}})
	}
	for _, n := range []int{6, 8, 16, 32, 64} {
		all = append(all, growth{group: bySlots, title: fmt.Sprint(n), job: job{slots: n, maxHeld: 2}})
	}
	return append(all,
		growth{group: byTrouble, title: "two, both quick", consumers: 2},
		growth{group: byTrouble, title: "two, one stopped (SIGSTOP)", consumers: 2, job: job{stop: true}},
		growth{group: byTrouble, title: "two, one ten times too slow", consumers: 2, job: job{slow: 33_333}},
	)
}

func (g *growth) work() *work {
	w := &work{
		title: g.title, format: "NV12", width: 1920, height: 1080, rate: 300, consumers: max(g.consumers, 1),
		length: 1500 * time.Millisecond,
		metrics: []string{
			result.Publish, result.Publish9, result.Acquire, result.P50, result.CPU,
			result.RSS, result.PSS, result.Private, result.Tables, result.SrcRSS, result.SrcPSS,
		},
	}
	if g.width > 0 {
		w.format, w.width, w.height = "RGBA", g.width, g.height
	}
	return w
}

// measureGrowth is "bench grow".
func measureGrowth(ctx context.Context, s *settings, setup *result.Setup) error {
	r, err := newRunner(s, setup)
	if err != nil {
		return err
	}
	defer r.close()
	own := slices.IndexFunc(pairs, func(p pair) bool { return p.name == result.Bips })
	if !pairs[own].has(r.env) {
		return fmt.Errorf("GStreamer does not find bipssink in %q", s.plugins)
	}
	setup.Versions = append(setup.Versions, result.Bips+" "+pairs[own].version(r.env),
		fmt.Sprintf("all processes share %d cores", runtime.NumCPU()))
	var steps []growth
	for _, g := range growths() {
		if r.works.matches(g.group + " " + g.title) {
			steps = append(steps, g)
			w := g.work()
			setup.Works = append(setup.Works, result.Work{
				ID: g.group + ": " + g.title, Group: g.group, Title: g.title, Size: w.size(), Consumers: w.consumers,
				Metrics: w.metrics, Pairs: []result.Cell{{Pair: result.Bips}},
			})
		}
	}
	for round := range r.rounds {
		for i := range steps {
			cell := &setup.Works[i].Pairs[0]
			r.grow(ctx, &steps[i], cell)
			if err := ctx.Err(); err != nil {
				return err
			}
			progress("round %d of %d, %s: %s", round+1, r.rounds, setup.Works[i].ID,
				describe(cell.Samples[len(cell.Samples)-1], setup.Works[i].Metrics))
		}
	}
	return nil
}

func (r *runner) grow(ctx context.Context, g *growth, cell *result.Cell) {
	if (contestant{cell: cell}).givenUp() {
		return
	}
	j, used := g.job, map[string]float64{}
	own := slices.IndexFunc(pairs, func(p pair) bool { return p.name == result.Bips })
	j.work, j.pair = g.work(), &pairs[own]
	j.length = r.length(j.work.length).Seconds()
	j.watch = func(c *crew) {
		addMemory(used, c.producer.cmd.Process.Pid, memoryKeys{rss: result.SrcRSS, pss: result.SrcPSS})
		addMemory(used, c.consumers[0].cmd.Process.Pid, memoryKeys{result.RSS, result.PSS, result.Private, result.Tables})
	}
	sample, _ := r.do(ctx, &j)
	for metric, v := range used {
		if sample.Status == result.OK {
			sample.Values[metric] = v
		}
	}
	cell.Samples = append(cell.Samples, sample)
}

// memoryKeys are the metrics under which a process's memory is noted; "": not at all.
type memoryKeys struct{ rss, pss, private, tables string }

// addMemory notes what a process uses now. In PSS each page is shared by those who map it.
func addMemory(to map[string]float64, pid int, keys memoryKeys) {
	smaps, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return // not everybody may look, and it may have ended
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	text := string(smaps)
	for key, kilobytes := range map[string]uint64{
		keys.rss:     field(text, "Rss"),
		keys.pss:     field(text, "Pss"),
		keys.private: field(text, "Private_Clean") + field(text, "Private_Dirty"),
	} {
		if key != "" {
			to[key] = float64(kilobytes) / 1024
		}
	}
	if keys.tables != "" {
		to[keys.tables] = float64(field(string(status), "VmPTE"))
	}
}
