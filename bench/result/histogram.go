package result

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Histogram counts times by bucket, as bench/elements/histogram.h does: 128 buckets
// for each power of two of nanoseconds. The zero value is empty.
type Histogram struct {
	counts map[int]uint64
}

const (
	histogramShift = 7
	subBuckets     = 1 << histogramShift
	maxBucket      = 34 * subBuckets
)

// bucketOf returns the bucket of a time in nanoseconds.
func bucketOf(ns uint64) int {
	shift := 0
	if ns >= subBuckets {
		shift = bits.Len64(ns) - 1 - histogramShift
	}
	return shift<<histogramShift + int(ns>>shift)
}

// middle returns the middle of a bucket in microseconds.
func middle(bucket int) float64 {
	shift := max(bucket>>histogramShift-1, 0)
	low := uint64(bucket-shift<<histogramShift) << shift
	return (float64(low) + float64(uint64(1)<<shift-1)/2) / 1e3
}

// Record counts one time in nanoseconds.
func (h *Histogram) Record(ns uint64) { h.add(bucketOf(ns), 1) }

func (h *Histogram) add(bucket int, count uint64) {
	if h.counts == nil {
		h.counts = map[int]uint64{}
	}
	h.counts[bucket] += count
}

// Merge adds what another one counted.
func (h *Histogram) Merge(other Histogram) {
	for bucket, count := range other.counts {
		h.add(bucket, count)
	}
}

// Count returns how many times were counted.
func (h *Histogram) Count() (n uint64) {
	for _, count := range h.counts {
		n += count
	}
	return n
}

func (h *Histogram) buckets() []int {
	all := make([]int, 0, len(h.counts))
	for bucket := range h.counts {
		all = append(all, bucket)
	}
	slices.Sort(all)
	return all
}

// Quantile returns the time in microseconds that the share q of all does not exceed
// (0.5: the median). It is NaN when nothing was counted.
func (h *Histogram) Quantile(q float64) float64 {
	rank := uint64(math.Ceil(q * float64(h.Count())))
	seen := uint64(0)
	for _, bucket := range h.buckets() {
		if seen += h.counts[bucket]; seen >= rank {
			return middle(bucket)
		}
	}
	return math.NaN()
}

// A Point of a distribution: this share of all times is at most so long.
type Point struct {
	Microseconds float64
	Share        float64
}

// Distribution returns the points of the cumulated distribution, one for each bucket in use.
func (h *Histogram) Distribution() []Point {
	total, seen := float64(h.Count()), uint64(0)
	var points []Point
	for _, bucket := range h.buckets() {
		seen += h.counts[bucket]
		points = append(points, Point{middle(bucket), float64(seen) / total})
	}
	return points
}

// IsZero reports whether nothing was counted; then it is left out of JSON.
func (h Histogram) IsZero() bool { return len(h.counts) == 0 }

// MarshalJSON writes [[bucket, count], ...].
func (h Histogram) MarshalJSON() ([]byte, error) {
	pairs := make([][2]uint64, 0, len(h.counts))
	for _, bucket := range h.buckets() {
		pairs = append(pairs, [2]uint64{uint64(bucket), h.counts[bucket]})
	}
	return json.Marshal(pairs)
}

// UnmarshalJSON reads what MarshalJSON and histogram.h write.
func (h *Histogram) UnmarshalJSON(text []byte) error {
	var pairs [][2]uint64
	if err := json.Unmarshal(text, &pairs); err != nil {
		return err
	}
	*h = Histogram{}
	for _, pair := range pairs {
		if pair[0] >= maxBucket {
			return fmt.Errorf("histogram bucket %d, there are %d", pair[0], maxBucket)
		}
		h.add(int(pair[0]), pair[1])
	}
	return nil
}
