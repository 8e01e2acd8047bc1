package result

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A result file has one JSON object a line. The key "line" says what it is:
//
//	report   the run: date, command, machine; the first line, once
//	setup    a GStreamer and its versions; the lines of its works follow
//	work     what the processes had to do; the lines of its pairs follow
//	pair     one pair, and how each of its rounds ended: "ok", or a status and why
//	figure   one metric of that pair: its value in each round, null where it has none
//	latency  the same pair's histogram of all rounds: [[bucket, count], ...]
//
// A line of a pair names its work, and a line of a work its setup, so that grep alone
// finds a figure: grep '"latency-1","pair":"bips".*"p50_us"' FILE.
// Values have six significant digits.

type reportLine struct {
	Line    string  `json:"line"`
	Date    string  `json:"date"`
	Command string  `json:"command"`
	Rounds  int     `json:"rounds"`
	Quick   bool    `json:"quick,omitzero"`
	Machine Machine `json:"machine"`
}

type setupLine struct {
	Line     string   `json:"line"`
	Setup    string   `json:"setup"`
	Versions []string `json:"versions"`
	Load     float64  `json:"load"`
	Stolen   float64  `json:"stolen"`
	Skipped  []string `json:"skipped,omitempty"`
}

type workLine struct {
	Line      string   `json:"line"`
	Setup     string   `json:"setup"`
	Work      string   `json:"work"`
	Group     string   `json:"group,omitzero"`
	Title     string   `json:"title"`
	Size      int      `json:"size"`
	Consumers int      `json:"consumers,omitzero"`
	Sweep     bool     `json:"sweep,omitzero"`
	Optional  bool     `json:"optional,omitzero"`
	Metrics   []string `json:"metrics"`
}

// pairLine is a line of kind pair, figure or latency: each has one of the last three fields.
type pairLine struct {
	Line    string     `json:"line"`
	Work    string     `json:"work"`
	Pair    string     `json:"pair"`
	Spin    int        `json:"spin_us"`
	Rounds  []string   `json:"rounds,omitempty"`
	Figure  string     `json:"figure,omitzero"`
	Values  []*decimal `json:"values,omitempty"`
	Buckets Histogram  `json:"buckets,omitzero"`
}

// decimal is a measured value; its JSON has six significant digits.
type decimal float64

func (d decimal) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(d)) || math.IsInf(float64(d), 0) {
		return []byte("null"), nil
	}
	digits := max(0, 5-int(math.Floor(math.Log10(max(math.Abs(float64(d)), 1)))))
	text := strconv.FormatFloat(float64(d), 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return []byte(text), nil
}

