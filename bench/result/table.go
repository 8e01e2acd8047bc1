package result

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// busy is the load per core from which a run's figures are doubted, and
// spread how far apart rounds may lie.
const (
	busyPerCore = 0.25
	wideSpread  = 2
)

var titles = map[string]string{
	Bips:      "bipssink/ bipssrc",
	BipsMemfd: "bipssink/ bipssrc, memfd",
	Library:   "package bips",
	LibC:      "libbips",
	IceoryxRs: "iceoryx2 (Rust)",
	Shm:       "shmsink/ shmsrc",
	UnixFD:    "unixfdsink/ unixfdsrc",
	Iceoryx2:  "gst-plugin-iceoryx2",
	FloorPair: "floorsink/ floorsrc",
	Floor:     "bare futex (C)",
	FutexGo:   "bare futex (Go)",

	Python:        "bips (Python)",
	PySharedMem:   "shared_memory, Condition",
	PyZmqCopy:     "pyzmq",
	PyZmq:         "pyzmq, copy=False",
	PyIceoryx2:    "iceoryx2 (Python)",
	LibCpp:        "bips.hpp (C++)",
	PythonArray:   "bips (Python), numpy.asarray",
	PythonSmall:   "numpy.asarray of 64 bytes",
	PythonPicture: "numpy.asarray of 4K NV12 (12 MB)",
}

// title is a pair's name in a table.
func title(pair string, spin int) string {
	name := titles[pair]
	if name == "" {
		name = pair
	}
	if spin > 0 {
		name += fmt.Sprintf(", spin %d us", spin)
	}
	return name
}

// Title is a pair's name in tables and pictures.
func (c *Cell) Title() string { return strings.ReplaceAll(title(c.Pair, c.Spin), "/ ", "/") }

// Markdown writes all of the report: the machine, a table for each setup, the targets.
func (r *Report) Markdown(w io.Writer, level int) {
	heading := strings.Repeat("#", level) + " "
	fmt.Fprintln(w, r.machineLine())
	for i := range r.Setups {
		fmt.Fprintf(w, "\n%s%s\n\n", heading, r.Setups[i].Name)
		r.writeSetup(w, &r.Setups[i])
	}
	if verdicts := r.Judge(); len(verdicts) > 0 {
		fmt.Fprintf(w, "\n%sTargets\n\n", heading)
		writeVerdicts(w, verdicts)
	}
}

// summaryRows are the figures that README.md shows.
var summaryRows = []struct{ work, metric, title string }{
	{"latency-1", P50, "latency at 300 frames/s, median (us)"},
	{"latency-1", P99, "the same, 99 of 100 frames are faster (us)"},
	{"untouched", FPS, "frames/s flat out"},
}

// Summary writes three rows of figures of the setup with the most pairs, which comes
// first: BIPS as it is by default, beside its peers.
func (r *Report) Summary(w io.Writer) {
	s := &r.Setups[0]
	columns := append(slices.Clone(peers), Bips)
	header, rule := "| 1920x1080 NV12, one reader | ", "| --- | "
	for _, pair := range columns {
		header += title(pair, 0) + " | "
		rule += "---: | "
	}
	fmt.Fprintf(w, "%s\n%s\n", strings.TrimSpace(header), strings.TrimSpace(rule))
	for _, row := range summaryRows {
		if work := s.Work(row.work); work != nil {
			cells := []string{row.title}
			for _, pair := range columns {
				cells = append(cells, work.Cell(pair, 0).middle(row.metric))
			}
			fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
		}
	}
	fmt.Fprintf(w, "\n%s, %d cores; %s; %s. `%s` repeats the measurement.\n",
		r.Machine.CPU, r.Machine.Cores, strings.Join(s.Versions, ", "), r.Date, r.Command)
}

func (r *Report) writeSetup(w io.Writer, s *Setup) {
	fmt.Fprintf(w, "%s.", strings.Join(s.Versions, ", "))
	r.writeWarnings(w, s)
	fmt.Fprintln(w)
	for _, group := range s.groups() {
		fmt.Fprintln(w)
		group.write(w)
	}
	writeTroubles(w, s)
}

func (r *Report) machineLine() string {
	kind := ""
	if r.Quick {
		kind = " A quick run: short rounds."
	}
	return fmt.Sprintf("%s, %d cores, Linux %s, %s memory; %s. Medians of %d interleaved rounds, the range in brackets.%s",
		r.Machine.CPU, r.Machine.Cores, r.Machine.Kernel, r.Machine.Memory, r.Date, r.Rounds, kind)
}

// writeWarnings says what makes figures doubtful, and what is missing.
func (r *Report) writeWarnings(w io.Writer, s *Setup) {
	if s.Load > busyPerCore*float64(r.Machine.Cores) {
		fmt.Fprintf(w, " **The machine was busy: a load of %.1f at the start.**", s.Load)
	}
	if s.Stolen > 0.01 {
		fmt.Fprintf(w, " **Other guests of the machine took %.0f%% of the processor time.**", s.Stolen*100)
	}
	if wide := s.wide(); len(wide) > 0 {
		fmt.Fprintf(w, " Rounds lie more than a factor of %d apart in: %s.", wideSpread, strings.Join(wide, "; "))
	}
	for _, sentence := range s.Skipped {
		fmt.Fprintf(w, " Left out: %s.", sentence)
	}
}

