package result

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Summary is a metric over the rounds that went well.
type Summary struct {
	Median, Min, Max float64
	Rounds           int // how many went well
}

// Summary sums a metric up. Without a round that has it, Rounds is 0.
func (c *Cell) Summary(metric string) Summary {
	if c == nil {
		return Summary{}
	}
	var values []float64
	for _, s := range c.Samples {
		if v, ok := s.Values[metric]; ok && s.Status == OK && !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return summarize(values)
}

func summarize(values []float64) Summary {
	if len(values) == 0 {
		return Summary{}
	}
	slices.Sort(values)
	return Summary{
		Median: median(values), Min: values[0], Max: values[len(values)-1], Rounds: len(values),
	}
}

// median of sorted values.
func median(sorted []float64) float64 {
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Spread is how far the rounds lie apart: the largest by the smallest.
func (s Summary) Spread() float64 {
	if s.Min <= 0 {
		return 1
	}
	return s.Max / s.Min
}

// trouble says how the rounds that did not go well ended, "" if all did.
func (c *Cell) trouble() string {
	count := map[Status]int{}
	for _, s := range c.Samples {
		count[s.Status]++
	}
	switch {
	case count[Skipped] == len(c.Samples):
		return "skipped"
	case count[Stalled] > 0:
		return fmt.Sprintf("stalled in %d of %d", count[Stalled], len(c.Samples)-count[Skipped])
	case count[Failed] > 0:
		return fmt.Sprintf("failed in %d of %d", count[Failed], len(c.Samples)-count[Skipped])
	}
	return ""
}

// short writes a number with about three digits.
func short(v float64) string {
	switch {
	case math.IsNaN(v):
		return "?"
	case v >= 100:
		return thousands(v)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}

// thousands writes a number without a fraction, three digits to a group.
func thousands(v float64) string {
	digits := strconv.FormatFloat(math.Abs(math.Round(v)), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if math.Round(v) < 0 {
		return "-" + digits
	}
	return digits
}
