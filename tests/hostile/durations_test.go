package hostile

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// durations are figures to be logged. No test fails by them: they say how a machine was, too.
type durations struct {
	mu  sync.Mutex
	all []time.Duration
}

func (d *durations) add(took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, took)
}

// take returns what there was since the last call, in words.
func (d *durations) take() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.all
	d.all = nil
	if len(all) == 0 {
		return "none"
	}
	slices.Sort(all)
	at := func(share float64) time.Duration { return all[int(share*float64(len(all)-1))] }
	return fmt.Sprintf("%d: p50 %v, p99 %v, p99.9 %v, max %v", len(all), at(.5), at(.99), at(.999), at(1))
}
