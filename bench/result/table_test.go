package result

import (
	"strings"
	"testing"
)

// cell is a pair whose rounds all went well.
func cell(pair string, spin int, metric string, values ...float64) Cell {
	c := Cell{Pair: pair, Spin: spin}
	for _, v := range values {
		c.Samples = append(c.Samples, Sample{Status: OK, Values: map[string]float64{metric: v}})
	}
	return c
}

func example() *Report {
	stalled := cell(UnixFD, 0, P50, 90)
	stalled.Samples = append(stalled.Samples, Sample{Status: Stalled, Detail: "no frame came"})
	return &Report{
		Date: "2025-01-02 03:04", Rounds: 3, Command: "make bench",
		Machine: Machine{CPU: "Some CPU", Cores: 2, Kernel: "6.1", Memory: "8 GiB"},
		Setups: []Setup{{
			Name: "Here", Versions: []string{"GStreamer 1.26"}, Load: 0.1,
			Works: []Work{{
				ID: "latency-1", Title: "latency", Size: 100, Metrics: []string{P50},
				Pairs: []Cell{
					cell(Shm, 0, P50, 50, 40, 60), stalled, cell(Bips, 0, P50, 20, 25, 21),
					cell(Bips, 100, P50, 2), cell(Floor, 0, P50, 9),
				},
			}, {
				ID: "tiny", Title: "tiny", Size: 64, Metrics: []string{FPS}, Sweep: true,
				Pairs: []Cell{cell(Shm, 0, FPS), cell(Bips, 0, FPS, 1_400_000), cell(Iceoryx2, 0, FPS, 200_000)},
			}},
		}},
	}
}

func markdown(r *Report) string {
	var text strings.Builder
	r.Markdown(&text, 2)
	return text.String()
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

func TestMarkdownHasMediansAndRanges(t *testing.T) {
	text := markdown(example())
	contains(t, text,
		"Some CPU, 2 cores, Linux 6.1, 8 GiB memory",
		"| latency: latency p50, us | 50.0 (40.0-60.0) | 90.0, stalled in 1 of 2 | 21.0 (20.0-25.0) | 2.00 | 9.00 |",
		"| tiny: frames/s | skipped |  | 1,400,000 |  |  | 200,000 |",
		"- latency, unixfdsink/unixfdsrc: stalled: no frame came")
	if strings.Contains(text, "busy") || strings.Contains(text, "apart") {
		t.Errorf("it warns of nothing:\n%s", text)
	}
}

func TestMarkdownWarns(t *testing.T) {
	r := example()
	s := &r.Setups[0]
	s.Load, s.Stolen, s.Skipped = 3.14, 0.2, []string{"cargo is not installed"}
	s.Works[0].Pairs[0] = cell(Shm, 0, P50, 50, 40, 500)
	contains(t, markdown(r), "a load of 3.1 at the start", "took 20%", "Left out: cargo is not installed.",
		"a factor of 2 apart in: latency-1 of shmsink/shmsrc")
}

func TestRatiosAreOfMedians(t *testing.T) {
	verdicts := example().Judge()
	if len(verdicts) != 2 {
		t.Fatalf("got %+v", verdicts)
	}
	low, high := verdicts[0], verdicts[1]
	if low.Against != Shm || low.Ratio != 21.0/50 || !low.Met {
		t.Errorf("latency: %+v", low)
	}
	if high.Against != Iceoryx2 || high.Ratio != 7 || !high.Met {
		t.Errorf("tiny frames: %+v", high)
	}
	contains(t, markdown(example()), "| 21.0 | 50.0 | 0.42 | <= 0.9 x shmsink/ shmsrc | met |")
}

func TestTheBestOfThePeersIsMeant(t *testing.T) {
	w := Work{ID: "touched", Metrics: []string{FPS}, Pairs: []Cell{
		cell(Shm, 0, FPS, 300), cell(UnixFD, 0, FPS, 30), cell(Iceoryx2, 0, FPS, 400), cell(Bips, 0, FPS, 390),
	}}
	r := Report{Setups: []Setup{{Works: []Work{w}}}}
	verdicts := r.Judge()
	if len(verdicts) != 1 || verdicts[0].Against != Iceoryx2 || verdicts[0].Met {
		t.Errorf("got %+v", verdicts)
	}
}

func TestSummaryIsThreeRowsOfTheFirstSetup(t *testing.T) {
	r := example()
	w := &r.Setups[0].Works[0]
	for i := range w.Pairs {
		for k := range w.Pairs[i].Samples {
			if values := w.Pairs[i].Samples[k].Values; values != nil {
				values[P99] = 7 * values[P50]
			}
		}
	}
	stalled := Cell{Pair: UnixFD, Samples: []Sample{{Status: Stalled}}}
	r.Setups[0].Works = append(r.Setups[0].Works, Work{
		ID: "untouched", Metrics: []string{FPS}, Pairs: []Cell{cell(Shm, 0, FPS, 1000), stalled, cell(Bips, 0, FPS, 9000)},
	})
	r.Setups = append(r.Setups, Setup{Name: "Second", Versions: []string{"Go 1.25"}})
	var text strings.Builder
	r.Summary(&text)
	contains(t, text.String(),
		"| latency at 300 frames/s, median (us) | 50.0 | 90.0 |  | 21.0 |\n",
		"| the same, 99 of 100 frames are faster (us) | 350 | 630 |  | 147 |\n",
		"| frames/s flat out | 1,000 | stalled |  | 9,000 |\n",
		"`make bench` repeats the measurement")
	if rows := strings.Count(text.String(), "\n|"); rows != 4 {
		t.Errorf("it has %d rows below its first line, not a rule and three figures:\n%s", rows, text.String())
	}
	if strings.Contains(text.String(), "Go 1.25") {
		t.Errorf("it has the second setup:\n%s", text.String())
	}
}

func TestGrowthHasARowForEachStep(t *testing.T) {
	step := func(title string, publish float64) Work {
		return Work{ID: title, Group: "Slots", Title: title, Metrics: []string{Publish, RSS}, Pairs: []Cell{cell(Bips, 0, Publish, publish)}}
	}
	failed := Work{Group: "Slots", Title: "2", Metrics: []string{Publish, RSS}, Pairs: []Cell{{Pair: Bips, Samples: []Sample{{Status: Failed, Detail: "pool full"}}}}}
	r := Report{Setups: []Setup{{Versions: []string{"x"}, Works: []Work{failed, step("8", 1.5), step("16", 1.6)}}}}
	contains(t, markdown(&r), "| Slots | publication p50, us | consumer RSS, MB |", "| 2 | failed in 1 of 1 |", "| 8 | 1.50 |", "| 16 | 1.60 |")
}

func TestSummaryOfRounds(t *testing.T) {
	c := cell(Bips, 0, P50, 4, 1, 3, 2)
	c.Samples = append(c.Samples, Sample{Status: Failed, Values: map[string]float64{P50: 1000}})
	if s := c.Summary(P50); s != (Summary{Median: 2.5, Min: 1, Max: 4, Rounds: 4}) || s.Spread() != 4 {
		t.Errorf("got %+v", s)
	}
	if s := c.Summary(FPS); s.Rounds != 0 {
		t.Errorf("of nothing: %+v", s)
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0.123: "0.12", 9.99: "9.99", 12.34: "12.3", 123.4: "123", 1234567: "1,234,567"} {
		if got := short(v); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
}