// Save writes a report as a result file.
func (r *Report) Save(path string) error {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	lines := []any{reportLine{"report", r.Date, r.Command, r.Rounds, r.Quick, r.Machine}}
	for i := range r.Setups {
		lines = append(lines, r.Setups[i].lines()...)
	}
	for _, line := range lines {
		if err := out.Encode(line); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}

func (s *Setup) lines() []any {
	lines := []any{setupLine{"setup", s.Name, s.Versions, s.Load, s.Stolen, s.Skipped}}
	for i := range s.Works {
		w := &s.Works[i]
		lines = append(lines, workLine{"work", s.Name, w.ID, w.Group, w.Title, w.Size, w.Consumers, w.Sweep, w.Optional, w.Metrics})
		for k := range w.Pairs {
			lines = append(lines, w.Pairs[k].lines(w.ID)...)
		}
	}
	return lines
}

func (c *Cell) lines(work string) []any {
	rounds, values := []string{}, map[string][]*decimal{}
	for i, sample := range c.Samples {
		ended := string(sample.Status)
		if sample.Detail != "" {
			ended += ": " + sample.Detail
		}
		rounds = append(rounds, ended)
		for metric, v := range sample.Values {
			if values[metric] == nil {
				values[metric] = make([]*decimal, len(c.Samples))
			}
			d := decimal(v)
			values[metric][i] = &d
		}
	}
	lines := []any{pairLine{Line: "pair", Work: work, Pair: c.Pair, Spin: c.Spin, Rounds: rounds}}
	for _, metric := range sortedKeys(values) {
		lines = append(lines, pairLine{Line: "figure", Work: work, Pair: c.Pair, Spin: c.Spin, Figure: metric, Values: values[metric]})
	}
	if !c.Latency.IsZero() {
		lines = append(lines, pairLine{Line: "latency", Work: work, Pair: c.Pair, Spin: c.Spin, Buckets: c.Latency})
	}
	return lines
}

func sortedKeys(of map[string][]*decimal) []string {
	keys := make([]string, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Load reads a result file.
func Load(path string) (*Report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Report
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		if err := r.take(lines.Bytes(), n == 1); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if r.Date == "" {
		return nil, fmt.Errorf("%s is empty: a result file begins with a report line", path)
	}
	return &r, nil
}

// take adds what one line says.
func (r *Report) take(line []byte, first bool) error {
	var kind struct {
		Line string `json:"line"`
	}
	if err := json.Unmarshal(line, &kind); err != nil {
		return err
	}
	if first != (kind.Line == "report") {
		return fmt.Errorf("a line %q: a result file has one report line, the first", kind.Line)
	}
	switch kind.Line {
	case "report":
		var l reportLine
		if err := strict(line, &l); err != nil {
			return err
		}
		*r = Report{Date: l.Date, Command: l.Command, Rounds: l.Rounds, Quick: l.Quick, Machine: l.Machine}
	case "setup":
		var l setupLine
		if err := strict(line, &l); err != nil {
			return err
		}
		r.Setups = append(r.Setups, Setup{Name: l.Setup, Versions: l.Versions, Load: l.Load, Stolen: l.Stolen, Skipped: l.Skipped})
	case "work":
		return r.takeWork(line)
	case "pair", "figure", "latency":
		return r.takePair(line)
	default:
		return fmt.Errorf("there is no line of kind %q", kind.Line)
	}
	return nil
}

func (r *Report) takeWork(line []byte) error {
	var l workLine
	if err := strict(line, &l); err != nil {
		return err
	}
	s := last(r.Setups)
	if s == nil || s.Name != l.Setup {
		return fmt.Errorf("the line of work %q is not below that of its setup %q", l.Work, l.Setup)
	}
	for _, metric := range l.Metrics {
		if _, known := units[metric]; !known {
			return fmt.Errorf("there is no metric %q", metric)
		}
	}
	s.Works = append(s.Works, Work{
		ID: l.Work, Group: l.Group, Title: l.Title, Size: l.Size, Consumers: l.Consumers,
		Sweep: l.Sweep, Optional: l.Optional, Metrics: l.Metrics,
	})
	return nil
}

func (r *Report) takePair(line []byte) error {
	var l pairLine
	if err := strict(line, &l); err != nil {
		return err
	}
	var w *Work
	if s := last(r.Setups); s != nil {
		w = last(s.Works)
	}
	if w == nil || w.ID != l.Work {
		return fmt.Errorf("the line of pair %q is not below that of its work %q", l.Pair, l.Work)
	}
	if l.Line == "pair" {
		c := Cell{Pair: l.Pair, Spin: l.Spin}
		for _, round := range l.Rounds {
			status, detail, _ := strings.Cut(round, ": ")
			c.Samples = append(c.Samples, Sample{Status: Status(status), Detail: detail})
		}
		w.Pairs = append(w.Pairs, c)
		return nil
	}
	c := last(w.Pairs)
	if c == nil || c.Pair != l.Pair || c.Spin != l.Spin {
		return fmt.Errorf("a figure of %q is not below the line of that pair", l.Pair)
	}
	if l.Line == "latency" {
		c.Latency = l.Buckets
		return nil
	}
	if len(l.Values) != len(c.Samples) {
		return fmt.Errorf("%s has %d values for %d rounds", l.Figure, len(l.Values), len(c.Samples))
	}
	for i, v := range l.Values {
		if v == nil {
			continue
		}
		if c.Samples[i].Values == nil {
			c.Samples[i].Values = map[string]float64{}
		}
		c.Samples[i].Values[l.Figure] = float64(*v)
	}
	return nil
}

// strict refuses keys that a line of its kind does not have.
func strict(line []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

func last[T any](of []T) *T {
	if len(of) == 0 {
		return nil
	}
	return &of[len(of)-1]
}