// wide names what has rounds far apart.
func (s *Setup) wide() (names []string) {
	for i := range s.Works {
		work := &s.Works[i]
		for j := range work.Pairs {
			cell := &work.Pairs[j]
			for _, metric := range work.Metrics {
				if metric != P99 && metric != Publish9 && metric != Acquire9 && cell.Summary(metric).Spread() > wideSpread {
					names = append(names, work.ID+" of "+cell.Title())
					break
				}
			}
		}
	}
	return names
}

// column is a pair in a table.
type column struct {
	pair string
	spin int
}

// group is the works that have the same pairs, which make one table.
type group struct {
	name    string
	columns []column
	works   []*Work
}

func (s *Setup) groups() (groups []group) {
	for i := range s.Works {
		work := &s.Works[i]
		var columns []column
		for _, cell := range work.Pairs {
			columns = append(columns, column{cell.Pair, cell.Spin})
		}
		if len(groups) > 0 {
			if last := &groups[len(groups)-1]; last.name == work.Group && last.takes(columns) {
				last.add(work, columns)
				continue
			}
		}
		groups = append(groups, group{work.Group, columns, []*Work{work}})
	}
	return groups
}

// takes reports whether a work with these pairs fits into the table: when most of
// its columns are there. The floor is in some works only.
func (g *group) takes(columns []column) bool {
	known := 0
	for _, c := range columns {
		if slices.Contains(g.columns, c) {
			known++
		}
	}
	return 2*known > len(columns)
}

func (g *group) add(w *Work, columns []column) {
	g.works = append(g.works, w)
	for _, c := range columns {
		if !slices.Contains(g.columns, c) {
			g.columns = append(g.columns, c)
		}
	}
}

// write writes the table: a column for each pair, or, for works of a named group, one
// for each metric.
func (g *group) write(w io.Writer) {
	if g.name != "" {
		g.writeGrowth(w)
		return
	}
	header, rule := "| work | ", "| --- | "
	for _, c := range g.columns {
		header += title(c.pair, c.spin) + " | "
		rule += "--- | "
	}
	fmt.Fprintf(w, "%s\n%s\n", strings.TrimSpace(header), strings.TrimSpace(rule))
	for _, work := range g.works {
		for _, metric := range work.Metrics {
			g.writeRow(w, work, metric)
		}
	}
}

// writeGrowth writes how one pair does as the work grows. Ranges would make the table
// too wide; they are in the result file.
func (g *group) writeGrowth(w io.Writer) {
	header, rule := "| "+g.name+" | ", "| --- | "
	for _, metric := range g.works[0].Metrics {
		header += units[metric].title + " | "
		rule += "--- | "
	}
	fmt.Fprintf(w, "%s\n%s\n", strings.TrimSpace(header), strings.TrimSpace(rule))
	for _, work := range g.works {
		cells := []string{work.Title}
		cell := &work.Pairs[0]
		for _, metric := range work.Metrics {
			text := cell.trouble()
			if s := cell.Summary(metric); s.Rounds > 0 {
				text = units[metric].format(s.Median)
			}
			cells = append(cells, text)
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}

func (g *group) writeRow(w io.Writer, work *Work, metric string) {
	cells := []string{work.Title + ": " + units[metric].title}
	empty := true
	for _, c := range g.columns {
		text := work.Cell(c.pair, c.spin).text(metric)
		empty = empty && text == ""
		cells = append(cells, text)
	}
	if !empty {
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}

// middle is a metric's median as a table shows it, or why there is none.
func (c *Cell) middle(metric string) string {
	if c == nil {
		return ""
	}
	if s := c.Summary(metric); s.Rounds > 0 {
		return units[metric].format(s.Median)
	}
	word, _, _ := strings.Cut(c.trouble(), " ")
	return word
}

// text is what a table says of a metric.
func (c *Cell) text(metric string) string {
	if c == nil {
		return ""
	}
	s, trouble := c.Summary(metric), c.trouble()
	if s.Rounds == 0 {
		return trouble
	}
	format := units[metric].format
	text := format(s.Median)
	if s.Rounds > 1 {
		text += fmt.Sprintf(" (%s-%s)", format(s.Min), format(s.Max))
	}
	if trouble != "" {
		text += ", " + trouble
	}
	return text
}

// writeTroubles says why, for each cell with rounds that did not go well.
func writeTroubles(w io.Writer, s *Setup) {
	first := true
	for i := range s.Works {
		work := &s.Works[i]
		for j := range work.Pairs {
			cell := &work.Pairs[j]
			for _, sample := range cell.Samples {
				if sample.Status == OK || sample.Detail == "" {
					continue
				}
				if first {
					fmt.Fprintln(w)
					first = false
				}
				fmt.Fprintf(w, "- %s, %s: %s: %s\n", work.Title, cell.Title(), sample.Status, sample.Detail)
				break
			}
		}
	}
}

func writeVerdicts(w io.Writer, verdicts []Verdict) {
	fmt.Fprintln(w, "| GStreamer | work | ours | theirs | ratio | target | |")
	fmt.Fprintln(w, "| --- | --- | --- | --- | --- | --- | --- |")
	for _, v := range verdicts {
		format := units[v.Metric].format
		theirs, ratio := "", ""
		if v.Against != "" {
			theirs, ratio = format(v.Theirs), fmt.Sprintf("%.2f", v.Ratio)
		}
		met := "missed"
		if v.Met {
			met = "met"
		}
		fmt.Fprintf(w, "| %s | %s: %s | %s | %s | %s | %s | %s |\n", v.Setup, v.title,
			units[v.Metric].title, format(v.Ours), theirs, ratio, v.aim(), met)
	}
}
